"""Faults of GPUs in the kernel's log."""

import os
from pathlib import Path

from termai.environment import Verdict, gpu_events
from tests.environment import trees

# Lines of /dev/kmsg: priority, number, microseconds, flags; text.
FELL_OFF = (
    "4,812,9126512,-;NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, "
    "GPU has fallen off the bus."
)
FAULT = (
    "4,813,9126600,-;NVRM: Xid (PCI:0000:3b:00): 31, pid=4242, name=llama-server, Ch 00000008, "
    "intr 00000000. MMU Fault: ENGINE GRAPHICS"
)
RESET = "3,900,1,-;amdgpu 0000:0c:00.0: amdgpu: GPU reset begin!"
HANG = "6,901,1,-;i915 0000:00:02.0: [drm] GPU HANG: ecode 9:1:85dffffb, in llama-server"


def test_a_quiet_log_is_fine() -> None:
    assert gpu_events.told(["6,1,0,-;Linux version 6.1"]).verdict is Verdict.OK


def test_a_gpu_that_fell_off_the_bus_is_named() -> None:
    found = gpu_events.told([FAULT, FELL_OFF, FELL_OFF])
    assert found.verdict is Verdict.WARNING
    assert "Xid 79 at 3b:00 (fell off the bus)" in found.sentence
    assert "Xid 31" not in found.sentence


def test_faults_of_programs_are_no_fault_of_the_gpu() -> None:
    found = gpu_events.told([FAULT, FAULT])
    assert found.verdict is Verdict.OK
    assert "2 Xid events" in found.sentence


def test_amd_and_intel_are_read_too() -> None:
    found = gpu_events.told([RESET, HANG])
    assert "amdgpu reset" in found.sentence
    assert "Intel GPU hang" in found.sentence


def test_the_log_is_read_where_it_can_be(tmp_path: Path) -> None:
    trees.card(tmp_path, "0000:3b:00.0", "0x10de")
    (found,) = gpu_events.faults(tmp_path)
    assert found.verdict is Verdict.NOT_NEEDED
    trees.write(tmp_path, {"dev/kmsg": f"{FELL_OFF}\n"})
    (found,) = gpu_events.faults(tmp_path)
    assert "Xid 79" in found.sentence


def test_reading_does_not_wait_for_more(tmp_path: Path) -> None:
    """A log that goes on, as /dev/kmsg does, is one whose writer is there and silent."""
    fifo = tmp_path / "kmsg"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(fifo, os.O_WRONLY)
    try:
        os.write(writer, FELL_OFF.encode())
        assert gpu_events.kernel_log(fifo) == FELL_OFF
    finally:
        os.close(writer)
        os.close(reader)


def test_without_a_gpu_there_is_nothing_to_say(tmp_path: Path) -> None:
    trees.write(tmp_path, {"dev/kmsg": FELL_OFF})
    assert not list(gpu_events.faults(tmp_path))
