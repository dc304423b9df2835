"""NVIDIA GPUs through NVML; a machine without the driver has none, and that is not an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

_PROCESSES = ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses")


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU; None where the driver does not tell.

    memory_used, memory_total: bytes. utilization: percent of the last sample period in which a
    kernel ran, 0 to 100. temperature: degrees Celsius.
    """

    index: int
    name: str
    memory_used: int | None = None
    memory_total: int | None = None
    utilization: int | None = None
    temperature: int | None = None


def read() -> tuple[Gpu, ...]:
    """Return the GPUs that NVML lists, in its order; empty without NVML or a driver."""
    nvml = _nvml()
    if nvml is None:
        return ()
    count = _asked(nvml, nvml.nvmlDeviceGetCount) or 0
    found = (_gpu(nvml, index) for index in range(count))
    return tuple(gpu for gpu in found if gpu)


def processes() -> tuple[tuple[int, int, int | None], ...]:
    """Return GPU, process id and bytes of each process with memory on a GPU, counted once.

    Both those that compute and those that draw; bytes are None where the driver does not tell.
    """
    nvml = _nvml()
    if nvml is None:
        return ()
    found: dict[tuple[int, int], int | None] = {}
    for index in range(_asked(nvml, nvml.nvmlDeviceGetCount) or 0):
        handle = _asked(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
        if handle is None:
            continue
        for question in _PROCESSES:
            ask = getattr(nvml, question, None)
            for process in (_asked(nvml, ask, handle) if ask else None) or ():
                key = (index, int(process.pid))
                found[key] = _larger(found.get(key), process.usedGpuMemory)
    return tuple((gpu, pid, size) for (gpu, pid), size in found.items())


def _larger(one: int | None, other: Any) -> int | None:
    """Return the larger of two numbers of bytes, of which either may be unknown."""
    sizes = [int(size) for size in (one, other) if size is not None]
    return max(sizes, default=None)


def _gpu(nvml: Any, index: int) -> Gpu | None:
    handle = _asked(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
    if handle is None:
        return None
    name = _asked(nvml, nvml.nvmlDeviceGetName, handle) or "GPU"
    memory = _asked(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    rates = _asked(nvml, nvml.nvmlDeviceGetUtilizationRates, handle)
    celsius = nvml.NVML_TEMPERATURE_GPU
    return Gpu(
        index=index,
        name=name.decode(errors="replace") if isinstance(name, bytes) else str(name),
        memory_used=int(memory.used) if memory else None,
        memory_total=int(memory.total) if memory else None,
        utilization=int(rates.gpu) if rates else None,
        temperature=_asked(nvml, nvml.nvmlDeviceGetTemperature, handle, celsius),
    )


def _asked(nvml: Any, question: Callable[..., T], *arguments: Any) -> T | None:
    """Return NVML's answer, None where the card or the driver does not support the question."""
    try:
        return question(*arguments)
    except nvml.NVMLError:
        return None


@cache
def _nvml() -> Any:
    """Return NVML initialised once for this process, None where there is no library or driver."""
    try:
        import pynvml
    except (ImportError, OSError):
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml
