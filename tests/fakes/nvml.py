"""The part of nvidia-ml-py's ``pynvml`` that termai asks, with cards recorded or described.

What cards of several kinds have told is in ``recorded/nvml-*.json``, each with its source, in
NVML's units, which the keys name; a key that is not there is a question that the card refused.

Answers have the shapes documented in nvidia-ml-py 13: memory, rates and processes are structures,
names are text (bytes before 12), a size that is not available is None, powers are milliwatts, and
a question that a card does not support raises NVMLError with its code in ``value``.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

CODES = {
    "NVML_ERROR_UNINITIALIZED": 1,
    "NVML_ERROR_NOT_SUPPORTED": 3,
    "NVML_ERROR_NO_PERMISSION": 4,
    "NVML_ERROR_DRIVER_NOT_LOADED": 9,
    "NVML_ERROR_LIBRARY_NOT_FOUND": 12,
    "NVML_ERROR_GPU_IS_LOST": 15,
    "NVML_ERROR_RESET_REQUIRED": 16,
    "NVML_ERROR_LIB_RM_VERSION_MISMATCH": 18,
    "NVML_ERROR_UNKNOWN": 999,
}
_WORDS = {
    "NVML_ERROR_DRIVER_NOT_LOADED": "Driver Not Loaded",
    "NVML_ERROR_LIB_RM_VERSION_MISMATCH": "RM has detected an NVML/RM version mismatch.",
    "NVML_ERROR_LIBRARY_NOT_FOUND": "NVML Shared Library Not Found",
    "NVML_ERROR_GPU_IS_LOST": "GPU is lost",
}


class NVMLError(Exception):
    """Stands for pynvml.NVMLError and its subclasses."""

    def __init__(self, name: str = "NVML_ERROR_NOT_SUPPORTED") -> None:
        super().__init__(_WORDS.get(name, name))
        self.value = CODES[name]


@dataclass(frozen=True)
class Part:
    """A MIG instance."""

    name: str = "NVIDIA A100-SXM4-40GB MIG 1g.5gb"
    uuid: str = "MIG-1"
    used: int | None = 1 << 30
    total: int = 4864 << 20


@dataclass(frozen=True)
class Card:
    """A card; None makes NVML refuse the question. Processes are pairs of id and bytes."""

    name: str | bytes = "NVIDIA GeForce RTX 4090"
    used: int | None = 18_200 << 20
    total: int = 24_564 << 20
    gpu: int | None = 63
    celsius: int | None = 71
    computing: tuple[tuple[int, int | None], ...] | None = ()
    drawing: tuple[tuple[int, int | None], ...] | None = ()
    uuid: str | None = None
    milliwatts: int | None = None
    limit_milliwatts: int | None = None
    clock: int | None = None
    clock_max: int | None = None
    memory_clock: int | None = None
    memory_clock_max: int | None = None
    reasons: int | None = None
    link: tuple[int, int, int, int] | None = None
    fan: int | None = None
    capability: tuple[int, int] | None = None
    ecc: int | None = None
    mode: int | None = None
    persistence: int | None = None
    mig: int | None = None
    parts: tuple[Part, ...] = ()
    lost: bool = False


KINDS = ("one-gpu", "eight-gpus", "mig", "no-power-reading", "lost-gpu")
_FIELDS = {
    "used_bytes": "used",
    "total_bytes": "total",
    "gpu_percent": "gpu",
    "temperature_celsius": "celsius",
    "power_milliwatts": "milliwatts",
    "power_limit_milliwatts": "limit_milliwatts",
    "sm_clock_mhz": "clock",
    "max_sm_clock_mhz": "clock_max",
    "memory_clock_mhz": "memory_clock",
    "max_memory_clock_mhz": "memory_clock_max",
    "clocks_event_reasons": "reasons",
    "pcie_generation_width_max_generation_max_width": "link",
    "fan_percent": "fan",
    "compute_capability": "capability",
    "ecc_uncorrected_errors": "ecc",
    "compute_mode": "mode",
    "persistence_mode": "persistence",
    "mig_mode": "mig",
}
_REFUSED: dict[str, Any] = {"used": None, "gpu": None, "celsius": None}


def recorded(kind: str) -> tuple[Card, ...]:
    """Return the cards of a recording, one of KINDS."""
    return tuple(_card(told) for told in _recording(kind)["cards"])


def install_recorded(monkeypatch: pytest.MonkeyPatch, kind: str) -> ModuleType:
    """Make ``import pynvml`` find the cards and the driver of a recording."""
    told = _recording(kind)
    versions = {"version": told["driver_version"], "cuda": told["cuda_driver_version"]}
    return install(monkeypatch, *recorded(kind), **versions)


def _recording(kind: str) -> Any:
    path = Path(__file__).parent / "recorded" / f"nvml-{kind}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _card(told: dict[str, Any]) -> Card:
    parts = tuple(Part(**_values(part)) for part in told.pop("parts", ()))
    return Card(**{**_REFUSED, **_values(told)}, parts=parts)


def _values(told: dict[str, Any]) -> dict[str, Any]:
    """Return what was told by the fields' names, lists as the tuples that they hold."""
    return {
        _FIELDS.get(key, key): tuple(value) if isinstance(value, list) else value
        for key, value in told.items()
    }


