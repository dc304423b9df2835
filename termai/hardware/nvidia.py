"""NVIDIA's GPUs as NVML tells of them; what a card or its driver does not tell is None."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from termai.hardware import nvml
from termai.hardware.gpu import Gpu, Instance, Link

_GRAPHICS, _MEMORY = 1, 2  # NVML_CLOCK_SM, NVML_CLOCK_MEM
_CELSIUS = 0  # NVML_TEMPERATURE_GPU
_UNCORRECTED, _VOLATILE = 1, 0  # NVML_MEMORY_ERROR_TYPE_UNCORRECTED, NVML_VOLATILE_ECC
_MODES = {0: "default", 1: "exclusive process", 2: "prohibited", 3: "exclusive process"}
_REASONS = {
    0x4: "power limit",
    0x8: "hardware slowdown",
    0x10: "sync boost",
    0x20: "heat",
    0x40: "heat (hardware)",
    0x80: "power brake",
    0x100: "display clock",
}
"""nvmlClocksEventReason*, without those of a GPU that rests or whose clocks somebody chose."""

_PROCESSES = ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses")

_known: dict[int, Gpu] = {}


def read() -> tuple[Gpu, ...]:
    """Return the GPUs that NVML lists, in its order; empty without NVML or a driver.

    One that has fallen off the bus keeps its place and its name.
    """
    count = nvml.session.ask("nvmlDeviceGetCount") or 0
    found = (_gpu(index) for index in range(count))
    return tuple(gpu for gpu in found if gpu)


def processes() -> tuple[tuple[int, int, int | None], ...]:
    """Return GPU, process id and bytes of each process with memory on a GPU, counted once.

    Both those that compute and those that draw; bytes are None where the driver does not tell.
    """
    ask = nvml.session.ask
    found: dict[tuple[int, int], int | None] = {}
    for index in range(ask("nvmlDeviceGetCount") or 0):
        handle = ask("nvmlDeviceGetHandleByIndex", index)
        for question in _PROCESSES if handle is not None else ():
            for process in ask(question, handle) or ():
                key = (index, int(process.pid))
                found[key] = _larger(found.get(key), process.usedGpuMemory)
    return tuple((gpu, pid, size) for (gpu, pid), size in found.items())


def driver_version() -> str:
    """Return the driver's version such as ``570.86.10``, empty where there is none."""
    return _text(nvml.session.ask("nvmlSystemGetDriverVersion"))


