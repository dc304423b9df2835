"""Who holds the memory of the GPUs: real processes behind a fake driver."""

import sys

import psutil
import pytest

from termai.hardware import holders, nvidia
from tests.fakes import nvml

MIB = 1 << 20
ME = psutil.Process()


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Process numbers are those of the machine, wherever the tests run."""
    monkeypatch.setattr(holders, "_FIRST_PID_NAMESPACE", holders._PID_NAMESPACE.stat().st_ino)


def test_names_the_process_its_user_and_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(computing=((ME.pid, 900 * MIB),)))
    (found,) = holders.read()
    assert (found.gpu, found.pid, found.bytes) == (0, ME.pid, 900 * MIB)
    assert (found.user, found.command, found.server) == (ME.username(), ME.name(), "")


def test_a_process_that_computes_and_draws_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = ((ME.pid, 950 * MIB), (1, None))
    nvml.install(monkeypatch, nvml.Card(computing=((ME.pid, 900 * MIB),), drawing=drawing))
    assert [(h.pid, h.bytes) for h in holders.read()] == [(ME.pid, 950 * MIB), (1, None)]


def test_the_largest_of_each_card_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    first = nvml.Card(computing=((1, 5), (ME.pid, 9)))
    nvml.install(monkeypatch, first, nvml.Card(computing=((ME.pid, 100),)))
    assert [(h.gpu, h.bytes) for h in holders.read()] == [(0, 9), (0, 5), (1, 100)]


def test_a_process_that_is_gone_keeps_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(computing=((2**22 + 1, 7),)))
    assert holders.read() == (holders.Holder(0, 2**22 + 1, 7),)


def test_inside_a_container_a_number_is_not_taken_for_a_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holders, "_FIRST_PID_NAMESPACE", 1)
    nvml.install(monkeypatch, nvml.Card(computing=((ME.pid, 7),)))
    assert holders.read() == (holders.Holder(0, ME.pid, 7),)


def test_a_card_that_names_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(computing=None, drawing=((1, 3),)))
    assert [h.bytes for h in holders.read()] == [3]
    nvml.install(monkeypatch, nvml.Card(computing=None, drawing=None))
    assert holders.read() == ()


def test_no_driver_or_library_means_no_holders(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(), driver=False)
    assert holders.read() == ()
    monkeypatch.setitem(sys.modules, "pynvml", None)
    nvml.forget(monkeypatch)
    assert holders.read() == ()


def test_an_older_library_without_the_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(computing=((1, 3),)))
    for question in nvidia._PROCESSES:
        monkeypatch.delattr(sys.modules["pynvml"], question)
    assert holders.read() == ()


def test_without_psutil_numbers_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(computing=((ME.pid, 7),)))
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert holders.read() == (holders.Holder(0, ME.pid, 7),)
