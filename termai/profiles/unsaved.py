"""Changes of a profile that nobody has saved yet, kept so that a lost terminal loses nothing."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError
from termai.files import read_text, write_atomic
from termai.jobs.processes import ProcessId, identify, is_alive
from termai.paths import state_dir
from termai.profiles.names import check_name
from termai.profiles.places import as_spelt
from termai.profiles.profile import Profile
from termai.profiles.reading import keys_of, read_profile

_FIRST = re.compile(r"# unsaved changes of ([0-9a-f]*)(?: in (\d{1,9}) ([^\n]*))?\n")


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A profile as somebody left it without saving.

    at: when that was, seconds since the epoch. elsewhere: another program that still runs has it
    open, so that the changes are that one's.
    """

    profile: Profile
    at: float
    elsewhere: bool = False


def keep(profile: Profile) -> None:
    """Keep a profile with changes that are not saved; raises StorageError.

    One file for each profile in ``state_dir()/unsaved``: a comment with the revision that the
    changes are of and the process that makes them, then the profile's TOML. What another program
    keeps of it is left alone while that one runs.
    """
    path = _path(profile.name)
    if _is_elsewhere(path):
        return
    me = identify(os.getpid())
    owner = f" in {me.pid} {me.started}" if me else ""
    text = tomlfile.new_text(keys_of(profile))
    write_atomic(path, f"# unsaved changes of {profile.revision}{owner}\n{text}")


def kept(saved: Profile) -> Unsaved | None:
    """Return what somebody made of a profile and did not save, None for nothing of use.

    Where ``saved`` is no longer what the changes are of, the old revision is kept, so that a save
    finds that somebody else has changed the file meanwhile.
    """
    path = _path(saved.name)
    try:
        text = read_text(path, limit=tomlfile.LIMIT)
        document = tomlfile.parse(text, path)
        found = read_profile(saved.name, document, shipped=saved.shipped, revision="")
        at = path.stat().st_mtime
    except (NotFoundError, InvalidFileError, OSError):
        return None
    first = _FIRST.match(text)
    if first is None or keys_of(found) == keys_of(saved):
        return None
    revision = saved.revision if saved.shipped else first[1]
    profile = replace(found, path=saved.path, revision=revision)
    return Unsaved(profile, at, elsewhere=_owned_elsewhere(first))


def forget(name: str) -> None:
    """Remove what was kept of a profile, if there is something that is nobody else's."""
    path = _path(name)
    if not _is_elsewhere(path):
        with suppress(OSError):
            path.unlink()


def _is_elsewhere(path: Path) -> bool:
    """Tell whether another program that still runs keeps its changes there."""
    try:
        first = _FIRST.match(read_text(path, limit=tomlfile.LIMIT))
    except (NotFoundError, InvalidFileError, OSError):
        return False
    return first is not None and _owned_elsewhere(first)


def _owned_elsewhere(first: re.Match[str]) -> bool:
    if first[2] is None or int(first[2]) == os.getpid():
        return False
    return is_alive(ProcessId(int(first[2]), first[3]))


def _path(name: str) -> Path:
    return as_spelt(state_dir() / "unsaved" / f"{check_name(name)}.toml")