def install(
    monkeypatch: pytest.MonkeyPatch,
    *cards: Card,
    driver: bool = True,
    failure: str = "NVML_ERROR_DRIVER_NOT_LOADED",
    version: str = "570.86.10",
    cuda: int = 12080,
) -> ModuleType:
    """Make ``import pynvml`` find these cards until the test ends, and return the module.

    Without a driver initialising fails as ``failure`` says. ``module.cards`` can be replaced, and
    ``module.failing`` set to a code's name that every question then ends with.
    """
    module = _module(cards, failure if not driver else "", version, cuda)
    monkeypatch.setitem(sys.modules, "pynvml", module)
    forget(monkeypatch)
    return module


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the next question begin a session of its own, and the one after the test, too."""
    from termai.hardware import nvidia, nvml

    monkeypatch.setattr(nvml, "session", nvml.Session())
    monkeypatch.setattr(nvidia, "_known", {})


def _module(cards: tuple[Card, ...], failure: str, version: str, cuda: int) -> ModuleType:
    module = ModuleType("pynvml")
    state: Any = module
    state.cards, state.failing, state.opened = cards, "", 0

    def init() -> None:
        state.opened += 1
        if failure or state.failing:
            raise NVMLError(failure or state.failing)

    def here() -> None:
        if state.failing:
            raise NVMLError(state.failing)

    def by_index(index: int) -> Card:
        here()
        return state.cards[index]  # type: ignore[no-any-return]

    def count() -> int:
        here()
        return len(state.cards)

    questions = {
        "NVMLError": NVMLError,
        "nvmlInit": init,
        "nvmlSystemGetDriverVersion": lambda: version,
        "nvmlSystemGetCudaDriverVersion_v2": lambda: cuda,
        "nvmlDeviceGetCount": count,
        "nvmlDeviceGetHandleByIndex": by_index,
        **{name: _checked(question) for name, question in _QUESTIONS.items()},
        **CODES,
    }
    for name, value in questions.items():
        setattr(module, name, value)
    return module


def _checked(question: Any) -> Any:
    def asked(card: Any, *arguments: Any) -> Any:
        if getattr(card, "lost", False):
            raise NVMLError("NVML_ERROR_GPU_IS_LOST")
        answer = question(card, *arguments)
        if answer is None:
            raise NVMLError
        return answer

    return asked


def _memory(card: Card | Part) -> SimpleNamespace | None:
    return None if card.used is None else SimpleNamespace(used=card.used, total=card.total)


def _processes(pairs: tuple[tuple[int, int | None], ...] | None) -> list[SimpleNamespace] | None:
    if pairs is None:
        return None
    return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in pairs]


def _rates(card: Card) -> SimpleNamespace | None:
    return None if card.gpu is None else SimpleNamespace(gpu=card.gpu, memory=0)


def _part(card: Card, index: int) -> Part | None:
    return card.parts[index] if index < len(card.parts) else None


_QUESTIONS = {
    "nvmlDeviceGetName": lambda card: card.name,
    "nvmlDeviceGetUUID": lambda card: card.uuid,
    "nvmlDeviceGetMemoryInfo": _memory,
    "nvmlDeviceGetUtilizationRates": _rates,
    "nvmlDeviceGetComputeRunningProcesses": lambda card: _processes(card.computing),
    "nvmlDeviceGetGraphicsRunningProcesses": lambda card: _processes(card.drawing),
    "nvmlDeviceGetTemperature": lambda card, sensor: card.celsius,
    "nvmlDeviceGetPowerUsage": lambda card: card.milliwatts,
    "nvmlDeviceGetEnforcedPowerLimit": lambda card: card.limit_milliwatts,
    "nvmlDeviceGetClockInfo": lambda card, which: card.memory_clock if which == 2 else card.clock,
    "nvmlDeviceGetMaxClockInfo": lambda card, which: (
        card.memory_clock_max if which == 2 else card.clock_max
    ),
    "nvmlDeviceGetCurrentClocksEventReasons": lambda card: card.reasons,
    "nvmlDeviceGetCurrPcieLinkGeneration": lambda card: card.link and card.link[0],
    "nvmlDeviceGetCurrPcieLinkWidth": lambda card: card.link and card.link[1],
    "nvmlDeviceGetMaxPcieLinkGeneration": lambda card: card.link and card.link[2],
    "nvmlDeviceGetMaxPcieLinkWidth": lambda card: card.link and card.link[3],
    "nvmlDeviceGetFanSpeed": lambda card: card.fan,
    "nvmlDeviceGetCudaComputeCapability": lambda card: card.capability,
    "nvmlDeviceGetTotalEccErrors": lambda card, kind, counter: card.ecc,
    "nvmlDeviceGetComputeMode": lambda card: card.mode,
    "nvmlDeviceGetPersistenceMode": lambda card: card.persistence,
    "nvmlDeviceGetMigMode": lambda card: None if card.mig is None else [card.mig, card.mig],
    "nvmlDeviceGetMaxMigDeviceCount": lambda card: 7 if card.mig is not None else None,
    "nvmlDeviceGetMigDeviceHandleByIndex": _part,
}
