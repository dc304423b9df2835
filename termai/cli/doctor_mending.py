"""Running the commands that mend what was found, each only when the user says yes."""

import sys
from collections.abc import Sequence

import click

from termai.cli.doctor_findings import advice, arriving, exit_code, line, print_lines
from termai.cli.opening import is_terminal
from termai.cli.style import out
from termai.doctor import checking, mending
from termai.environment.finding import Finding, Verdict
from termai.errors import UsageError


def mend(only: Sequence[str]) -> int:
    """Look, ask for each command, run those that are wanted and look again; the exit code."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError(
            "--fix asks before it runs anything, and needs a terminal for that.",
            fix="`termai doctor --json` lists the commands.",
        )
    found = {one.name: one for one in arriving(only)}
    todo = checking.worst_first(found.values())
    if not any(one.command for one in todo):
        out("There is no command that would mend anything.")
    asked = {""}
    for one in todo:
        if found.get(one.name) is None or not _is_wrong(found[one.name]):
            continue
        print_lines((*line(one), *advice(one)))
        if one.command in asked:
            continue
        asked.add(one.command)
        if click.confirm("Run it?", default=False):
            _run(one.command)
            _replace(found, one)
    return exit_code(found.values())


def _run(command: str) -> None:
    """Run a command of a finding with its output on the terminal, and tell how it failed."""
    sys.stdout.flush()
    code = mending.run(command)
    if code:
        out(f"The command ended with code {code}.")


def _replace(found: dict[str, Finding], before: Finding) -> None:
    """Look at the group again, and tell whether the finding is mended."""
    for name in [one.name for one in found.values() if one.group == before.group]:
        del found[name]
    found |= {one.name: one for one in checking.examine((before.group,))}
    now = found.get(before.name)
    if now is None:
        out(f"{before.name} is mended.")
        return
    if _is_wrong(now):
        out("It is not mended yet; some changes hold from the next login on.")
    print_lines(line(now))


def _is_wrong(finding: Finding) -> bool:
    return finding.verdict in (Verdict.PROBLEM, Verdict.WARNING)
