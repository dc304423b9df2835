"""Findings as lines of text, as they come or in order, and as JSON."""

import dataclasses
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from termai.cli.style import Look, out, out_json, paint, width
from termai.doctor import checking
from termai.environment.finding import Finding, Verdict
from termai.errors import InvalidFileError
from termai.text import one_line

BROKEN = InvalidFileError.exit_code  # as `profiles check` ends for what cannot be started

_LOOKS: dict[Verdict, Look] = {
    Verdict.OK: "good",
    Verdict.WARNING: "busy",
    Verdict.PROBLEM: "bad",
    Verdict.NOT_NEEDED: "dim",
}
_WORD, _NAME = 10, 20
_LONGEST = 6000
_NARROW = 70  # columns below which the sentence begins on a line of its own


def examine(only: Sequence[str], *, as_json: bool) -> int:
    """Print the findings and return the exit code."""
    if as_json:
        found = checking.ordered(checking.examine(only))
        out_json([as_object(one) for one in found])
        return exit_code(found)
    began = time.monotonic()
    found = _arriving_and_again(only) if sys.stdout.isatty() else _in_order(only)
    out(f"{_counted(found)}; it took {time.monotonic() - began:.1f} s.")
    if sys.stdout.isatty() and any(one.command for one in checking.worst_first(found)):
        out("`termai doctor --fix` asks for each command and runs it.")
    return exit_code(found)


def report(only: Sequence[str]) -> int:
    """Print the report and return the exit code."""
    from termai.doctor.report import report as written

    found = tuple(checking.examine(only))
    out(written(found))
    return exit_code(found)


def exit_code(found: Iterable[Finding]) -> int:
    """Return BROKEN where a profile of the user's own suffers, else 0."""
    return BROKEN if checking.profiles_suffer(found) else 0


def arriving(only: Sequence[str]) -> tuple[Finding, ...]:
    """Print findings as they come, with an empty line behind them."""
    found = []
    for one in checking.examine(only):
        found.append(one)
        print_lines(line(one))
        sys.stdout.flush()
    out("")
    return tuple(found)


def line(finding: Finding) -> Iterator[str]:
    """Yield what a finding says, wrapped to the width of the terminal."""
    columns = width(sys.stdout)
    word = f"{finding.verdict:<{_WORD}}"
    head = f"{word} {one_line(finding.name, 40):<{_NAME}} "
    version = f" ({one_line(finding.version, 60)})" if finding.version else ""
    text = f"{one_line(finding.sentence, 600)}{version}"
    painted = paint(word, _LOOKS[finding.verdict], sys.stdout)
    if columns < _NARROW or len(head) > _WORD + _NAME + 2:
        yield (painted + head[len(word) :]).rstrip()
        yield from _wrapped(text, "    ", columns)
        return
    first, *rest = _wrapped(text, " " * len(head), columns) or [head]
    yield painted + head[len(word) :] + first[len(head) :]
    yield from rest


def advice(finding: Finding) -> Iterator[str]:
    """Yield why it is so and what to do, below the finding; a command on one line, to be copied.

    What the sentence names only the first of is named between them.
    """
    named = ", ".join(finding.names)
    for word, text in (("why", finding.cause), ("all", named), ("fix", _words(finding))):
        if text:
            lines = _wrapped(one_line(text, _LONGEST), " " * (_WORD + 5), width(sys.stdout))
            yield f"{' ' * (_WORD + 1)}{word} {lines[0].lstrip()}"
            yield from lines[1:]
    if finding.command:
        yield f"{' ' * (_WORD + 1)}run {one_line(finding.command)}"


def as_object(finding: Finding) -> dict[str, Any]:
    """Return a finding for JSON: group and name first."""
    told = dataclasses.asdict(finding)
    first = {key: told.pop(key) for key in ("group", "name")}
    return {**first, **told, "verdict": str(finding.verdict)}


def print_lines(lines: Iterable[str]) -> None:
    """Print lines to standard output."""
    for one in lines:
        out(one)


def _arriving_and_again(only: Sequence[str]) -> tuple[Finding, ...]:
    """Print findings as they come, and then once more those that want something done."""
    found = arriving(only)
    todo = checking.worst_first(found)
    for one in todo:
        print_lines((*line(one), *advice(one)))
    if todo:
        out("")
    return found


def _in_order(only: Sequence[str]) -> tuple[Finding, ...]:
    """Print all findings by group, what to do below each."""
    found = checking.ordered(checking.examine(only))
    group = ""
    for one in found:
        if one.group != group:
            out(f"{'' if not group else chr(10)}{one.group}")
            group = one.group
        todo = one.verdict in (Verdict.PROBLEM, Verdict.WARNING)
        print_lines((*line(one), *(advice(one) if todo else ())))
    out("")
    return found


def _words(finding: Finding) -> str:
    """Return what to do without the command, which stands on a line of its own."""
    command = finding.command
    if not command:
        return finding.fix
    if finding.fix.strip("`. ") == command:
        return ""
    return finding.fix.replace(f": `{command}`", "")


def _counted(found: Sequence[Finding]) -> str:
    count = Counter(one.verdict for one in found)
    words = [
        _many(count[Verdict.PROBLEM], "problem"),
        _many(count[Verdict.WARNING], "warning"),
        f"{count[Verdict.OK]} ok",
    ]
    unneeded = count[Verdict.NOT_NEEDED]
    return ", ".join(words) + (f", {unneeded} not needed" if unneeded else "")


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"


def _wrapped(text: str, indent: str, columns: int) -> list[str]:
    return textwrap.wrap(
        text,
        columns,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
