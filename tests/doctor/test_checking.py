"""All checks together: in their groups, quickly, and by group."""

import time

import pytest

from termai.doctor.checking import GROUPS, checks, examine
from termai.environment import Verdict
from termai.errors import UsageError


def test_every_check_ends_within_three_seconds_and_says_what_to_do() -> None:
    list(examine())  # the engines' answers are remembered from the first time on
    began = time.monotonic()
    found = list(examine())
    assert time.monotonic() - began < 3
    names = [finding.name for finding in found]
    assert len(names) == len(set(names))
    assert all(f.fix for f in found if f.verdict is Verdict.PROBLEM)
    assert all(f.sentence.endswith(".") for f in found)
    assert {f.group for f in found} <= set(GROUPS)


def test_only_the_groups_that_are_asked_for() -> None:
    assert {check.group for check in checks(["programs", "ENGINES"])} == {"Programs", "Engines"}
    with pytest.raises(UsageError, match="The groups are: Engines"):
        checks(["nonsense"])
