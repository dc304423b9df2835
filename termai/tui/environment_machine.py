"""The machine as lines: each GPU, processor, memory, disks and network, with their last minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, icons

if TYPE_CHECKING:
    from termai.hardware import Gpu, Snapshot
    from termai.hardware.holders import Holder

    History = Callable[[str, int | None], tuple[float, ...]]

_STEPS, _PLAIN_STEPS = "▁▂▃▄▅▆▇█", "_.-=+*%#"
_GPUS_SHORT = 4  # GPUs that get a line of their own where there is little room
_GPUS_WHOLE = 2  # of more each is told in one line, that all can be seen at once
_NARROW = 60  # cells below which bars are shorter
_LABELLED = 23  # cells before a history
_MOST = 60  # cells of a history
_SCALE = "Bars: full is 100%, 100C, power limit."


def short(shot: Snapshot, history: History, width: int) -> list[Content]:
    """Return a line for each of the first GPUs, and one for processor and memory."""
    lines = [_gpu(gpu, n, history, width) for n, gpu in enumerate(shot.gpus[:_GPUS_SHORT])]
    more = len(shot.gpus) - _GPUS_SHORT
    if more > 0:
        lines.append(Content.styled(f"and {more} more GPUs: m shows all", "$muted"))
    return [*lines, Content(_cut("   ".join(_host(shot, history, width)), width))]


def full(
    shot: Snapshot, history: History, holders: Sequence[Holder], width: int
) -> Iterator[Content]:
    """Yield all that is known of the machine at this moment, and who holds the GPUs' memory."""
    many = len(shot.gpus) > _GPUS_WHOLE
    for place, gpu in enumerate(shot.gpus):
        if many:
            yield _gpu(gpu, place, history, width)
        else:
            yield Content.styled(one_line(f"GPU {gpu.index}  {gpu.name}", width), "bold")
            lines = _gpu_lines(gpu, place, history, width)
            yield from (Content(_cut(line, width)) for line in lines)
        yield from (Content(_cut(line, width)) for line in _trouble(gpu))
        if gpu.vendor == "nvidia":
            held = [one for one in holders if one.gpu == gpu.index]
            yield from (_holder(one, width) for one in held)
        if not many or place == len(shot.gpus) - 1:
            yield Content("")
    if not shot.gpus:
        yield Content.styled("No GPU that a driver tells of.", "$muted")
    yield from (Content(_cut(line, width)) for line in _host_lines(shot, history, width))
    yield Content.styled(_cut(_SCALE, width), "$muted")


def spark(values: Sequence[float], cells: int, most: float | None = 100.0) -> str:
    """Return the last values as bars of one cell; ``most`` None measures them by their highest."""
    last = values[-cells:]
    top = most if most is not None else max(last, default=0.0)
    steps = _PLAIN_STEPS if icons.plain() else _STEPS
    if top <= 0:
        return steps[0] * len(last)
    highest = len(steps) - 1
    return "".join(steps[min(highest, max(0, round(v / top * highest)))] for v in last)


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _gpu(gpu: Gpu, place: int, history: History, width: int) -> Content:
    head = f"GPU {gpu.index} "
    if gpu.lost:
        return Content.assemble(head, ("lost", icons.STYLES["lost"]), f"  {one_line(gpu.name, 40)}")
    parts = [head]
    if gpu.memory_used is not None and gpu.memory_total:
        part = gpu.memory_used / gpu.memory_total
        amount = formats.pair(gpu.memory_used, gpu.memory_total)
        parts.append(f"{formats.bar(part, 10 if width >= _NARROW else 5)} {amount}  ")
    if gpu.utilization is not None:
        cells = 12 if width >= 70 else 0
        past = spark(history("utilization", place), cells) if cells else ""
        parts.append(f"{past}{' ' if past else ''}busy {gpu.utilization}%  ")
    parts.extend(f"{text}  " for text in _warmth(gpu, limit=width >= _NARROW))
    line = "".join(parts)
    return Content(_cut(f"{line}{one_line(gpu.name, 40)}", width))


def _warmth(gpu: Gpu, *, limit: bool) -> Iterator[str]:
    if gpu.temperature is not None:
        yield f"{gpu.temperature}C"
    if gpu.power is not None:
        most = f"/{gpu.power_limit:.0f}" if gpu.power_limit and limit else ""
        yield f"{gpu.power:.0f}{most}W"


def _cells(width: int) -> int:
    """Return how many of the last looks there is room for beside what they are of."""
    return min(_MOST, max(1, width - _LABELLED))


