"""Every engine on this machine: its build, what it can use here, what it lacks, what auto takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from termai.engines import build_facts
from termai.engines.base import AbsentError, Detection
from termai.engines.build_facts import BuildFacts
from termai.engines.choose import others, survey
from termai.engines.recipe import cpu_features
from termai.errors import TermaiError
from termai.hardware import gpus
from termai.hardware.gpu import Gpu, Vendor
from termai.profiles.schema import EMBEDDED, NATIVE
from termai.text import one_line

_FITTING = {
    Vendor.NVIDIA: ("CUDA", "Vulkan"),
    Vendor.AMD: ("HIP", "Vulkan"),
    Vendor.INTEL: ("SYCL", "Vulkan"),
    Vendor.APPLE: ("Metal",),
}
_DEVICE_NAMES = {
    Vendor.NVIDIA: ("CUDA", "Vulkan"),
    Vendor.AMD: ("ROCm", "HIP", "Vulkan"),
    Vendor.INTEL: ("SYCL", "Vulkan"),
    Vendor.APPLE: ("Metal", "MTL"),
}
_OF_CPU = {"avx2": "AVX2", "f16c": "F16C", "fma": "FMA", "avx512f": "AVX512"}


@dataclass(frozen=True, slots=True)
class Installed:
    """A program that can run models here.

    lacks: one sentence for each thing of this machine that it cannot use. auto: whether ``auto``
    takes it, and why: one sentence of why it does or does not.
    """

    detection: Detection
    build: BuildFacts
    lacks: tuple[str, ...]
    auto: bool
    why: str


@dataclass(frozen=True, slots=True)
class Absent:
    """An engine that is not here, or a program that does not work, and what to do about it.

    broken: whether something of it is here.
    """

    engine: str
    problem: str
    fix: str = ""
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Engines:
    """What is here, the one that ``auto`` takes first, and what is not."""

    here: tuple[Installed, ...]
    absent: tuple[Absent, ...]


def look() -> Engines:
    """Return every engine; asks each program what it was built with, which takes a moment."""
    seen = survey()
    cards = [gpu for gpu in gpus.read_all() if gpu.memory_total]
    here = [
        _installed(found, seen.found[0], cards, by_auto=True, is_first=not number)
        for number, found in enumerate(seen.found)
    ]
    absent = [Absent("", passed.message, passed.fix) for passed in seen.skipped]
    for name, other in others().items():
        if isinstance(other, TermaiError):
            broken = not isinstance(other, AbsentError)
            absent.append(Absent(name, other.message, other.fix, broken))
        else:
            here.append(_installed(other, other, cards, by_auto=False, is_first=False))
    return Engines(tuple(here), tuple(absent))


def _installed(
    found: Detection, first: Detection, cards: Sequence[Gpu], *, by_auto: bool, is_first: bool
) -> Installed:
    build = build_facts.of(found)
    lacks = tuple(_lacks(found, build, cards)) if by_auto else ()
    why = _why(found, first, is_first=is_first) if by_auto else "Profiles name it; auto does not."
    return Installed(found, build, lacks, is_first, why)


def _why(found: Detection, first: Detection, *, is_first: bool) -> str:
    if is_first:
        uses = f" and can use {', '.join(found.devices)}" if found.devices else ""
        return f"auto takes it: it is {found.source}{uses}."
    if first.uses_gpu and not found.uses_gpu:
        return f"auto takes {first.program} before it, which can use {', '.join(first.devices)}."
    return f"auto takes {first.program} before it, which is {first.source}."


def _lacks(found: Detection, build: BuildFacts, cards: Sequence[Gpu]) -> Iterator[str]:
    for vendor in dict.fromkeys(card.vendor for card in cards):
        names = ", ".join(one_line(c.name, 40) for c in cards if c.vendor is vendor)
        if any(d.startswith(_DEVICE_NAMES[vendor]) for d in found.devices):
            continue
        if any(name in build.interfaces for name in _FITTING[vendor]):
            yield f"It sees no device of {names}, though it is built for it; see `termai doctor`."
        else:
            yield f"It was built without {_FITTING[vendor][0]} and cannot use {names}."
    if build.known and (unused := unused_features(build)):
        yield f"It does not use {', '.join(unused)} of this CPU, and is slower for it."
    if found.engine == NATIVE and not build.rpc:
        yield "It was built without RPC and cannot use other machines."
    if found.engine == EMBEDDED:
        yield "It answers one request at a time."


def unused_features(build: BuildFacts) -> list[str]:
    """Return what the CPU has and the build leaves; AMX is left on purpose (recipe.py)."""
    here = set(cpu_features().split())
    return [name for flag, name in _OF_CPU.items() if flag in here and name not in build.cpu]
