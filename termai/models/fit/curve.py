"""Memory against context, for each type of KV cache."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from termai.gguf.header import Header
from termai.gguf.memory import Estimate, LoadOptions
from termai.models.fit.machine import Machine
from termai.models.fit.placement import AUTO, MARGIN, STEP, budget
from termai.models.fit.subject import Subject, of_header

CACHE_TYPES = ("f16", "q8_0", "q4_0")
_POINTS = 32
_SMALLEST = 1024
_UNKNOWN_CTX = 131_072


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """Bytes of memory with a context of so many tokens."""

    ctx_size: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Line:
    """One type of KV cache."""

    cache_type: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Memory that a model takes wholly loaded, against its context.

    where: ``VRAM`` over all GPUs, or ``RAM`` on a machine without one. free: bytes that are free
    there now. usable: what of it leaves the margins free.
    """

    lines: tuple[Line, ...]
    where: str
    free: int
    usable: int


def curve(
    header: Header,
    options: LoadOptions,
    machine: Machine,
    *,
    margin: int = MARGIN,
    projector: Header | None = None,
) -> Curve:
    """Return the curve of a model with all layers on the GPUs, or in RAM where there is none.

    projector: what is loaded beside it.
    """
    return curve_of(of_header(header, projector=projector), options, machine, margin=margin)


def curve_of(
    subject: Subject, options: LoadOptions, machine: Machine, *, margin: int = MARGIN
) -> Curve:
    """Return the curve of what is fitted; see ``curve``."""
    on_gpu = bool(machine.gpus)
    moe = max(0, options.n_cpu_moe) if on_gpu else 0
    layers = subject.n_layers if options.n_gpu_layers == AUTO else options.n_gpu_layers
    split = tuple(float(gpu.free) for gpu in machine.gpus) if len(machine.gpus) > 1 else ()
    base = replace(
        options,
        n_gpu_layers=layers if on_gpu else 0,
        n_cpu_moe=moe,
        tensor_split=options.tensor_split or split,
    )
    types = CACHE_TYPES if subject.quantizable and options.flash_attn else CACHE_TYPES[:1]
    contexts = _contexts(subject.trained or _UNKNOWN_CTX)
    lines = tuple(
        Line(name, tuple(_point(subject, base, name, ctx, on_gpu=on_gpu) for ctx in contexts))
        for name in types
    )
    room = budget(machine, margin)
    if on_gpu:
        return Curve(lines, "VRAM", machine.vram_free, sum(room.gpus))
    return Curve(lines, "RAM", machine.ram_free, room.ram)


def _point(
    subject: Subject, base: LoadOptions, cache_type: str, ctx_size: int, *, on_gpu: bool
) -> Point:
    options = replace(base, ctx_size=ctx_size, cache_type_k=cache_type, cache_type_v=cache_type)
    return Point(ctx_size, _taken(subject.estimate(options), on_gpu=on_gpu))


def _taken(estimate: Estimate, *, on_gpu: bool) -> int:
    devices = estimate.devices[1:] if on_gpu else estimate.devices[:1]
    return sum(device.total for device in devices)


def _contexts(trained: int) -> Sequence[int]:
    """Return contexts from small to the trained one, each the same factor above the last."""
    least = min(_SMALLEST, trained)
    factor = (trained / least) ** (1 / (_POINTS - 1))
    steps = (least * factor**place for place in range(_POINTS))
    rounded = {max(STEP, round(ctx / STEP) * STEP) for ctx in steps}
    return sorted({min(ctx, trained) for ctx in rounded} | {trained})
