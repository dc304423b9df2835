"""All checks together: in their groups, quickly, and by group."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from termai.doctor import checking
from termai.doctor.checking import GROUPS, checks, examine
from termai.environment import Check, Finding, Verdict, programs
from termai.errors import UsageError
from tests.environment.on_path import script


def test_every_check_ends_within_three_seconds_and_says_what_to_do() -> None:
    list(examine())  # the engines' answers are remembered from the first time on
    took: list[float] = []
    while len(took) < 4 and min(took, default=9.0) > 3:  # the machine may be busy with others
        began = time.monotonic()
        found = list(examine())
        took.append(time.monotonic() - began)
    assert min(took) < 3
    names = [finding.name for finding in found]
    assert len(names) == len(set(names))
    assert all(f.fix for f in found if f.verdict is Verdict.PROBLEM)
    assert all(f.sentence.endswith(".") for f in found)
    assert {f.group for f in found} <= set(GROUPS)


def test_one_program_that_hangs_is_named_and_holds_up_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = script(tmp_path / "hangs", "git", "exec /bin/sleep 60")
    monkeypatch.setenv("PATH", f"{git.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(programs, "TIME_LIMIT_S", 0.5)
    found = {one.name: one for one in examine(["programs", "path"])}
    assert found["git"].verdict is Verdict.WARNING
    assert (found["git"].path, found["git"].version) == (str(git), "")
    assert "node" in found
    assert "python3" in found


def test_an_engine_that_hangs_is_named_beside_those_that_work_and_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked"
    body = f"echo once >> {asked}; exec /bin/sleep 60"
    hangs = script(tmp_path / "hangs", "llama-server", body)
    monkeypatch.setenv("PATH", f"{hangs.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(checking, "PATIENCE_S", 1.0)
    for _ in range(2):
        left = [one for one in examine(["engines"]) if str(hangs) in one.sentence]
        assert [one.verdict for one in left] == [Verdict.WARNING]
    assert asked.read_text() == "once\n"


def test_only_the_groups_that_are_asked_for() -> None:
    assert {check.group for check in checks(["programs", "ENGINES"])} == {"Programs", "Engines"}
    with pytest.raises(UsageError, match="The groups are: Engines"):
        checks(["nonsense"])


def test_what_waits_for_others_is_begun_first(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def noted(wanted: Sequence[Check]) -> Iterator[Finding]:
        begun.extend(check.group for check in wanted)
        yield from ()

    monkeypatch.setattr(checking, "run", noted)
    list(examine())
    groups = [check.group for check in checks()]
    waiting = [group for first in ("Network", "Programs") for group in groups if group == first]
    others = [group for group in groups if group not in {"Network", "Programs"}]
    assert begun == waiting + others


@pytest.mark.parametrize(
    ("word", "group"), [("gpu", "GPU"), ("mem", "Memory and limits"), (" Path", "PATH")]
)
def test_the_beginning_of_a_group_is_enough(word: str, group: str) -> None:
    assert {check.group for check in checks([word])} == {group}


@pytest.mark.parametrize("word", ["", "te", "p", "gpus"])
def test_a_beginning_of_none_or_of_several_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="The groups are"):
        checks([word])


def test_findings_are_ordered_by_group_and_the_worst_first() -> None:
    found = [
        Finding("a", Verdict.OK, "A.", group="termai"),
        Finding("b", Verdict.WARNING, "B.", group="termai"),
        Finding("c", Verdict.PROBLEM, "C.", group="termai"),
        Finding("d", Verdict.NOT_NEEDED, "D.", group="Engines"),
        Finding("e", Verdict.WARNING, "E.", group="Engines"),
    ]
    assert [one.name for one in checking.ordered(found)] == ["e", "d", "c", "b", "a"]
    assert [one.name for one in checking.worst_first(found)] == ["c", "e", "b"]
