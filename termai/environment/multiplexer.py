"""tmux, screen and Zellij: they keep a terminal when the connection breaks."""

import os
import re
from collections.abc import Iterator, Mapping

from termai.environment import packages, programs
from termai.environment.finding import Finding, Verdict

NAME = "tmux or screen"

_INSIDE = {"TMUX": "tmux", "STY": "screen", "ZELLIJ": "zellij"}
_VERSION = re.compile(r"\d+\.\d+[a-z]?")


def inside(environ: Mapping[str, str]) -> str:
    """Return the name of the program that this shell runs in, empty for none."""
    return next((name for variable, name in _INSIDE.items() if environ.get(variable)), "")


def multiplexer(environ: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Yield whether the screen outlives the connection; servers and downloads do anyway."""
    known = os.environ if environ is None else environ
    if name := inside(known):
        path = programs.find(name)
        version = _VERSION.search(programs.said(path, "-V")) if path and name == "tmux" else None
        yield Finding(
            NAME,
            Verdict.OK,
            f"{name} keeps the screen when the connection breaks.",
            path=path,
            version=version[0] if version else "",
        )
        return
    if not known.get("SSH_CONNECTION"):
        yield Finding(NAME, Verdict.NOT_NEEDED, "Not used; this is no SSH connection.")
        return
    sentence = "Not used: the screen ends with the connection; servers and downloads go on."
    if programs.find("tmux"):
        fix = "Start `tmux`, and termai in it; `tmux attach` comes back to it."
        yield Finding(NAME, Verdict.NOT_NEEDED, sentence, fix)
    else:
        remedy = packages.install({"": "tmux"})
        yield Finding(NAME, Verdict.NOT_NEEDED, sentence, remedy.fix, command=remedy.command)


def term_inside(environ: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Yield a warning where TERM names another terminal than the one tmux or screen is.

    tmux answers to tmux* and screen* only (tmux(1), default-terminal).
    """
    known = os.environ if environ is None else environ
    name, term = inside(known), known.get("TERM", "")
    right = {"tmux": ("tmux", "screen"), "screen": ("screen",)}.get(name)
    if not right or term.startswith(right) or not term:
        return
    fix = {
        "tmux": 'Put `set -g default-terminal "tmux-256color"` into ~/.tmux.conf, set no TERM in '
        "the shell's start files, and open a new window.",
        "screen": "Put `term screen-256color` into ~/.screenrc, and set no TERM in the shell's "
        "start files.",
    }[name]
    yield Finding(
        "TERM inside",
        Verdict.WARNING,
        f"Inside {name} TERM is {term[:40]!r}, another terminal: keys and colours go wrong.",
        fix,
        cause="A start file of the shell, or the configuration, sets TERM.",
    )


def clipboard(environ: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Yield whether what is copied reaches the terminal's clipboard (OSC 52).

    tmux passes a program's copy on only with set-clipboard on; its default is external (tmux(1)).
    """
    known = os.environ if environ is None else environ
    name = inside(known)
    if name == "tmux":
        yield _through_tmux()
    elif name == "screen":
        yield Finding(
            "Clipboard",
            Verdict.WARNING,
            "screen does not pass on what is copied.",
            "Use tmux, or mark text with Shift and the mouse.",
        )
    elif known.get("TERM") == "linux":
        yield Finding("Clipboard", Verdict.NOT_NEEDED, "The Linux console has no clipboard.")
    elif known.get("TERM_PROGRAM") == "Apple_Terminal":
        yield Finding(
            "Clipboard",
            Verdict.WARNING,
            "Apple's Terminal does not take what programs copy (OSC 52).",
            "Use another terminal, such as iTerm2, kitty or Ghostty.",
        )
    else:
        sentence = "Copies are sent to the terminal (OSC 52), whose settings may refuse them."
        yield Finding("Clipboard", Verdict.OK, sentence)


def unicode_in_tmux(environ: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Yield a warning where tmux draws without Unicode, as the shell it was started in has none."""
    known = os.environ if environ is None else environ
    if inside(known) != "tmux":
        return
    if _tmux("display-message", "-p", "#{client_utf8}") == "0":
        yield Finding(
            "Unicode in tmux",
            Verdict.WARNING,
            "tmux was attached without UTF-8: lines and letters are shown as _ or ?.",
            "Detach, then `tmux -u attach`; LANG=C.UTF-8 in the shell does the same for good.",
        )


def _through_tmux() -> Finding:
    chosen = _tmux("show-options", "-sv", "set-clipboard")
    if chosen == "on":
        return Finding("Clipboard", Verdict.OK, "tmux passes copies on to the terminal (OSC 52).")
    if not chosen:
        return Finding("Clipboard", Verdict.NOT_NEEDED, "tmux does not tell how it is set.")
    command = "tmux set -s set-clipboard on"
    return Finding(
        "Clipboard",
        Verdict.WARNING,
        "tmux keeps what programs copy from the terminal's clipboard.",
        f"{command}; for good put `set -s set-clipboard on` into ~/.tmux.conf",
        command=command,
        cause=f"Its option set-clipboard is {chosen[:20]}.",
    )


def _tmux(*arguments: str) -> str:
    program = programs.find("tmux")
    return programs.said(program, *arguments).strip() if program else ""
