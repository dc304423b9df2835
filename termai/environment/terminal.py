"""The terminal that this shell is in: its size, colours, mouse, and whether others know it."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from termai import settings
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, is_there
from termai.text import one_line

Environ = Mapping[str, str]

_COLUMNS, _LINES = 80, 24
_TRUE = ("truecolor", "24bit")
_MANY = ("256", "kitty", "alacritty", "ghostty", "foot", "wezterm", "contour", "tmux")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_TERMINFO = ("etc/terminfo", "lib/terminfo", "usr/share/terminfo", "usr/lib/terminfo")


def size(measured: Callable[[], os.terminal_size | None] | None = None) -> Iterator[Finding]:
    """Yield whether the terminal is large enough for the screens."""
    there = (measured or _size)()
    name = "Terminal size"
    if there is None:
        yield Finding(name, Verdict.NOT_NEEDED, "This does not run in a terminal.")
        return
    words = f"{there.columns} columns and {there.lines} lines"
    if there.columns < _COLUMNS or there.lines < _LINES:
        yield Finding(
            name,
            Verdict.WARNING,
            f"{words}: parts of the screens are left out below {_COLUMNS}x{_LINES}.",
            "Make the window larger or its letters smaller.",
        )
    else:
        yield Finding(name, Verdict.OK, f"{words}.")


def colours(environ: Environ | None = None, in_terminal: bool | None = None) -> Iterator[Finding]:
    """Yield how many colours TERM and COLORTERM promise."""
    known = os.environ if environ is None else environ
    term, name = known.get("TERM", ""), "Colours"
    there = any(map(os.isatty, (0, 1, 2))) if in_terminal is None else in_terminal
    if term in ("", "dumb", "unknown") and not there:
        yield Finding(name, Verdict.NOT_NEEDED, "This does not run in a terminal.")
    elif term in ("", "dumb", "unknown"):
        said = term or "not set"
        yield Finding(
            name,
            Verdict.PROBLEM,
            f"TERM is {said}: programs take it that the terminal can show nothing but lines.",
            "export TERM=xterm-256color",
        )
    elif known.get("NO_COLOR"):
        yield Finding(name, Verdict.OK, "None: NO_COLOR is set.")
    elif known.get("COLORTERM", "").lower() in _TRUE or term.endswith("-direct"):
        yield Finding(name, Verdict.OK, "16 million.")
    elif any(sign in term for sign in _MANY):
        more = (
            "; for more, if the terminal has them: `export COLORTERM=truecolor`, which SSH "
            "does not pass on"
            if "SSH_CONNECTION" in known
            else ""
        )
        yield Finding(name, Verdict.OK, f"256{more}.")
    else:
        yield Finding(name, Verdict.OK, f"16, as TERM={one_line(term, 40)} has no more.")


def described(
    environ: Environ | None = None, root: Path = ROOT, home: Path | None = None
) -> Iterator[Finding]:
    """Yield whether the terminal's description (terminfo) is on this machine.

    Places: terminfo(5) of ncurses 6.4; the directory is a letter, or its code on macOS. Nothing
    is said where there are no descriptions at all.
    """
    known = os.environ if environ is None else environ
    term = known.get("TERM", "")
    if term in ("dumb", "unknown") or not _NAME.fullmatch(term):
        return
    own = Path(known["TERMINFO"]) if known.get("TERMINFO") else (home or _home()) / ".terminfo"
    places = [own, *(root / place for place in _TERMINFO)]
    if not any(is_there(place) for place in places[1:]):
        return
    letters = (term[0], f"{ord(term[0]):x}")
    if any(is_there(place / letter / term) for place in places for letter in letters):
        yield Finding("TERM", Verdict.OK, f"{term} is known here.")
        return
    yield Finding(
        "TERM",
        Verdict.WARNING,
        f"{term} is unknown on this machine: tmux, editors and pagers refuse it.",
        f"On the machine with the terminal: `infocmp -x {term} | ssh HOST -- tic -x -`, "
        "or here `export TERM=xterm-256color`.",
        cause="The description of the terminal is not installed here.",
    )


def mouse(environ: Environ | None = None, wanted: bool | None = None) -> Iterator[Finding]:
    """Yield whether the mouse can be used."""
    known = os.environ if environ is None else environ
    on = settings.load().values.mouse if wanted is None else wanted
    if not on:
        yield Finding("Mouse", Verdict.NOT_NEEDED, "Off: mouse = false in config.toml.")
    elif known.get("TERM") == "linux":
        yield Finding("Mouse", Verdict.NOT_NEEDED, "The Linux console has none; keys do all.")
    else:
        yield Finding("Mouse", Verdict.OK, "On; Shift with the mouse marks text to copy.")


def _size() -> os.terminal_size | None:
    for stream in (1, 0, 2):
        with suppress(OSError, ValueError):
            found = os.get_terminal_size(stream)
            if found.columns and found.lines:
                return found
    return None


def _home() -> Path:
    return Path(os.path.expanduser("~"))  # noqa: PTH111  Path.home raises without one