def _gpu_lines(gpu: Gpu, place: int, history: History, width: int) -> Iterator[str]:
    cells = _cells(width)
    if gpu.memory_used is not None and gpu.memory_total:
        amount = formats.pair(gpu.memory_used, gpu.memory_total)
        yield f"  memory {amount:>12} {spark(history('memory', place), cells)}"
    if gpu.utilization is not None:
        yield f"  busy   {gpu.utilization:>11}% {spark(history('utilization', place), cells)}"
    if gpu.temperature is not None:
        yield f"  heat   {gpu.temperature:>11}C {spark(history('temperature', place), cells)}"
    if gpu.power is not None:
        limit = f"/{gpu.power_limit:.0f}" if gpu.power_limit else ""
        said = f"{gpu.power:.0f}{limit}W"
        yield f"  power  {said:>12} {spark(history('power', place), cells, gpu.power_limit)}"
    said = ", ".join(_about(gpu))
    if said:
        yield f"  {said}"


def _trouble(gpu: Gpu) -> Iterator[str]:
    """Yield what is wrong with a GPU, and the parts of a divided one."""
    if gpu.lost:
        yield "  lost: fallen off the bus, needs a reset or a reboot"
    if gpu.throttle:
        yield f"  held down by {', '.join(gpu.throttle)}"
    for part in gpu.instances:
        if part.memory_used is not None and part.memory_total:
            name = one_line(part.name.removeprefix(gpu.name).strip() or part.name, 40)
            yield f"  {formats.pair(part.memory_used, part.memory_total):>9}  {name}"


def _about(gpu: Gpu) -> Iterator[str]:
    if gpu.clock is not None:
        yield f"{gpu.clock}{f'/{gpu.clock_max}' if gpu.clock_max else ''} MHz"
    if gpu.fan is not None:
        yield f"fan {gpu.fan}%"
    if gpu.link is not None and gpu.link.text:
        yield gpu.link.text
    if gpu.ecc_errors:
        yield f"{gpu.ecc_errors} memory errors"


def _holder(holder: Holder, width: int) -> Content:
    size = formats.size(holder.bytes) if holder.bytes is not None else "?"
    if holder.server:
        text = f"server {one_line(holder.server, 40)}"
    else:
        who = " ".join(word for word in (holder.user, holder.command) if word)
        text = one_line(who) or f"process {holder.pid}, not visible here"
    line = _cut(f"  {size:>6}  {text}", width)
    return Content.styled(line, "$text-success" if holder.server else "")


def _host(shot: Snapshot, history: History, width: int) -> Iterator[str]:
    cells = 8 if width >= _NARROW else 4
    if shot.cpu_percent is not None:
        yield f"CPU {spark(history('cpu', None), cells)} {shot.cpu_percent:3.0f}%"
    if shot.ram_used is not None and shot.ram_total:
        bar = formats.bar(shot.ram_used / shot.ram_total, cells)
        yield f"RAM {bar} {formats.pair(shot.ram_used, shot.ram_total)}"
    if shot.swap_used:
        yield f"swap {formats.size(shot.swap_used)}"


def _host_lines(shot: Snapshot, history: History, width: int) -> Iterator[str]:
    cells = _cells(width)
    if shot.cpu_percent is not None:
        load = f"  load {shot.load[0]:.1f}" if shot.load else ""
        past = spark(history("cpu", None), max(1, cells - len(load)))
        yield f"CPU  {shot.cpu_percent:>15.0f}% {past}{load}"
    if shot.ram_used is not None and shot.ram_total:
        amount = formats.pair(shot.ram_used, shot.ram_total)
        yield f"RAM  {amount:>16} {spark(history('ram', None), cells)}"
    if shot.limit_used is not None and shot.limit_total:
        yield f"limit {formats.pair(shot.limit_used, shot.limit_total):>15} of this container"
    if shot.swap_total:
        yield f"swap {formats.pair(shot.swap_used or 0, shot.swap_total):>16}"
    for word, measure, rate in (
        ("disk read", "disk_read", shot.disk_read),
        ("written", "disk_written", shot.disk_written),
        ("net in", "net_received", shot.net_received),
        ("net out", "net_sent", shot.net_sent),
    ):
        if rate is not None:
            yield f"{word:<9} {formats.size(rate):>9}/s {_rates(history(measure, None), cells)}"


def _rates(past: Sequence[float], cells: int) -> str:
    """Return bars that are measured by the highest of them, and what that is."""
    last = past[-max(1, cells - 13) :]
    highest = max(last, default=0.0)
    return f"{spark(last, len(last), None)}  top {formats.size(highest)}/s" if highest else ""
