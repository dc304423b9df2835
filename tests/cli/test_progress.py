"""The line that says how far a download is."""

import pytest

from termai.cli.progress import sentence
from termai.models.downloads.plan import Plan, PlannedFile
from termai.models.downloads.states import Status
from termai.models.downloads.view import Download, FileState

NAME = "somebody-with-a-long-name/Some-Large-Model-24B-Instruct-GGUF"
SIZE = 1012 << 30


def download(**changes: object) -> Download:
    plan = Plan("1", NAME, "c" * 40, "http://127.0.0.1:1", "UD-Q4_K_XL", "/m", (_file(),), 0.0)
    states = (FileState("m.gguf", SIZE * 99 // 100, SIZE),)
    return Download(plan, Status.VERIFYING, states, **changes)  # type: ignore[arg-type]


def _file() -> PlannedFile:
    return PlannedFile("m.gguf", SIZE, "a" * 64)


@pytest.mark.parametrize("columns", [66, 70, 79, 200])
def test_the_name_gives_way_to_the_numbers(columns: int) -> None:
    line = sentence(download(rate=1010.0 * (1 << 20), eta_s=99 * 3600.0 + 59 * 60), columns)
    assert len(line) <= columns
    assert line.endswith("/s, 99 h 59 min left")
    assert line.startswith("som")
    assert ", 98 % of 1012 GiB, " in line


def test_a_long_problem_is_cut_at_its_end() -> None:
    line = sentence(download(problem="Broken off. " * 20), 79)
    assert len(line) == 79
    assert ": verifying, 98 % of 1012 GiB, Broken off." in line
    assert line.endswith("…")


def test_without_a_width_the_problem_is_whole() -> None:
    assert sentence(download(problem="Broken. " * 40)).endswith("Broken. " * 39 + "Broken.")
