"""PATH: what is missing from it, doubled, or open to others."""

import os
import re
import shlex
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from termai.environment import packages, programs, shells, start_files
from termai.environment.finding import Finding, Verdict
from termai.environment.remedy import Remedy
from termai.environment.start_files import beyond, some

_OFTEN_MISSING = re.compile(
    r"/usr(/local)?/games|(/usr(/local)?)?/sbin|/usr/local/bin|/snap/bin|/usr/bin/\w+_perl"
    r"|/var/run/com\.apple\..*|/Library/Apple/.*|/mnt/[a-z]/.*"
)
"""What systems themselves put on PATH whether it exists or not."""

_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of PATH.

    text: as it is written; empty means the current directory. exists: whether it is a directory.
    closed: whether this user may not see whether it is.
    owner: user id of its owner, -1 when there is nothing. open_at: the directory that lets
    everyone put programs there, which is itself or one above it; empty when there is none.
    """

    text: str
    exists: bool = False
    owner: int = -1
    open_at: str = ""
    closed: bool = False


def entries(path: str | None = None) -> tuple[Entry, ...]:
    """Return the entries of PATH, or of ``path``, in their order."""
    text = os.environ.get("PATH", os.defpath) if path is None else path
    return tuple(_entry(part) for part in text.split(os.pathsep)) if text else ()


def check() -> Iterator[Finding]:
    """Yield what is to be said of PATH as a whole and of its entries."""
    found = entries()
    yield _system(found)
    yield from filter(None, (_missing(found), _relative(found), _open(found), _doubled(found)))
    yield _own()


def _entry(text: str) -> Entry:
    try:
        status = Path(text or ".").stat()
        place = Path(os.path.realpath(text or "."))
    except PermissionError:
        return Entry(text, closed=True)
    except (OSError, ValueError):
        return Entry(text)
    if not stat.S_ISDIR(status.st_mode) or programs.of_windows(f"{text}/"):
        return Entry(text, stat.S_ISDIR(status.st_mode), status.st_uid)  # Windows shows all as open
    return Entry(text, exists=True, owner=status.st_uid, open_at=_open_at(place))


def _open_at(place: Path) -> str:
    """Return the first of a directory and those above it that everyone may change.

    With the sticky bit on a directory, as on /tmp, nobody can replace what others put there, but
    everyone can add to it.
    """
    for directory in (place, *place.parents):
        try:
            mode = directory.stat().st_mode
        except OSError:
            return ""
        if mode & stat.S_IWOTH and (directory == place or not mode & stat.S_ISVTX):
            return str(directory)
    return ""


def with_system() -> Remedy:
    """Return how to put the system's directories that PATH leaves out behind what it names."""
    return shells.add_to_path(*_lacking(entries()), last=True)


def _lacking(found: Sequence[Entry]) -> list[Path]:
    """Return the directories of the system with something in them that are left out."""
    real = {os.path.realpath(entry.text) for entry in found if entry.text}
    there = {os.path.realpath(name): Path(name) for name in reversed(programs.SYSTEM)}
    lacking = [place for name, place in there.items() if name not in real and _few(place)]
    return lacking[::-1]


def _system(found: Sequence[Entry]) -> Finding:
    """Say whether the system's own programs are found at all."""
    lacking = _lacking(found)
    if not lacking:
        number = "1 directory" if len(found) == 1 else f"{len(found)} directories"
        return Finding("PATH", Verdict.OK, f"Names {number}.")
    names = " and ".join(map(str, lacking))
    broken = Path("/usr/bin") in lacking or Path("/bin") in lacking
    remedy = shells.add_to_path(*lacking, last=True)
    where = start_files.setters()
    return Finding(
        "PATH",
        Verdict.PROBLEM if broken else Verdict.WARNING,
        f"Leaves out {names}: {'most' if broken else 'some'} programs cannot be found.",
        remedy.fix,
        cause=f"{some(where)} replaces PATH and keeps nothing of it." if where else "",
        command=remedy.command,
    )


def _few(place: Path) -> list[Path]:
    """Return some of what is in a directory; nothing when it cannot be read."""
    try:
        with os.scandir(place) as found:
            return [Path(entry.path) for entry, _ in zip(found, range(_LOOKED_AT), strict=False)]
    except OSError:
        return []


