"""What the list of servers says of each: as much as the width allows, the failure in full."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, icons

if TYPE_CHECKING:
    from termai.servers.records import Server

WIDE = 100
BAR = 10
_COMING = ("starting", "loading")
_PROBLEM_LINES = 3


def row(server: Server, width: int, now: float, *, full: bool = True) -> Content:
    """Return one line about a server, and below it its problem, on one line unless ``full``."""
    state = str(server.state)
    name_width = 12 if width < WIDE else 28
    head = Content.assemble(
        (f"{icons.sign(state)} ", icons.STYLES.get(state, "")),
        (f"{_name(server.name, name_width):<{name_width}} ", "bold"),
        (f"{state:<8} ", icons.STYLES.get(state, "")),
    )
    rest = " ".join(_ended(server, now) if not server.alive else _living(server, width, now))
    return Content("\n").join([head + Content(rest), *_problem(server, width, full)])


def _name(name: str, width: int) -> str:
    """Return a name in ``width`` cells, cut in its middle: names often differ in their ends."""
    name = one_line(name)
    return name if len(name) <= width else f"{name[: width // 2 - 1]}…{name[-width // 2 :]}"


def _living(server: Server, width: int, now: float) -> Iterator[str]:
    yield f":{server.port:<5}"
    yield f"{one_line(server.engine):<{12 if width < WIDE else 16}}"
    if server.state in _COMING:
        yield progress(server)
        return
    yield f"{offload(server):<{12 if width < WIDE else 24}}"
    yield f"{formats.tokens(server.ctx_size) if server.ctx_size else '':>5}"
    rate = server.facts.last.completion_per_second if server.facts.last else 0.0
    yield f"{formats.rate(rate) if rate else '-':>8}"
    yield f"{uptime(server, now):>4}"


def _ended(server: Server, now: float) -> Iterator[str]:
    ended = server.job.state.ended_at
    yield f"{formats.moment(ended, now) if ended else '':<6}"
    yield one_line(server.engine)
    left = server.exit
    if left is not None and left.signal:
        yield f"by {left.signal}"
    elif left is not None and left.code:
        yield f"with code {left.code}"


def progress(server: Server) -> str:
    """Return how far the weights are read: a bar and a percentage where the engine says."""
    asked = f"  ctx {formats.tokens(server.ctx_size)}" if server.ctx_size else ""
    part = server.facts.progress
    if part is None:
        return f"{server.facts.stage}{asked}"
    return f"{formats.bar(part, BAR)} {part:>4.0%}{asked}"


def offload(server: Server) -> str:
    """Return where the layers are: ``29/29 CUDA0``, ``0/3 CPU``."""
    where = server.offload
    if not where.total:
        return "-"
    return f"{where.layers}/{where.total} {'+'.join(where.devices) or 'CPU'}"


def uptime(server: Server, now: float) -> str:
    """Return for how long a server has run."""
    return formats.duration(now - server.started_at) if server.started_at else ""


def _problem(server: Server, width: int, full: bool) -> Iterator[Content]:
    if not server.problem:
        return
    state = "warning" if server.alive else "failed"
    text = one_line(server.problem)
    most = _PROBLEM_LINES if full else 1
    lines = textwrap.wrap(text, max(20, width - 4), max_lines=most, placeholder=" …")
    for number, line in enumerate(lines):
        lead = f"  {icons.sign('warning')} " if number == 0 and server.alive else "    "
        yield Content.styled(f"{lead}{line}", icons.STYLES[state])


def details(server: Server, now: float) -> Content:
    """Return all that is known of a server, one fact per line."""
    lines = [Content.assemble(f"{name:<9}", value) for name, value in _facts(server, now)]
    return Content("\n").join(lines)


def _facts(server: Server, now: float) -> Iterator[tuple[str, str]]:
    yield "model", one_line(PurePath(server.model).name)
    yield "profile", one_line(server.profile)
    yield "engine", one_line(server.engine)
    yield "url", one_line(server.url)
    if server.pid:
        yield "pid", f"{server.pid}, up {uptime(server, now)}"
    yield "layers", offload(server)
    if server.ctx_size:
        slots = f" for {server.facts.slots} slots" if server.facts.slots > 1 else ""
        yield "context", f"{server.ctx_size} tokens{slots}"
    if server.facts.cache:
        yield "KV cache", f"{server.facts.cache} tokens for all requests"
    for device, mib in _memory(server).items():
        yield "memory", f"{mib:,.1f} MiB on {one_line(device)}"
    yield from _estimated(server)
    if server.facts.last:
        last = server.facts.last
        yield "prompt", f"{last.prompt_tokens} tokens, {formats.rate(last.prompt_per_second)}"
        yield (
            "reply",
            f"{last.completion_tokens} tokens, {formats.rate(last.completion_per_second)}",
        )
    left = server.exit
    if left is not None:
        yield (
            "exit",
            " ".join(str(v) for v in (left.code, left.signal, left.reason) if v is not None),
        )


def _estimated(server: Server) -> Iterator[tuple[str, str]]:
    """Yield what was thought before the start that it would take, and how right that was."""
    memory = server.memory
    if memory is None or memory["estimate"] is None:
        return
    total = memory["estimate"]["total"] / (1 << 20)
    ratio = memory["ratio"]
    took = f", it took {ratio:.1%} of that" if ratio is not None else ""
    yield "estimate", f"{total:,.1f} MiB{took}"


def _memory(server: Server) -> dict[str, float]:
    """Return MiB by device, over all purposes."""
    sums: dict[str, float] = {}
    for buffer in server.facts.buffers:
        sums[buffer.device] = sums.get(buffer.device, 0.0) + buffer.mib
    return sums
