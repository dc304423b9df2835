"""Whether termai's own directories can be used, by their user and by nobody else."""

import os
import shlex
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from termai.environment import mounts, packages
from termai.environment.finding import Finding, Verdict
from termai.environment.remedy import Remedy
from termai.paths import chats_db, config_dir, data_dir, jobs_dir, profiles_dir, state_dir
from termai.text import one_line

_LOOKED_AT = 2000  # entries of a directory whose owners are looked at
_OTHERS_READ, _OTHERS_WRITE = 0o077, 0o022

SPARED = ("config directory", "data directory")
"""Places whose loss lets servers start all the same."""


@dataclass(frozen=True, slots=True)
class Place:
    """A directory of termai's.

    refused: permission bits that it may not have. inside: directories whose entries must be the
    user's, too. private: files and directories in it that nobody else may read.
    """

    name: str
    path: Path
    refused: int
    inside: tuple[Path, ...] = ()
    private: tuple[Path, ...] = ()


def places() -> tuple[Place, ...]:
    """Return termai's directories; that of data may be shared, since models are large."""
    data = data_dir()
    return (
        Place("config directory", config_dir(), _OTHERS_READ, (profiles_dir(),)),
        Place("data directory", data, _OTHERS_WRITE, (), (chats_db(), data / "profile-history")),
        Place("state directory", state_dir(), _OTHERS_READ, (jobs_dir(),)),
    )


def look(place: Place) -> Finding:
    """Return what is wrong with a directory, the worst first."""
    here = str(place.path)
    found = _unusable(place) or _foreign(place) or _open(place)
    shared = place.refused == _OTHERS_WRITE and _mode(place.path) & _OTHERS_READ
    good = "Only you can change it." if shared else "It is yours alone."
    return found or Finding(place.name, Verdict.OK, good, path=here)


def _unusable(place: Place) -> Finding | None:
    path = place.path
    if not os.path.lexists(path):
        return _not_there(place)
    if not os.path.isdir(path):  # noqa: PTH112  Path's own raises below a closed directory
        remedy = Remedy(f"Move what is in its place away, or {_move(place)}.")
        return _useless(place, f"{_shown(path)} is no directory", remedy)
    if mounts.is_of_kernel(path) or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        cause, remedy = _closed(place)
        return _useless(place, f"{_shown(path)} cannot be written to", remedy, cause)
    return None


def _closed(place: Place) -> tuple[str, Remedy]:
    """Return why a directory that is there cannot be written to, and what mends that."""
    path, elsewhere = place.path, Remedy(f"S{_move(place)[1:]}.")
    if mounts.is_of_kernel(path):
        return "It is the kernel's, and holds no files of others.", elsewhere
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return "Its disk can only be read.", elsewhere
    owner = path.stat().st_uid
    if owner != os.geteuid():
        return f"It belongs to {_owner(owner)}.", _chown(path)
    return f"Its permissions are {_mode(path):04o}.", Remedy.run(
        f"chmod u+rwx {shlex.quote(str(path))}"
    )


def _not_there(place: Place) -> Finding:
    above = next(path for path in place.path.parents if os.path.lexists(path))
    refusal = _no_room(above)
    if not refusal:
        sentence = "It is not there yet, and is made when it is needed."
        return Finding(place.name, Verdict.OK, sentence, path=str(place.path))
    remedy = Remedy(f"Mend that, or {_move(place)}.")
    return _useless(place, f"{_shown(place.path)} cannot be made", remedy, refusal)


def _no_room(above: Path) -> str:
    """Return why nothing can be made in what should be a directory, empty when it can."""
    if not os.path.isdir(above):  # noqa: PTH112  Path's own raises below a closed directory
        what = "leads nowhere" if os.path.islink(above) else "is no directory"  # noqa: PTH114
        return f"{_shown(above)} {what}."
    if mounts.is_of_kernel(above):
        return f"{_shown(above)} is the kernel's, and holds no files of others."
    if not os.access(above, os.W_OK | os.X_OK):
        return f"{_shown(above)} cannot be written to."
    return ""


def _move(place: Place) -> str:
    """Return how to keep things elsewhere."""
    name = f"TERMAI_{place.name.partition(' ')[0].upper()}_DIR"
    return f"set {name} to a directory of yours"


def _foreign(place: Place) -> Finding | None:
    """Return a warning for what belongs to somebody else, as after `sudo termai`."""
    me = os.geteuid()
    owners = [owner for path in (place.path, *place.inside) for owner in _owners(path)]
    others = [owner for owner in owners if owner != me]
    if not others or me == 0:
        return None
    count = f"{len(others)} file{'s' if len(others) > 1 else ''}"
    return _wrong(
        place,
        f"{count} in {_shown(place.path)} belong{'s' if len(others) == 1 else ''} to "
        f"{_owner(others[0])}: termai cannot change {'it' if len(others) == 1 else 'them'}.",
        cause="termai, or an editor, was run as another user.",
        remedy=_chown(place.path),
    )


def _open(place: Place) -> Finding | None:
    """Return a warning for what others may read or change."""
    checked = [(place.path, place.refused), *((path, _OTHERS_READ) for path in place.private)]
    bad = [(path, bits, refused) for path, refused in checked if (bits := _mode(path) & refused)]
    if not bad:
        return None
    what = "change" if any(bits & _OTHERS_WRITE for _, bits, _ in bad) else "read"
    path = bad[0][0]
    return _wrong(
        place,
        f"Others on this machine can {what} {_shown(path)}.",
        cause=f"Its permissions are {_mode(path):04o}.",
        remedy=_taken_away([_chmod(path, refused) for path, _, refused in bad]),
    )


def _owners(path: Path) -> Iterator[int]:
    """Yield who owns a directory, and what is in it."""
    try:
        yield path.lstat().st_uid
        with os.scandir(path) as entries:
            for entry in islice(entries, _LOOKED_AT):
                yield entry.stat(follow_symlinks=False).st_uid
    except OSError:
        return


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def _owner(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _chown(path: Path) -> Remedy:
    owner = f"{os.geteuid()}:{os.getegid()}"
    remedy = packages.as_root(f"chown -R {owner} {shlex.quote(str(path))}")
    if not remedy.command:
        return remedy
    return Remedy(f"Make it yours: `{remedy.command}`.", remedy.command)


def _taken_away(commands: Sequence[str]) -> Remedy:
    command = " && ".join(commands)
    return Remedy(f"Take the permissions away: `{command}`.", command)


def _chmod(path: Path, refused: int) -> str:
    taken = "go-w" if refused == _OTHERS_WRITE else "go-rwx"
    return f"chmod {taken} {shlex.quote(str(path))}"


def _shown(path: Path) -> str:
    return one_line(str(path), 200)


def _useless(place: Place, sentence: str, remedy: Remedy, cause: str = "") -> Finding:
    """Return the problem of a place in which nothing can be kept."""
    found = _wrong(place, f"{sentence}: nothing can be kept there.", remedy, cause=cause)
    return replace(found, verdict=Verdict.PROBLEM)


def _wrong(place: Place, sentence: str, remedy: Remedy, *, cause: str = "") -> Finding:
    return Finding(
        place.name,
        Verdict.WARNING,
        sentence,
        remedy.fix,
        path=str(place.path),
        cause=cause,
        command=remedy.command,
    )
