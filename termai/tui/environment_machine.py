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


def short(shot: Snapshot, history: History, width: int) -> list[Content]:
    """Return a line for each of the first GPUs, and one for processor and memory."""
    lines = [_gpu(gpu, n, history, width) for n, gpu in enumerate(shot.gpus[:_GPUS_SHORT])]
    more = len(shot.gpus) - _GPUS_SHORT
    if more > 0:
        lines.append(Content.styled(f"and {more} more GPUs: m shows all", "$muted"))
    return [*lines, Content(_cut("   ".join(_host(shot, history)), width))]


def full(
    shot: Snapshot, history: History, holders: Sequence[Holder], width: int
) -> Iterator[Content]:
    """Yield all that is known of the machine at this moment, and who holds the GPUs' memory."""
    for place, gpu in enumerate(shot.gpus):
        yield Content.styled(one_line(f"GPU {gpu.index}  {gpu.name}", width), "bold")
        yield from (Content(_cut(line, width)) for line in _gpu_lines(gpu, place, history))
        held = [one for one in holders if one.gpu == gpu.index]
        yield from (_holder(one, width) for one in held)
        yield Content("")
    if not shot.gpus:
        yield Content.styled("No GPU that a driver tells of.", "$muted")
    yield from (Content(_cut(line, width)) for line in _host_lines(shot, history))


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
        parts.append(f"{formats.bar(part, 10)} {amount}  ")
    if gpu.utilization is not None:
        cells = 12 if width >= 70 else 0
        past = spark(history("utilization", place), cells) if cells else ""
        parts.append(f"{past}{' ' if past else ''}busy {gpu.utilization}%  ")
    parts.extend(f"{text}  " for text in _warmth(gpu))
    line = "".join(parts)
    return Content(_cut(f"{line}{one_line(gpu.name, 40)}", width))


def _warmth(gpu: Gpu) -> Iterator[str]:
    if gpu.temperature is not None:
        yield f"{gpu.temperature}C"
    if gpu.power is not None:
        limit = f"/{gpu.power_limit:.0f}" if gpu.power_limit else ""
        yield f"{gpu.power:.0f}{limit}W"


def _gpu_lines(gpu: Gpu, place: int, history: History) -> Iterator[str]:
    if gpu.lost:
        yield "  lost: it has fallen off the bus"
        return
    if gpu.memory_used is not None and gpu.memory_total:
        amount = formats.pair(gpu.memory_used, gpu.memory_total)
        yield f"  memory {amount:>12} {spark(history('memory', place), 20)}"
    if gpu.utilization is not None:
        yield f"  busy   {gpu.utilization:>11}% {spark(history('utilization', place), 20)}"
    if gpu.temperature is not None:
        yield f"  heat   {gpu.temperature:>11}C {spark(history('temperature', place), 20)}"
    if gpu.power is not None:
        limit = f"/{gpu.power_limit:.0f}" if gpu.power_limit else ""
        said = f"{gpu.power:.0f}{limit}W"
        yield f"  power  {said:>12} {spark(history('power', place), 20, gpu.power_limit)}"
    said = ", ".join(_about(gpu))
    if said:
        yield f"  {said}"
    if gpu.throttle:
        yield f"  held down by {', '.join(gpu.throttle)}"
    for part in gpu.instances:
        if part.memory_used is not None and part.memory_total:
            yield f"  {part.name}  {formats.pair(part.memory_used, part.memory_total)}"


def _about(gpu: Gpu) -> Iterator[str]:
    if gpu.clock is not None:
        yield f"{gpu.clock}{f'/{gpu.clock_max}' if gpu.clock_max else ''} MHz"
    if gpu.fan is not None:
        yield f"fan {gpu.fan}%"
    link = gpu.link
    if link is not None and link.generation and link.width:
        yield f"PCIe {link.generation} x{link.width}"
    if gpu.ecc_errors:
        yield f"{gpu.ecc_errors} memory errors"


def _holder(holder: Holder, width: int) -> Content:
    size = formats.size(holder.bytes) if holder.bytes is not None else "?"
    if holder.server:
        text = f"server {one_line(holder.server, 40)}"
    else:
        who = " ".join(word for word in (holder.user, holder.command) if word)
        text = one_line(who) or f"process {holder.pid}"
    line = _cut(f"  {size:>6}  {text}", width)
    return Content.styled(line, "$text-success" if holder.server else "")


def _host(shot: Snapshot, history: History) -> Iterator[str]:
    if shot.cpu_percent is not None:
        yield f"CPU {spark(history('cpu', None), 8)} {shot.cpu_percent:3.0f}%"
    if shot.ram_used is not None and shot.ram_total:
        yield f"RAM {_bar(shot.ram_used, shot.ram_total)}"
    if shot.swap_used:
        yield f"swap {formats.size(shot.swap_used)}"


def _bar(used: int, total: int) -> str:
    return f"{formats.bar(used / total, 8)} {formats.pair(used, total)}"


def _host_lines(shot: Snapshot, history: History) -> Iterator[str]:
    if shot.cpu_percent is not None:
        load = f"  load {shot.load[0]:.1f}" if shot.load else ""
        yield f"CPU  {shot.cpu_percent:>13.0f}% {spark(history('cpu', None), 20)}{load}"
    if shot.ram_used is not None and shot.ram_total:
        amount = formats.pair(shot.ram_used, shot.ram_total)
        yield f"RAM  {amount:>14} {spark(history('ram', None), 20)}"
    if shot.limit_used is not None and shot.limit_total:
        yield f"limit{formats.pair(shot.limit_used, shot.limit_total):>14} of this container"
    if shot.swap_total:
        yield f"swap {formats.pair(shot.swap_used or 0, shot.swap_total):>14}"
    for word, measure, rate in (
        ("disk read", "disk_read", shot.disk_read),
        ("written", "disk_written", shot.disk_written),
        ("net in", "net_received", shot.net_received),
        ("net out", "net_sent", shot.net_sent),
    ):
        if rate is not None:
            past = spark(history(measure, None), 20, None)
            yield f"{word:<9} {formats.size(rate):>7}/s {past}"
