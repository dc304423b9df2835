"""Findings as rows: what wants doing first, then one row for each group, which opens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import icons

if TYPE_CHECKING:
    from termai.environment import Finding
    from termai.tui.widgets.row_list import Row

GROUP = "group:"
"""How the identity of a group's row begins; that of a finding is its name."""

_UNNEEDED = "not needed"
_WORDS = (("problem", "problem"), ("warning", "warning"), ("ok", "ok"), (_UNNEEDED, _UNNEEDED))
_NAME = 20
_NARROW = 60  # cells below which a row is a sign, a name and what there is room for


def rows(findings: Iterable[Finding], opened: Collection[str]) -> list[Row]:
    """Return the rows: problems and warnings, then the groups, and what is in the opened ones."""
    from termai.doctor import checking

    every = checking.ordered(findings)
    todo = checking.worst_first(every)
    shown: list[Row] = [(one.name, partial(_finding, one, False)) for one in todo]
    for group, members in _grouped(one for one in every if one not in todo).items():
        shown.append((f"{GROUP}{group}", partial(_group, group, members)))
        if group in opened:
            shown.extend((one.name, partial(_finding, one, True)) for one in members)
    return shown


def in_group(findings: Iterable[Finding], group: str) -> tuple[Finding, ...]:
    """Return those of a group that nothing is to be done about, in the order of its row."""
    from termai.doctor import checking

    return tuple(_grouped(checking.ordered(findings)).get(group, ()))


def title(findings: Collection[Finding], width: int, *, looking: bool) -> Content:
    """Return how many findings there are of each verdict."""
    counts = Counter(str(finding.verdict) for finding in findings)
    words = [_counted(verdict, word, counts[verdict]) for verdict, word in _WORDS]
    if not counts[_UNNEEDED] or width < 76:
        words.pop()
    gap = "   " if width >= _NARROW else " "
    head = Content.styled("CHECKS  ", "bold") if width >= _NARROW else Content("")
    line = head + Content(gap).join(words)
    return line + Content.styled(f"{gap}looking …", "$text-warning") if looking else line


def details(finding: Finding) -> Content:
    """Return all that a finding says."""
    verdict = str(finding.verdict)
    version = f" ({one_line(finding.version)})" if finding.version else ""
    lines = [
        Content.assemble(
            (f"{icons.sign(verdict)} {verdict}", icons.STYLES[verdict]),
            ("  ", ""),
            (one_line(finding.name), "bold"),
            (f"  {finding.group}", "$muted"),
        ),
        Content(f"{one_line(finding.sentence)}{version}"),
        *(
            Content.assemble((f"{word}: ", "$muted"), one_line(text))
            for word, text in _more(finding)
        ),
    ]
    return Content("\n").join(lines)


def group_details(group: str, members: Sequence[Finding]) -> Content:
    """Return every finding of a group with its sentence."""
    lines = [Content.styled(group, "bold")]
    for one in members:
        verdict = str(one.verdict)
        version = f" {one_line(one.version, 30)}" if one.version else ""
        lines.append(
            Content.assemble(
                (f"{icons.sign(verdict)} ", icons.STYLES[verdict]),
                (one_line(one.name), "bold"),
                f"{version}  {one_line(one.sentence)}",
            )
        )
    return Content("\n").join(lines)


def _more(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.cause:
        yield "why", finding.cause
    if finding.names:
        yield "all", ", ".join(finding.names)
    if finding.fix:
        yield "fix", finding.fix
    if finding.command and finding.command not in finding.fix:
        yield "run", finding.command
    if finding.path:
        yield "at", finding.path


def _grouped(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for one in findings:
        if str(one.verdict) in ("ok", _UNNEEDED):
            groups.setdefault(one.group, []).append(one)
    return groups


def _finding(finding: Finding, nested: bool, width: int) -> Content:
    verdict = str(finding.verdict)
    style = icons.STYLES[verdict]
    indent = "  " if nested else ""
    version = f"{one_line(finding.version, 14)}  " if nested and finding.version else ""
    if width < _NARROW:
        head = Content.assemble((f"{indent}{icons.sign(verdict)} ", style), (finding.name, "bold"))
        return _filled(head + Content("  "), finding.sentence, width)
    word = "" if nested else f"{verdict:<10}"
    head = Content.assemble(
        (f"{indent}{icons.sign(verdict)} {word:<{10 - len(indent)}} ", style),
        (f"{one_line(finding.name, _NAME):<{_NAME}} ", "bold" if not nested else ""),
    )
    row = _filled(head, f"{version}{finding.sentence}", width)
    if verdict != "problem" or not finding.fix:
        return row
    fix = Content.assemble((f"{'':13}fix: ", style), one_line(finding.fix, width - 18))
    return Content("\n").join((row, fix))


def _group(group: str, members: Sequence[Finding], width: int) -> Content:
    good = [one for one in members if str(one.verdict) == "ok"]
    verdict = "ok" if good else _UNNEEDED
    style = icons.STYLES[verdict]
    name = f"{group} {len(members)}"
    if width < _NARROW:
        head = Content.assemble((f"{icons.sign(verdict)} ", style), f"{name}  ")
    else:
        head = Content.assemble(
            (f"{icons.sign(verdict)} {verdict:<10} ", style), f"{one_line(name, _NAME):<{_NAME}} "
        )
    left = len(members) - len(good)
    said = [_short(one) for one in good or members]
    if good and left:
        said.insert(0, f"{left} {_UNNEEDED}")
    return _filled(head, " · ".join(said), width, "$muted")


def _short(finding: Finding) -> str:
    number = finding.version.split()[0] if finding.version else ""
    return f"{one_line(finding.name, _NAME)} {one_line(number, 14)}".rstrip()


def _filled(head: Content, text: str, width: int, style: str = "") -> Content:
    """Return a row of one line: ``head``, and as much of ``text`` as there is room for."""
    return head + Content.styled(one_line(text, max(1, width - head.cell_length)), style)


def _counted(verdict: str, word: str, count: int) -> Content:
    plural = "s" if count != 1 and verdict in ("problem", "warning") else ""
    style = icons.STYLES[verdict] if count else "$muted"
    return Content.styled(f"{icons.sign(verdict)} {count} {word}{plural}", style)
