"""Memory of an engine's devices, as llama-server itself lists it."""

from pathlib import Path

import pytest

from termai.engines import devices
from termai.engines.base import Detection
from termai.models.fit import GpuRoom

MIB = 1 << 20
LISTED = """Available devices:
  ROCm0: AMD Radeon RX 7900 XTX (24560 MiB, 24510 MiB free)
  Vulkan1: Intel(R) Arc(tm) A770 (odd) (16225 MiB, 17000 MiB free)
  BLAS: OpenBLAS (0 MiB, 0 MiB free)
"""
XTX = GpuRoom("AMD Radeon RX 7900 XTX", 24_510 * MIB, 24_560 * MIB, 0)


def engine(tmp_path: Path, body: str, *names: str) -> Detection:
    program = tmp_path / "llama-server"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return Detection("llama-server", program, "1", names, frozenset({"--list-devices"}))


def test_the_devices_the_engine_uses() -> None:
    assert devices.parse(LISTED, ("ROCm0",)) == (XTX,)
    arc = GpuRoom("Intel(R) Arc(tm) A770 (odd)", 16_225 * MIB, 16_225 * MIB, 1)
    assert devices.parse(LISTED, ("ROCm0", "Vulkan1")) == (XTX, arc)


@pytest.mark.parametrize("names", [("ROCm0", "ROCm1"), ("BLAS",), ("ROCm",)])
def test_a_device_without_a_size_leaves_all_unknown(names: tuple[str, ...]) -> None:
    assert devices.parse(LISTED, names) == ()


def test_asks_the_program(tmp_path: Path) -> None:
    body = f"[ \"$1\" = --list-devices ] && cat <<'END'\n{LISTED}END"
    assert devices.rooms(engine(tmp_path, body, "ROCm0")) == (XTX,)
    assert devices.rooms(engine(tmp_path, body)) == ()


def test_a_program_that_fails_tells_nothing(tmp_path: Path) -> None:
    assert devices.rooms(engine(tmp_path, "exit 3", "ROCm0")) == ()
    old = Detection("llama-server", tmp_path / "llama-server", "1", ("ROCm0",))
    assert devices.rooms(old) == ()