def _missing(found: Sequence[Entry]) -> Finding | None:
    gone = dict.fromkeys(
        entry.text
        for entry in found
        if entry.text and not entry.exists and not _OFTEN_MISSING.fullmatch(entry.text)
    )
    if not gone:
        return None
    names = list(gone)
    closed = all(entry.closed for entry in found if entry.text in gone)
    hidden = any(entry.closed for entry in found if entry.text in gone)
    what = f"is no directory{', or closed to this user' if hidden else ''}"
    return Finding(
        "PATH missing",
        Verdict.WARNING,
        f"Names what {'this user may not open' if closed else what}: {some(names)}.",
        start_files.take_out(names),
        names=beyond(names),
    )


def _relative(found: Sequence[Entry]) -> Finding | None:
    relative = [entry.text for entry in found if not entry.text.startswith("/")]
    if not relative:
        return None
    named = [text for text in relative if text]
    whats = [f"names {some(named)}"] if named else []
    fixes = [start_files.take_out(named)] if named else []
    if len(named) < len(relative):
        whats.append("has an empty entry, the current directory")
        fixes.append("Remove a colon at its start or end, or one of two together.")
    what = " and ".join(whats)
    cause = "A program in a downloaded directory could then stand in for one of the system."
    if any(text.startswith("~") for text in named):
        cause = "A tilde between quotes stands for itself: write $HOME instead."
    return Finding(
        "PATH relative",
        Verdict.WARNING,
        f"{what[0].upper()}{what[1:]}: which program starts depends on the current directory.",
        " ".join(fixes),
        cause=cause,
        names=beyond(named),
    )


def _open(found: Sequence[Entry]) -> Finding | None:
    """Name the directories in which other users can put programs that this user would start."""
    there = [entry for entry in found if entry.exists and entry.text]
    writable = [entry for entry in there if entry.open_at]
    if writable:
        remedy = _close(writable)
        return Finding(
            "PATH open",
            Verdict.WARNING,
            f"Anyone on this machine can put programs in {some([e.text for e in writable])}.",
            remedy.fix,
            cause="Everyone may write to the directory or to one above it.",
            command=remedy.command,
            names=beyond([entry.text for entry in writable]),
        )
    others = [e.text for e in there if e.owner not in {0, os.getuid()} and not _windows(e)]
    if others:
        sentence = f"Names directories of other users: {some(others)}."
        fix = f"{start_files.take_out(others)[:-1]}, unless you trust their owners."
        return Finding("PATH open", Verdict.WARNING, sentence, fix, names=beyond(others))
    return None


def _windows(entry: Entry) -> bool:
    return programs.of_windows(f"{entry.text}/")


def _close(writable: Sequence[Entry]) -> Remedy:
    """Return how to close directories; those that are open on purpose, as /tmp, go out of PATH."""
    status = [Path(entry.text).stat() for entry in writable]
    meant = any(one.st_mode & stat.S_ISVTX or not one.st_mode & stat.S_IWOTH for one in status)
    if meant:
        return Remedy(start_files.take_out([entry.text for entry in writable]))
    command = f"chmod o-w {' '.join(shlex.quote(entry.text) for entry in writable)}"
    mine = all(one.st_uid == os.getuid() for one in status)
    return Remedy.run(command) if mine else packages.as_root(command)


def _doubled(found: Sequence[Entry]) -> Finding | None:
    texts = [entry.text.rstrip("/") for entry in found if entry.text]
    doubled = sorted({text for text in texts if texts.count(text) > 1}, key=texts.index)
    if not doubled:
        return None
    sentence = f"Named more than once, which does no harm: {some(doubled)}."
    return Finding("PATH doubled", Verdict.OK, sentence, names=beyond(doubled))


def _own() -> Finding:
    """Say whether ~/.local/bin, where pip, pipx and uv put programs, is on PATH."""
    name, place = "~/.local/bin", programs.home() / ".local/bin"
    if any(os.path.realpath(e.text) == os.path.realpath(place) for e in entries() if e.text):
        return Finding(name, Verdict.OK, "On PATH: programs installed for you alone are found.")
    here = sorted(path.name for path in _few(place) if os.access(path, os.X_OK))
    if not here:
        return Finding(name, Verdict.NOT_NEEDED, "Not on PATH, and nothing is in it.")
    remedy = start_files.reach(place)
    return Finding(
        name,
        Verdict.WARNING,
        f"Not on PATH, so that what is in it is not found: {some(here)}.",
        remedy.fix,
        str(place),
        command=remedy.command,
        names=beyond(here),
    )
