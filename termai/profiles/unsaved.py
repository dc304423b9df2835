"""Changes of a profile that nobody has saved yet, kept so that a lost terminal loses nothing."""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError
from termai.files import read_text, write_atomic
from termai.paths import state_dir
from termai.profiles.names import check_name
from termai.profiles.profile import Profile
from termai.profiles.reading import keys_of, read_profile

_FIRST = re.compile(r"# unsaved changes of ([0-9a-f]*)\n")


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A profile as somebody left it without saving; at: when that was, seconds since the epoch."""

    profile: Profile
    at: float


def keep(profile: Profile) -> None:
    """Keep a profile with changes that are not saved; raises StorageError.

    One file for each profile in ``state_dir()/unsaved``: a comment with the revision that the
    changes are of, then the profile's TOML.
    """
    text = tomlfile.new_text(keys_of(profile))
    write_atomic(_path(profile.name), f"# unsaved changes of {profile.revision}\n{text}")


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
    return Unsaved(replace(found, path=saved.path, revision=revision), at)


def forget(name: str) -> None:
    """Remove what was kept of a profile, if there is something."""
    with suppress(OSError):
        _path(name).unlink()


def _path(name: str) -> Path:
    return state_dir() / "unsaved" / f"{check_name(name)}.toml"
