"""The commands that scripts and status lines call often, understood without click.

``recognise`` knows the plain forms of ``--version``, ``ps`` and ``logs`` and no others: for
whatever it does not know it returns None, and click reads the command line.
"""

import os
import sys

import termai

COMPLETION = "_TERMAI_COMPLETE"  # set while the shell asks for completions

_PS = {"--json": "as_json", "--all": "past", "-a": "past"}
_LOGS = {"--json": "as_json", "--follow": "follow", "-f": "follow"}
_LINES = ("-n", "--lines")


def run(arguments: list[str]) -> int | None:
    """Run a quick command and return its exit code, or None when it is none of them."""
    found = None if COMPLETION in os.environ else recognise(arguments)
    if found is None:
        return None
    command, flags, name, lines = found
    if command == "--version":
        sys.stdout.write(f"termai {termai.__version__}\n")
        return 0
    if command == "ps":
        from termai.cli.ps import ps

        return ps(past=flags["past"], as_json=flags["as_json"])
    from termai.cli import logs

    count = logs.parse_lines(lines) if lines else logs.DEFAULT_LINES
    return logs.logs(name, lines=count, follow=flags["follow"], as_json=flags["as_json"])


def recognise(arguments: list[str]) -> tuple[str, dict[str, bool], str, str] | None:
    """Return the command in ``arguments``, its flags, NAME and the text after ``-n``, or None."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "--version":
        return None if rest else (command, {}, "", "")
    if command == "ps" and all(argument in _PS for argument in rest):
        return command, _flags(_PS, rest), "", ""
    return _logs(rest) if command == "logs" else None


def _logs(rest: list[str]) -> tuple[str, dict[str, bool], str, str] | None:
    names: list[str] = []
    lines = ""
    waiting = iter(rest)
    for argument in waiting:
        if argument in _LINES:
            lines = next(waiting, "")
            if not (lines.isascii() and lines.isdecimal() and len(lines) < 10):
                return None
        elif argument and not argument.startswith("-"):
            names.append(argument)
        elif argument not in _LOGS:
            return None
    return ("logs", _flags(_LOGS, rest), names[0], lines) if len(names) == 1 else None


def _flags(known: dict[str, str], given: list[str]) -> dict[str, bool]:
    set_ = {known[argument] for argument in given if argument in known}
    return {name: name in set_ for name in known.values()}
