"""Memory against context, for each type of KV cache, and its drawing in lines of text."""

import math
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
_GIB = 1 << 30
_TICK_WIDTH = 8
_MARKS = ("●", "▲", "■")
_ASCII_MARKS = ("*", "+", "o")


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


def curve(header: Header, options: LoadOptions, machine: Machine, *, margin: int = MARGIN) -> Curve:
    """Return the curve of a model with all layers on the GPUs, or in RAM where there is none."""
    return curve_of(of_header(header), options, machine, margin=margin)


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


def draw(found: Curve, width: int = 72, height: int = 14, *, ascii_only: bool = False) -> list[str]:
    """Return the curve as lines of text, at most ``width`` columns and ``height`` lines.

    The context grows by doubling to the right, the memory evenly upwards; a rule shows what can be
    used. Width is at least 48, height at least 8.
    """
    return _Drawing(found, max(48, width), max(8, height), ascii_only=ascii_only).lines()


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


class _Drawing:
    """A canvas of characters with the axes, the rule and the marks of each line."""

    def __init__(self, found: Curve, width: int, height: int, *, ascii_only: bool) -> None:
        self.curve = found
        self.marks = _ASCII_MARKS if ascii_only else _MARKS
        self.axis = ("|", "-", "+", "-") if ascii_only else ("┤", "─", "└", "┄")
        points = [point for line in found.lines for point in line.points]
        self.low = min(point.ctx_size for point in points)
        self.high = max(max(point.ctx_size for point in points), self.low + 1)
        highest = max(point.bytes for point in points)
        shown = found.usable if found.usable <= 2 * highest else 0
        self.top = max(highest, shown) * 1.05 or 1.0
        self.label = max(5, len(f"{self.top / _GIB:.1f}"))
        self.columns = width - self.label - 2
        self.rows = height - 4
        self.cells = [[" "] * self.columns for _ in range(self.rows)]

    def lines(self) -> list[str]:
        """Return the whole drawing."""
        row = self._row(self.curve.usable)
        if row is not None:
            self.cells[row] = [self.axis[3]] * self.columns
        for mark, line in zip(self.marks, self.curve.lines, strict=False):
            self._draw(mark, line)
        upright, flat, corner, _ = self.axis
        body = [
            f"{self._tick(row):>{self.label}} {upright}{''.join(cells)}".rstrip()
            for row, cells in enumerate(self.cells)
        ]
        base = f"{'':>{self.label}} {corner}{flat * self.columns}"
        legend = "  ".join(
            f"{mark} {line.cache_type}"
            for mark, line in zip(self.marks, self.curve.lines, strict=False)
        )
        head = f"{self.curve.where} in GiB:  {legend}"
        return [head, *body, base, self._contexts(), self._foot(row)]

    def _foot(self, row: int | None) -> str:
        """Return what the rule stands for, or where it would be."""
        usable, free = self.curve.usable / _GIB, self.curve.free / _GIB
        text = f"{usable:.1f} GiB usable of {free:.1f} GiB free"
        if row is not None:
            return f"{self.axis[3] * 3} {text}"
        return f"{text}, {'above' if self.curve.usable > self.top else 'below'}"

    def _draw(self, mark: str, line: Line) -> None:
        for column in range(self.columns):
            row = self._row(self._at(line, column))
            if row is not None:
                self.cells[row][column] = mark

    def _at(self, line: Line, column: int) -> float:
        """Return the bytes at a column, between the points next to it."""
        part = column / max(1, self.columns - 1)
        wanted = self.low * (self.high / self.low) ** part
        before = line.points[0]
        for point in line.points:
            if point.ctx_size >= wanted:
                span = point.ctx_size - before.ctx_size
                share = (wanted - before.ctx_size) / span if span else 0.0
                return before.bytes + (point.bytes - before.bytes) * share
            before = point
        return before.bytes

    def _row(self, count: float) -> int | None:
        row = self.rows - 1 - int(count / self.top * self.rows)
        return row if 0 <= row < self.rows else None

    def _tick(self, row: int) -> str:
        every = max(1, self.rows // 5)
        from_below = self.rows - 1 - row
        return f"{from_below / self.rows * self.top / _GIB:.1f}" if from_below % every == 0 else ""

    def _contexts(self) -> str:
        """Return the scale below the axis: powers of two, as many as there is room for."""
        scale = [" "] * (self.columns + self.label + 2 + _TICK_WIDTH)
        last = -_TICK_WIDTH
        for power in range(math.ceil(math.log2(self.low)), int(math.log2(self.high)) + 1):
            part = (power - math.log2(self.low)) / math.log2(self.high / self.low)
            start = self.label + 2 + round(part * (self.columns - 1))
            text = f"{2**power // 1024}k" if power >= 10 else str(2**power)
            start = min(start, self.columns + self.label + 2 - len(text))
            if start - last >= _TICK_WIDTH:
                scale[start : start + len(text)] = text
                last = start
        return "".join(scale).rstrip()
