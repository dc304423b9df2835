"""The curve of memory against context, drawn in lines of text."""

import math

from termai.models.fit.curve import Curve, Line

_GIB = 1 << 30
_MIB = 1 << 20
_SMALL = 2 * _GIB  # below which the scale is in MiB
_TICK_WIDTH = 8
_MARKS = ("●", "▲", "■")
_ASCII_MARKS = ("*", "+", "o")


def draw(found: Curve, width: int = 72, height: int = 14, *, ascii_only: bool = False) -> list[str]:
    """Return the curve as lines of text, at most ``width`` columns and ``height`` lines.

    The context grows by doubling to the right, the memory evenly upwards; a rule shows what can be
    used. Width is at least 48, height at least 8.
    """
    return _Drawing(found, max(48, width), max(8, height), ascii_only=ascii_only).lines()


def _unit(top: float) -> tuple[int, int, str]:
    """Return the unit of a scale up to ``top`` bytes, the digits after the point, and its name."""
    return (_MIB, 0, "MiB") if top < _SMALL else (_GIB, 1, "GiB")


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
        self.unit, self.digits, self.unit_name = _unit(self.top)
        self.label = max(5, len(self._amount(self.top)))
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
        head = f"{self.curve.where} in {self.unit_name}:  {legend}"
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
        return self._amount(from_below / self.rows * self.top) if from_below % every == 0 else ""

    def _amount(self, count: float) -> str:
        return f"{count / self.unit:.{self.digits}f}"

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
