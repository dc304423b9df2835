"""Checks of the machine: what is there, what is missing, what to do about it."""

import sys

from termai import environment
from termai.environment import Verdict
from termai.environment.running import run


def test_this_machine_has_python_and_every_check_ends() -> None:
    found = {finding.name: finding for finding in run(environment.checks())}
    wanted = {"After logout", "Python", "C++ compiler", "git", "node", "npm", "PATH", "nvcc"}
    assert wanted <= set(found)
    assert found["Python"].path == sys.executable
    bad = [f for f in found.values() if f.verdict in {Verdict.WARNING, Verdict.PROBLEM}]
    assert all(f.fix for f in bad)
    assert all(f.sentence.endswith((".", "…")) for f in found.values())


def test_names_of_findings_are_unique_and_short() -> None:
    names = [finding.name for finding in run(environment.checks())]
    assert len(names) == len(set(names))
    assert all(0 < len(name) <= 20 for name in names)
