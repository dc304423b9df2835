"""The commands that scripts and status lines call often, understood without click.

``recognise`` knows the plain forms of ``--version``, ``ps`` and ``logs`` and no others: for
whatever it does not know it returns None, and click reads the command line.
"""

import os
from typing import NamedTuple

import termai

COMPLETION = "_TERMAI_COMPLETE"  # set while the shell asks for completions

_PS_FLAGS = {"--json": "as_json", "--all": "past", "-a": "past"}
_LOGS_FLAGS = {"--json": "as_json", "--follow": "follow", "-f": "follow"}
_LINES = ("-n", "--lines")


class Version(NamedTuple):
    """``termai --version``."""


class Ps(NamedTuple):
    """``termai ps``."""

    past: bool = False
    as_json: bool = False


class Logs(NamedTuple):
    """``termai logs NAME``; ``lines`` is the text after ``-n``."""

    name: str
    lines: str = ""
    follow: bool = False
    as_json: bool = False


Command = Version | Ps | Logs


def run(arguments: list[str]) -> int | None:
    """Run a quick command and return its exit code, or None when it is none of them."""
    command = None if COMPLETION in os.environ else recognise(arguments)
    if command is None:
        return None
    if isinstance(command, Version):
        from termai.cli.style import out

        out(f"termai {termai.__version__}")
        return 0
    if isinstance(command, Ps):
        from termai.cli.ps import ps

        return ps(**command._asdict())
    from termai.cli import logs

    lines = logs.parse_lines(command.lines) if command.lines else logs.DEFAULT_LINES
    return logs.logs(command.name, lines=lines, follow=command.follow, as_json=command.as_json)


def recognise(arguments: list[str]) -> Command | None:
    """Return the command that ``arguments`` are in a plain form, or None."""
    if arguments == ["--version"]:
        return Version()
    if arguments[:1] == ["ps"]:
        return _ps(arguments[1:])
    return _logs(arguments[1:]) if arguments[:1] == ["logs"] else None


def _ps(rest: list[str]) -> Ps | None:
    if not all(argument in _PS_FLAGS for argument in rest):
        return None
    return Ps(**dict.fromkeys((_PS_FLAGS[argument] for argument in rest), True))


def _logs(rest: list[str]) -> Logs | None:
    words: list[str] = []
    flags: dict[str, bool] = {}
    lines = ""
    waiting = iter(rest)
    for argument in waiting:
        if argument in _LOGS_FLAGS:
            flags[_LOGS_FLAGS[argument]] = True
        elif argument in _LINES:
            lines = next(waiting, "")
            if not (lines.isascii() and lines.isdecimal() and len(lines) < 10):
                return None
        elif argument.startswith("-") or not argument:
            return None
        else:
            words.append(argument)
    return Logs(words[0], lines, **flags) if len(words) == 1 else None
