"""What the top line says about the machine, in facts that can be left out one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from termai.text import one_line
from termai.tui import formats, icons

if TYPE_CHECKING:
    from termai.hardware import Gpu, Snapshot
    from termai.servers.records import Server

HOT_CELSIUS = 85
RECENT_S = 20.0  # for how long after a reply its speed is shown
ALIVE = frozenset({"starting", "loading", "ready", "stopping"})


@dataclass(frozen=True, slots=True)
class Fact:
    """A few words for the top line; ``rank`` 0 is the last to be left out."""

    text: str
    rank: int
    style: str = ""


class Activity:
    """Notices which servers answered lately, by the number of their finished requests."""

    def __init__(self) -> None:
        self._requests: dict[str, int] = {}
        self._recent: dict[str, tuple[float, float]] = {}

    def see(self, servers: Sequence[Server], now: float) -> None:
        """Compare the servers with how they were before; the speed of one goes with it."""
        for server in servers:
            count = server.facts.requests
            if server.facts.last and count > self._requests.get(server.job.id, count):
                self._recent[server.job.id] = (now, server.facts.last.completion_per_second)
            self._requests[server.job.id] = count
        alive = {server.job.id for server in servers if server.alive}
        self._recent = {job: seen for job, seen in self._recent.items() if job in alive}

    def rate(self, now: float) -> float:
        """Return the tokens per second of all servers that answered within RECENT_S."""
        return sum(rate for at, rate in self._recent.values() if now - at < RECENT_S)


def facts(
    machine: Snapshot | None, servers: Sequence[Server], rate: float = 0.0
) -> tuple[Fact, ...]:
    """Return the facts in the order in which they are shown; ``rate`` is in tokens per second."""
    known: list[Fact] = []
    if machine is not None:
        known += _gpu_facts(machine.gpus) if machine.gpus else _host_facts(machine)
    return (*known, *_server_facts(servers, rate))


def fitted(known: Iterable[Fact], width: int) -> tuple[Fact, ...]:
    """Return the facts that fit in ``width`` cells, one cell apart, the highest rank left out."""
    kept = list(known)
    while kept and sum(len(fact.text) + 1 for fact in kept) - 1 > width:
        kept.remove(max(kept, key=lambda fact: fact.rank))
    return tuple(kept)


def _gpu_facts(gpus: Sequence[Gpu]) -> list[Fact]:
    """Describe one GPU by itself, several by their sums and the hottest of them."""
    used, total = _sum(g.memory_used for g in gpus), _sum(g.memory_total for g in gpus)
    loads = [g.utilization for g in gpus if g.utilization is not None]
    heats = [g.temperature for g in gpus if g.temperature is not None]
    name = short_name(gpus[0].name)
    known = [Fact(name if len(gpus) == 1 else f"{len(gpus)}x {name}", 5, "$muted")]
    lost = sum(gpu.lost for gpu in gpus)
    if lost:
        known.append(Fact("GPU lost" if lost == 1 else f"{lost} GPUs lost", 0, _alarm(True)))
    if used is not None and total:
        known.append(Fact(formats.pair(used, total), 1, _alarm(used / total > 0.95)))
    if loads:
        known.append(Fact(f"{sum(loads) / len(loads):.0f}%", 3))
    if heats:
        known.append(Fact(f"{max(heats)}C", 4, _alarm(max(heats) >= HOT_CELSIUS)))
    return known


def _host_facts(machine: Snapshot) -> list[Fact]:
    known = []
    if machine.cpu_percent is not None:
        known.append(Fact(f"CPU {machine.cpu_percent:.0f}%", 2))
    if machine.ram_used is not None and machine.ram_total:
        used, total = machine.ram_used, machine.ram_total
        known.append(Fact(f"RAM {formats.pair(used, total)}", 3, _alarm(used / total > 0.95)))
    return known


def _server_facts(servers: Sequence[Server], rate: float) -> list[Fact]:
    alive = sum(server.state in ALIVE for server in servers)
    sign, style = (icons.sign("ready"), "$text-success") if alive else (icons.sign("stopped"), "")
    known = [Fact(f"{sign}{alive}", 0, style)]
    if rate:
        known.append(Fact(formats.rate(rate), 2))
    return known


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def short_name(name: str) -> str:
    """Return ``RTX 4090`` for ``NVIDIA GeForce RTX 4090``."""
    words = one_line(name, 40).split()
    return " ".join(w for w in words if w not in {"NVIDIA", "GeForce", "Tesla", "Graphics"})


def _alarm(alarming: bool) -> str:
    return "bold $text-warning" if alarming else ""
