"""The part of nvidia-ml-py's ``pynvml`` that termai asks, with cards that a test describes.

Answers have the shapes documented in nvidia-ml-py 13: memory, rates and processes are structures,
names are text (bytes before 12), a size that is not available is None, and a question that a card
does not support raises NVMLError.
"""

import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class NVMLError(Exception):
    """Stands for pynvml.NVMLError and its subclasses."""


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


def install(monkeypatch: pytest.MonkeyPatch, *cards: Card, driver: bool = True) -> None:
    """Make ``import pynvml`` find these cards until the test ends."""
    from termai.hardware import gpus

    monkeypatch.setitem(sys.modules, "pynvml", _module(cards, driver))
    gpus._nvml.cache_clear()


def _module(cards: tuple[Card, ...], driver: bool) -> ModuleType:
    def refuse_without_driver() -> None:
        if not driver:
            raise NVMLError("Driver Not Loaded")

    def answer(value: Any) -> Any:
        if value is None:
            raise NVMLError("Not Supported")
        return value

    def memory(card: Card) -> SimpleNamespace:
        return SimpleNamespace(used=answer(card.used), total=card.total)

    def processes(pairs: tuple[tuple[int, int | None], ...] | None) -> list[SimpleNamespace]:
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in answer(pairs)]

    module = ModuleType("pynvml")
    functions = {
        "NVMLError": NVMLError,
        "NVML_TEMPERATURE_GPU": 0,
        "nvmlInit": refuse_without_driver,
        "nvmlDeviceGetCount": lambda: len(cards),
        "nvmlDeviceGetHandleByIndex": lambda index: cards[index],
        "nvmlDeviceGetName": lambda card: card.name,
        "nvmlDeviceGetMemoryInfo": memory,
        "nvmlDeviceGetUtilizationRates": lambda card: SimpleNamespace(gpu=answer(card.gpu)),
        "nvmlDeviceGetComputeRunningProcesses": lambda card: processes(card.computing),
        "nvmlDeviceGetGraphicsRunningProcesses": lambda card: processes(card.drawing),
        "nvmlDeviceGetTemperature": lambda card, sensor: answer(card.celsius),
    }
    for name, value in functions.items():
        setattr(module, name, value)
    return module
