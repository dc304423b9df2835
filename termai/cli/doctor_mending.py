"""Running the commands that mend what was found, each only when the user says yes."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from termai.cli.doctor_findings import advice, arriving, exit_code, line, print_lines
from termai.cli.opening import is_terminal
from termai.cli.style import out
from termai.doctor import checking
from termai.environment.finding import Finding
from termai.errors import UsageError


def mend(only: Sequence[str]) -> int:
    """Look, ask for each command, run those that are wanted and look again; the exit code."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError(
            "--fix asks before it runs anything, and needs a terminal for that.",
            fix="`termai doctor --json` lists the commands.",
        )
    found = {one.name: one for one in arriving(only)}
    todo = [one for one in checking.worst_first(found.values()) if one.command]
    if not todo:
        out("There is no command that would mend anything.")
    asked: set[str] = set()
    for one in todo:
        if one.command in asked:
            continue
        asked.add(one.command)
        if _wanted(one):
            _run(one.command)
            _replace(found, one)
    return exit_code(found.values())


def _wanted(finding: Finding) -> bool:
    """Show a finding and its command, and ask."""
    print_lines((*line(finding), *advice(finding)))
    return click.confirm("Run it?", default=False)


def _run(command: str) -> None:
    """Run a command of a finding with its output on the terminal, and tell how it failed."""
    sys.stdout.flush()
    code = subprocess.run(["/bin/sh", "-c", command], env=_environment(), check=False).returncode
    if code:
        out(f"The command ended with code {code}.")


def _environment() -> dict[str, str]:
    """Return the environment with this very termai at the end of PATH."""
    here = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join((os.environ.get("PATH", os.defpath), here))}


def _replace(found: dict[str, Finding], before: Finding) -> None:
    """Look again, and tell whether it is mended."""
    now = checking.again(before)
    if now is None:
        del found[before.name]
        out(f"{before.name} is mended.")
        return
    found[before.name] = now
    if now in checking.worst_first((now,)):
        out("It is not mended yet; some changes hold from the next login on.")
    print_lines(line(now))
