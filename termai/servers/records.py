"""What a server is to the rest of termai: its job, its facts and what follows from both.

Imported by `termai ps`, so it stays light.
"""

import time
from enum import StrEnum
from typing import Any, NamedTuple

from termai.jobs.records import Exit, Job
from termai.jobs.states import JobStatus
from termai.servers.facts import HOST, Facts, Stage, device_of

KIND = "server"
RPC_KIND = "rpc"  # what lends this machine to others, and serves no model itself


class ServerState(StrEnum):
    """What a server is doing; the last three are final.

    STOPPED: it was stopped on request, or ended with code 0. FAILED: it ended in any other way.
    LOST: it is gone and nobody recorded how.
    """

    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"


class Offload(NamedTuple):
    """Where the served model's layers are.

    layers: on a GPU. total: of the model, the output layer counted; 0 before the load. devices:
    which hold layers, such as ``CUDA0``, and ``CPU`` when some are in the machine's memory.
    """

    layers: int
    total: int
    devices: tuple[str, ...]


class Server(NamedTuple):
    """A server as it was last looked at.

    url: where this machine reaches it. host: what it listens on. model: path of the file.
    problem: one sentence with cause and fix, None when all is well.
    """

    name: str
    profile: str
    engine: str
    job: Job
    state: ServerState
    url: str
    host: str
    port: int
    model: str
    facts: Facts
    problem: str | None = None

    @property
    def alive(self) -> bool:
        """Whether it had not ended when it was last looked at."""
        return self.job.alive

    @property
    def pid(self) -> int | None:
        """The server's own process, None once it ended."""
        return self.job.state.child.pid if self.job.alive and self.job.state.child else None

    @property
    def started_at(self) -> float | None:
        """Seconds since the epoch."""
        return self.job.state.started_at

    @property
    def ctx_size(self) -> int | None:
        """The context granted, in tokens over all slots; before the load the one asked for.

        Of engines without slots it is what a request may have.
        """
        granted = self.facts.context or self.facts.slot_context
        asked = self.option("ctx_size")
        return granted or (asked if isinstance(asked, int) and asked > 0 else None)

    @property
    def offload(self) -> Offload:
        """Where the layers are, as the log proves it."""
        return offload(self.facts)

    @property
    def exit(self) -> Exit | None:
        """How it ended, None while it lives."""
        return self.job.state.exit if not self.job.alive else None

    def option(self, key: str) -> Any:
        """Return what the profile said about an option at the start, None when nothing."""
        values = self.job.spec.meta.get("values")
        return values.get(key) if isinstance(values, dict) else None

    @property
    def memory_warning(self) -> str:
        """What the guardrails said when it was started, empty when nothing."""
        return str(self.job.spec.meta.get("memory_warning", ""))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was doubtful at its start: its memory, and flags that do not fit its engine."""
        told = self.job.spec.meta.get("flag_warnings")
        flags = [str(one) for one in told] if isinstance(told, list) else []
        return tuple(filter(None, (self.memory_warning, *flags)))

    @property
    def memory(self) -> dict[str, Any] | None:
        """The memory estimated before the start and measured after it; see ``sizes.memory``."""
        from termai.servers.sizes import memory

        return memory(self.job.spec.meta, self.facts)

    def as_json(self) -> dict[str, Any]:
        """Return what ``termai ps --json`` prints of it; times in ISO 8601, UTC."""
        left = self.exit
        return {
            "name": self.name,
            "profile": self.profile,
            "engine": self.engine,
            "pid": self.pid,
            "url": self.url,
            "state": str(self.state),
            "started_at": _iso(self.started_at),
            "model": self.model,
            "ctx_size": self.ctx_size,
            "offload": {**self.offload._asdict(), "devices": list(self.offload.devices)},
            "exit": left._asdict() if left else None,
            "buffers": [
                {"device": device, "what": what, "mib": mib}
                for (device, what), mib in summed(self.facts).items()
            ],
            "memory": self.memory,
            "timings": self.facts.last._asdict() if self.facts.last else None,
            "problem": self.problem,
        }


def from_job(job: Job, facts: Facts, problem: str | None = None) -> Server:
    """Return the server that a job of kind KIND is."""
    meta = job.spec.meta
    port = meta.get("port")
    return Server(
        name=job.name,
        profile=str(meta.get("profile", job.name)),
        engine=str(meta.get("engine", "")),
        job=job,
        state=state_of(job, facts),
        url=str(meta.get("url", "")),
        host=str(meta.get("host", "")),
        port=port if isinstance(port, int) else 0,
        model=str(meta.get("model", "")),
        facts=facts,
        problem=problem,
    )


def state_of(job: Job, facts: Facts) -> ServerState:
    """Return what a server is doing, from its job and from what its log says."""
    if job.state.status is not JobStatus.RUNNING:
        return _OF_STATUS[job.state.status]
    if facts.ready:
        return ServerState.READY
    return ServerState.STARTING if facts.stage is Stage.STARTING else ServerState.LOADING


def offload(facts: Facts) -> Offload:
    """Return where the layers are, by the log's own words about each layer, else its buffers.

    llama.cpp says ``offloaded 29/29 layers to GPU`` of a machine without a GPU, too: only a
    buffer on a GPU shows that layers are there.
    """
    if facts.assigned:
        counts = dict(facts.assigned)
        on_gpu = {device: count for device, count in counts.items() if device != HOST}
        return Offload(sum(on_gpu.values()), sum(counts.values()), (*on_gpu, *_host(counts)))
    weights = (b for b in facts.buffers if b.what == "model" and b.model_index == 1)
    held = [device_of(buffer.device) for buffer in weights]
    gpus = tuple(dict.fromkeys(device for device in held if device != HOST))
    total = facts.total or (facts.layers + 1 if facts.layers and held else 0)
    layers = min(facts.offloaded, total) if gpus else 0
    return Offload(layers, total, (*gpus, HOST) if held and layers < total else gpus)


def summed(facts: Facts) -> dict[tuple[str, str], float]:
    """Return MiB by device and purpose, over the served model and a draft model."""
    sums: dict[tuple[str, str], float] = {}
    for buffer in facts.buffers:
        key = (buffer.device, buffer.what)
        sums[key] = round(sums.get(key, 0.0) + buffer.mib, 2)
    return sums


_OF_STATUS = {
    JobStatus.STARTING: ServerState.STARTING,
    JobStatus.BACKOFF: ServerState.STARTING,
    JobStatus.STOPPING: ServerState.STOPPING,
    JobStatus.EXITED: ServerState.STOPPED,
    JobStatus.FAILED: ServerState.FAILED,
    JobStatus.LOST: ServerState.LOST,
}


def _host(counts: dict[str, int]) -> tuple[str, ...]:
    return (HOST,) if HOST in counts else ()


def _iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
