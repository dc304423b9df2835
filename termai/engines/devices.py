"""How much memory an engine's own devices have, for GPUs that no other way tells of.

``llama-server --list-devices`` prints ``  NAME: DESCRIPTION (TOTAL MiB, FREE MiB free)`` for each
device (common/arg.cpp), whatever it is driven by: HIP, Vulkan, Metal, SYCL.
"""

import re

from termai.engines import probe
from termai.engines.base import Detection
from termai.errors import TermaiError
from termai.models.fit import GpuRoom
from termai.text import one_line

CUDA = "CUDA"
_DEVICE = re.compile(r"\s+(\w+): (.+) \((\d{1,9}) MiB, (\d{1,9}) MiB free\)")
_NAME_WIDTH = 60
_MIB = 1 << 20


def rooms(detection: Detection) -> tuple[GpuRoom, ...]:
    """Return the memory of the GPUs an engine can use, in its order; empty where it does not tell.

    Runs the program, which takes as long as its driver does to wake up.
    """
    if not detection.uses_gpu or "--list-devices" not in detection.options:
        return ()
    try:
        output = probe.run(detection.program, ["--list-devices"])
    except TermaiError:
        return ()
    return parse(output, detection.devices)


def parse(output: str, devices: tuple[str, ...]) -> tuple[GpuRoom, ...]:
    """Return the rooms of the named devices in an output; empty when one of them is missing."""
    found: dict[str, GpuRoom] = {}
    for line in output.splitlines():
        told = _DEVICE.fullmatch(line.rstrip())
        if told and told[1] in devices and int(told[3]):
            total, free = int(told[3]) * _MIB, int(told[4]) * _MIB
            name = one_line(told[2], _NAME_WIDTH)
            found[told[1]] = GpuRoom(name, min(free, total), total, devices.index(told[1]))
    return tuple(found[name] for name in devices) if set(devices) == set(found) else ()
