"""The user's access token for the hub: where it is found, kept and forgotten.

Places and their order are those of huggingface_hub, so that every program has the same token:
HF_TOKEN, HUGGING_FACE_HUB_TOKEN, then the file HF_TOKEN_PATH, by default HF_HOME/token.
"""

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from termai.errors import AccessError, InvalidFileError, NotFoundError, StorageError, UsageError
from termai.files import read_text, write_atomic

VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")

_LONGEST = 4096
_PLAIN = re.compile(r"[\x21-\x7e]+")
_LIMIT = 1 << 16  # bytes of a token file


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the place it comes from; its value is never shown by accident."""

    value: str = field(repr=False)
    source: str

    def __str__(self) -> str:
        return f"the token from {self.source}"


def token(*, renew: bool = True) -> Token | None:
    """Return the token that programs on this machine use, None when there is none.

    One that came from a browser's login is renewed by huggingface_hub when it is about to end,
    unless ``renew`` is false.
    Raises UsageError for one that cannot be a token.
    """
    for name in VARIABLES:
        if value := _clean(os.environ.get(name, "")):
            return Token(checked(value, name), name)
    path = token_path()
    try:
        value = _clean(read_text(path, limit=_LIMIT))
    except (NotFoundError, InvalidFileError):
        return None
    if not value:
        return None
    value = checked(value, str(path))
    return Token(_renewed(value, path) if renew else value, str(path))


def token_path() -> Path:
    """Return the file that holds the token, whether it is there or not."""
    named = os.environ.get("HF_TOKEN_PATH")
    return _path(named) if named else home() / "token"


def home() -> Path:
    """Return huggingface_hub's own directory."""
    named = os.environ.get("HF_HOME")
    if named:
        return _path(named)
    return _path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"


def checked(value: str, source: str) -> str:
    """Return a token that could be one; raises UsageError for one that no header may hold."""
    if len(value) > _LONGEST or not _PLAIN.fullmatch(value):
        raise UsageError(
            f"What {source} holds is no token.",
            fix="Expected one word such as hf_… without spaces, quotes or line breaks.",
        )
    return value


def store(value: str) -> Path:
    """Keep a token where every program of this user finds it, mode 0600; return the file.

    Raises UsageError for one that cannot be a token, and StorageError.
    """
    path = token_path()
    write_atomic(path, checked(_clean(value), "the input"), mode=0o600)
    return path


def forget() -> Path | None:
    """Delete the file with the token and return it, None when there was none.

    Raises AccessError where the environment holds a token, which cannot be taken from a shell,
    and StorageError.
    """
    path = token_path()
    try:
        path.unlink()
    except FileNotFoundError:
        path_gone = None
    except OSError as error:
        raise StorageError(f"{path} cannot be deleted: {error.strerror}.") from error
    else:
        path_gone = path
    if name := next((n for n in VARIABLES if os.environ.get(n)), ""):
        raise AccessError(
            f"{name} still holds a token in this shell"
            + (f"; the one in {path} is deleted." if path_gone else "."),
            fix=f"`unset {name}`, and take it out of what sets it.",
        )
    return path_gone


def readable_by_others(path: Path) -> bool:
    """Whether a file lets in anybody but its owner."""
    try:
        return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def _clean(text: str) -> str:
    return text.replace("\r", "").replace("\n", "").strip()


def _path(text: str) -> Path:
    return Path(os.path.expandvars(os.path.expanduser(text)))  # noqa: PTH111  as huggingface_hub


def _renewed(value: str, path: Path) -> str:
    """Let huggingface_hub renew a token that it got from a browser's login and that ends soon."""
    if not path.with_name("stored_tokens").is_file():
        return value
    from huggingface_hub import constants, get_token

    from termai.models.hub.client import session

    if Path(constants.HF_TOKEN_PATH) != path or os.environ.get("HF_OIDC_RESOURCE"):
        return value
    session()  # in which the hub is asked for a new one
    return get_token() or value
