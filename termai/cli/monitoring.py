"""The machine as lines of text and as JSON, once or again and again."""

import dataclasses
import sys
import time
from collections.abc import Iterator
from typing import Any

from termai.cli.model_text import size_text
from termai.cli.style import out, out_json, width
from termai.hardware import Gpu, Sampler, Snapshot
from termai.hardware.holders import Holder
from termai.text import one_line

_BETWEEN_S = 0.25  # seconds between the two looks that rates need
_HOME = "\x1b[H\x1b[J"  # to the first line, and clear what follows


def monitor(seconds: float | None, *, as_json: bool) -> int:
    """Print the machine, with ``seconds`` again and again until Ctrl-C; returns the exit code."""
    sampler = Sampler()
    sampler.sample()
    time.sleep(_BETWEEN_S)
    if seconds is None:
        shot, held = _look(sampler)
        if as_json:
            out_json(_object(shot, held))
        else:
            _print(shot, held)
        return 0
    _watch(sampler, seconds, as_json=as_json)
    return 0


def _watch(sampler: Sampler, seconds: float, *, as_json: bool) -> None:
    import json

    drawn = sys.stdout.isatty() and not as_json
    while True:
        shot, held = _look(sampler)
        if as_json:
            out(json.dumps(_object(shot, held)))
        else:
            if drawn:
                sys.stdout.write(_HOME)
            out(time.strftime("%H:%M:%S"))
            _print(shot, held)
        sys.stdout.flush()
        time.sleep(seconds)


def _look(sampler: Sampler) -> tuple[Snapshot, tuple[Holder, ...]]:
    from termai.servers import holding

    return sampler.sample(), holding.read()


def _print(shot: Snapshot, held: tuple[Holder, ...]) -> None:
    columns = width(sys.stdout)
    for line in _lines(shot, held, columns):
        out(line if len(line) <= columns else f"{line[: columns - 1]}…")


def _lines(shot: Snapshot, held: tuple[Holder, ...], columns: int) -> Iterator[str]:
    for gpu in shot.gpus:
        yield f"GPU {gpu.index}   {one_line(gpu.name, 60)}"
        yield from _filled(list(_facts(gpu)) or ["tells nothing of itself"], columns)
        if gpu.throttle:
            yield f"        held down by: {', '.join(gpu.throttle)}"
        for part in gpu.instances:
            name = one_line(part.name.removeprefix(gpu.name).strip() or part.name, 50)
            yield f"        {name}: {_pair(part.memory_used, part.memory_total)}"
        if gpu.vendor == "nvidia":
            yield from (_holder(one) for one in held if one.gpu == gpu.index)
    if not shot.gpus:
        yield "GPU     none was found"
    yield from _host(shot)


def _filled(facts: list[str], columns: int) -> Iterator[str]:
    """Yield lines of whole facts, as many in each as there is room for."""
    line = ""
    for fact in facts:
        if line and len(line) + 2 + len(fact) > columns:
            yield line
            line = ""
        line = f"{line}  {fact}" if line else f"        {fact}"
    yield line


def _facts(gpu: Gpu) -> Iterator[str]:
    if gpu.lost:
        yield "lost: it has fallen off the bus, and needs a reset or a reboot"
    if gpu.memory_total:
        yield _pair(gpu.memory_used, gpu.memory_total)
    if gpu.utilization is not None:
        yield f"busy {gpu.utilization}%"
    if gpu.temperature is not None:
        yield f"{gpu.temperature}C"
    if gpu.power is not None:
        limit = f"/{gpu.power_limit:.0f}" if gpu.power_limit else ""
        yield f"{gpu.power:.0f}{limit} W"
    if gpu.clock is not None:
        yield f"{gpu.clock} MHz"
    if gpu.fan is not None:
        yield f"fan {gpu.fan}%"
    if gpu.link and gpu.link.text:
        yield gpu.link.text
    if gpu.ecc_errors:
        yield f"{gpu.ecc_errors} memory errors"


def _holder(one: Holder) -> str:
    size = size_text(one.bytes) if one.bytes is not None else "unknown"
    if one.server:
        return f"        {size:>10}  server {one.server}, process {one.pid}"
    whose = " ".join(word for word in (one.command, one.user and f"of {one.user}") if word)
    return f"        {size:>10}  {whose or 'not visible here'}, process {one.pid}"


def _host(shot: Snapshot) -> Iterator[str]:
    if shot.cpu_percent is not None:
        load = " ".join(f"{value:.2f}" for value in shot.load or ())
        limit = f", of which {shot.processors:g} are allowed here" if shot.processors else ""
        share = f"{shot.cpu_percent:.0f}% of {len(shot.cores)} cores{limit}"
        yield f"CPU     {share}; load {load or '-'}"
    if shot.ram_total:
        yield f"RAM     {_pair(shot.ram_used, shot.ram_total)}"
    if shot.limit_total:
        yield f"limit   {_pair(shot.limit_used, shot.limit_total)} of this container or group"
    if shot.swap_total:
        yield f"swap    {_pair(shot.swap_used, shot.swap_total)}"
    if shot.disk_read is not None and shot.disk_written is not None:
        yield f"disks   read {_rate(shot.disk_read)}, written {_rate(shot.disk_written)}"
    if shot.net_received is not None and shot.net_sent is not None:
        yield f"network received {_rate(shot.net_received)}, sent {_rate(shot.net_sent)}"


def _pair(used: int | None, total: int | None) -> str:
    share = f" ({100 * used / total:.0f}%)" if used is not None and total else ""
    known = size_text(used) if used is not None else "unknown"
    return f"{known} of {size_text(total or 0)}{share}"


def _rate(value: float) -> str:
    return f"{size_text(value)}/s"


def _object(shot: Snapshot, held: tuple[Holder, ...]) -> dict[str, Any]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **dataclasses.asdict(shot),
        "holders": [dataclasses.asdict(one) for one in held],
    }