def cuda_version() -> tuple[int, int] | None:
    """Return the newest CUDA that the driver can run, such as (12, 8), None where unknown."""
    told = nvml.session.ask("nvmlSystemGetCudaDriverVersion_v2")
    return (int(told) // 1000, int(told) % 1000 // 10) if told else None


def _gpu(index: int) -> Gpu | None:
    ask = nvml.session.ask
    handle, lost = nvml.session.ask_lost("nvmlDeviceGetHandleByIndex", index)
    if handle is None:
        return _gone(index) if lost else None
    memory, lost = nvml.session.ask_lost("nvmlDeviceGetMemoryInfo", handle)
    if lost:
        return _gone(index)
    rates = ask("nvmlDeviceGetUtilizationRates", handle)
    mig = bool((ask("nvmlDeviceGetMigMode", handle) or (0,))[0])
    now = replace(
        _fixed(index, handle),
        memory_used=int(memory.used) if memory else None,
        memory_total=int(memory.total) if memory else None,
        utilization=int(rates.gpu) if rates else None,
        temperature=ask("nvmlDeviceGetTemperature", handle, _CELSIUS),
        power=_watts(ask("nvmlDeviceGetPowerUsage", handle)),
        power_limit=_watts(ask("nvmlDeviceGetEnforcedPowerLimit", handle)),
        clock=ask("nvmlDeviceGetClockInfo", handle, _GRAPHICS),
        memory_clock=ask("nvmlDeviceGetClockInfo", handle, _MEMORY),
        throttle=_throttle(handle),
        link=_link(handle),
        fan=ask("nvmlDeviceGetFanSpeed", handle),
        ecc_errors=ask("nvmlDeviceGetTotalEccErrors", handle, _UNCORRECTED, _VOLATILE),
        compute_mode=_MODES.get(_whole(ask("nvmlDeviceGetComputeMode", handle)), ""),
        persistence=_switch(ask("nvmlDeviceGetPersistenceMode", handle)),
        mig=mig,
        instances=_instances(handle) if mig else (),
    )
    _known[index] = now
    return now


def _fixed(index: int, handle: Any) -> Gpu:
    """Return what does not change about a GPU, asked once."""
    ask = nvml.session.ask
    uuid = _text(ask("nvmlDeviceGetUUID", handle))
    before = _known.get(index)
    if before is not None and uuid and before.uuid == uuid:
        return before
    return Gpu(
        index=index,
        name=_text(ask("nvmlDeviceGetName", handle)) or "GPU",
        uuid=uuid,
        clock_max=ask("nvmlDeviceGetMaxClockInfo", handle, _GRAPHICS),
        memory_clock_max=ask("nvmlDeviceGetMaxClockInfo", handle, _MEMORY),
        compute_capability=_pair(ask("nvmlDeviceGetCudaComputeCapability", handle)),
    )


def _gone(index: int) -> Gpu:
    before = _known.get(index)
    name, uuid = (before.name, before.uuid) if before else ("GPU", "")
    return Gpu(index=index, name=name, uuid=uuid, lost=True)


def _throttle(handle: Any) -> tuple[str, ...]:
    ask = nvml.session.ask
    mask = ask("nvmlDeviceGetCurrentClocksEventReasons", handle)
    if mask is None:
        mask = ask("nvmlDeviceGetCurrentClocksThrottleReasons", handle)
    return tuple(words for bit, words in _REASONS.items() if int(mask or 0) & bit)


def _link(handle: Any) -> Link | None:
    ask = nvml.session.ask
    link = Link(
        generation=ask("nvmlDeviceGetCurrPcieLinkGeneration", handle),
        width=ask("nvmlDeviceGetCurrPcieLinkWidth", handle),
        max_generation=ask("nvmlDeviceGetMaxPcieLinkGeneration", handle),
        max_width=ask("nvmlDeviceGetMaxPcieLinkWidth", handle),
    )
    return None if link == Link() else link


def _instances(handle: Any) -> tuple[Instance, ...]:
    ask = nvml.session.ask
    count = ask("nvmlDeviceGetMaxMigDeviceCount", handle) or 0
    parts = (ask("nvmlDeviceGetMigDeviceHandleByIndex", handle, index) for index in range(count))
    return tuple(_instance(part) for part in parts if part is not None)


def _instance(part: Any) -> Instance:
    ask = nvml.session.ask
    memory = ask("nvmlDeviceGetMemoryInfo", part)
    return Instance(
        name=_text(ask("nvmlDeviceGetName", part)) or "MIG",
        uuid=_text(ask("nvmlDeviceGetUUID", part)),
        memory_used=int(memory.used) if memory else None,
        memory_total=int(memory.total) if memory else None,
    )


def _text(told: Any) -> str:
    if told is None:
        return ""
    return told.decode(errors="replace") if isinstance(told, bytes) else str(told)


def _watts(milliwatts: Any) -> float | None:
    return None if milliwatts is None else int(milliwatts) / 1000


def _whole(told: Any) -> int:
    return -1 if told is None else int(told)


def _switch(told: Any) -> bool | None:
    return None if told is None else bool(told)


def _pair(told: Any) -> tuple[int, int] | None:
    return None if told is None else (int(told[0]), int(told[1]))


def _larger(one: int | None, other: Any) -> int | None:
    """Return the larger of two numbers of bytes, of which either may be unknown."""
    sizes = [int(size) for size in (one, other) if size is not None]
    return max(sizes, default=None)
