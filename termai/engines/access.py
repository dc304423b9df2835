"""Who may reach a server: the address it listens on, its key file, and what ties the two."""

import re
import stat
from pathlib import Path

from termai.errors import InvalidFileError, NotFoundError, UsageError
from termai.files import read_text
from termai.paths import config_dir, expanded
from termai.profiles.hosts import is_loopback
from termai.text import one_line

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def url_of(host: str, port: int) -> str:
    """Return the URL at which this machine reaches a server that listens on ``host``."""
    name = host.strip("[]")
    name = _ANY.get(name, name)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def key_file(named: str | None) -> Path | None:
    """Return the key file that a profile names, checked, or None when it names none.

    A relative path is relative to the configuration directory. Raises NotFoundError when the
    file is missing and InvalidFileError when others can read it, it holds no key or one of its
    keys cannot be sent.
    """
    if not named:
        return None
    path = config_dir() / expanded(named)
    read_keys(path)
    return path


def read_key(path: Path) -> str:
    """Return the key that termai's own chat sends: the first in ``path``, see ``read_keys``."""
    return read_keys(path)[0]


def read_keys(path: Path) -> tuple[str, ...]:
    """Return the keys in ``path``, at least one.

    One a line; empty lines and those that begin with ``#`` are passed over. Raises as
    ``key_file``.
    """
    keys = tuple(line for line in _lines(path) if line.strip() and not _is_comment(line))
    if not keys:
        raise InvalidFileError(f"{path} holds no key.", fix="Write one key on a line of its own.")
    if not all(re.fullmatch(r"[!-~]+", key) for key in keys):
        raise InvalidFileError(
            f"A key in {path} has a space or a character that a request cannot carry.",
            fix="Use letters, digits and signs, end lines with a plain line feed, and begin "
            "comments with # in the first column.",
        )
    return keys


def has_comments(path: Path) -> bool:
    """Return whether the key file at ``path`` has a line that some builds take for a key."""
    return any(_is_comment(line) for line in _lines(path))


def _is_comment(line: str) -> bool:
    return line.startswith("#")


def _lines(path: Path) -> list[str]:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise NotFoundError(
            f"The API key file {path} does not exist.",
            fix="Create it with mode 0600 and one key in it, or take api_key_file out of the "
            "profile.",
        ) from error
    except OSError as error:
        raise InvalidFileError(f"{path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(mode):
        raise InvalidFileError(f"{path} is not a file; api_key_file names a file with a key.")
    if stat.S_IMODE(mode) & 0o077:
        raise InvalidFileError(
            f"The API key file {path} can be read by others (mode {stat.S_IMODE(mode):04o}).",
            fix=f"Run `chmod 600 {path}`.",
        )
    return read_text(path, limit=1 << 16).split("\n")


def check_exposure(host: str, keys: Path | None) -> None:
    """Refuse to listen beyond this machine without a key. Raises UsageError."""
    if is_loopback(host) or keys:
        return
    raise UsageError(
        f"Listening on {host} lets everybody who reaches this machine use the model, and the "
        "profile names no api_key_file.",
        fix='Set api_key_file under [server], or keep host = "127.0.0.1" and reach it with '
        "`ssh -L`.",
    )


def check_local(host: str, why: str) -> None:
    """Refuse to listen beyond this machine with an engine no key makes safe. Raises UsageError."""
    if is_loopback(host):
        return
    raise UsageError(
        f"This engine listens on this machine only, not on {one_line(host, 60)}: {why}.",
        fix='Keep host = "127.0.0.1", and let others in with `ssh -L`.',
    )
