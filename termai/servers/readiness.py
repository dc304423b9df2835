"""Waiting until a server answers, with progress, and never for ever."""

import time
from collections.abc import Callable
from typing import NamedTuple

from termai import settings
from termai.engines.served import is_file
from termai.errors import StartFailedError
from termai.profiles.schema import LLAMA_CPP
from termai.servers import facts as known_facts
from termai.servers import ran_well, registry
from termai.servers.diagnosis import Diagnosis, explain, timed_out
from termai.servers.facts import Stage
from termai.servers.health import Health, owns_port, probe
from termai.servers.launching import launch, lock, plan, recorded_profile, running
from termai.servers.ports import refusal
from termai.servers.records import Server, ServerState

_POLL_S = 0.05
_SLOW_POLL_S = 0.25  # after the first _EAGER_S seconds
_EAGER_S = 5.0
_PROBE_EVERY_S = 0.5  # while the log does not say that it is ready


class Progress(NamedTuple):
    """How far a starting server has come.

    fraction: of the weights that is read, 0 to 1, None where the engine does not tell.
    elapsed_s: seconds since the wait began.
    """

    stage: Stage
    fraction: float | None
    elapsed_s: float

    @property
    def text(self) -> str:
        """The stage in a few words."""
        return _WORDS[self.stage]


_WORDS = {
    Stage.STARTING: "starting",
    Stage.LOADING: "loading the model",
    Stage.WARMUP: "warming up",
    Stage.READY: "ready",
}


def wait_ready(
    server: Server,
    *,
    timeout_s: float | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Server:
    """Return the server once it answers requests itself, on the port it was given.

    A server that finds its port taken at the last moment is started once more on another one,
    so the server returned may have another URL. Raises StartFailedError with cause, fix and the
    last lines of the log when it ends first, is stopped, or takes longer than ``timeout_s``
    (by default the setting start_timeout_s); a server that is only slow is left running.
    """
    limit = settings.load().values.start_timeout_s if timeout_s is None else timeout_s
    return _Wait(limit, on_progress).run(server)


class _Wait:
    """One wait: its clock, what was last reported, and whether the port was changed once."""

    def __init__(self, limit_s: float, on_progress: Callable[[Progress], None] | None) -> None:
        self._limit_s = limit_s
        self._tell = on_progress
        self._told: tuple[Stage, float | None] | None = None
        self._began = time.monotonic()
        self._probed = 0.0
        self._moved = False

    def run(self, server: Server) -> Server:
        while True:
            server = registry.refresh(server)
            if not server.alive:
                server = self._moved_or_raise(server)
            self._report(server)
            if server.state is not ServerState.STOPPING and self._answers(server):
                ready = _recorded_ready(server)
                ran_well.note(ready)
                return ready
            elapsed = time.monotonic() - self._began
            if elapsed > self._limit_s:
                tail = registry.log_tail(server)
                raise _error(timed_out(server.facts, tail, elapsed, server.job.spec))
            time.sleep(_POLL_S if elapsed < _EAGER_S else _SLOW_POLL_S)

    def _report(self, server: Server) -> None:
        now = (server.facts.stage, server.facts.progress)
        if self._tell and now != self._told:
            self._told = now
            self._tell(Progress(*now, time.monotonic() - self._began))

    def _answers(self, server: Server) -> bool:
        """Tell whether this very server answers; one whose log is silent must own the port.

        A server that runs already is watched by its job, which says so in its log. KoboldCPP and
        vLLM say so in their own, and have no ``/health`` like llama.cpp's.
        """
        if not is_file(server.engine):
            return server.facts.ready
        if server.engine not in LLAMA_CPP:
            child, port = server.job.state.child, server.port
            return server.facts.ready and owns_port(child, port) is not False
        due = server.facts.ready or time.monotonic() - self._probed > _PROBE_EVERY_S
        if not due:
            return False
        self._probed = time.monotonic()
        if probe(server.url) is not Health.READY:
            return False
        owned = owns_port(server.job.state.child, server.port)
        return (server.facts.ready and owned is not False) or owned is True

    def _moved_or_raise(self, server: Server) -> Server:
        if server.state is ServerState.STOPPED and server.exit and server.exit.reason == "stopped":
            raise StartFailedError(f"{server.name} was stopped before it was ready.")
        why = explain(server.facts, registry.log_tail(server), server.exit, server.job.spec)
        if self._moved or why.cause != "not bound" or not _port_is_lost(server):
            raise _error(why)
        self._moved = True
        return _elsewhere(server)


def _port_is_lost(server: Server) -> bool:
    """Tell whether another port would help, and may be taken."""
    if server.option("port_strict"):
        return False
    found = refusal(server.host, server.port)
    return found is None or found.any_port


def _elsewhere(server: Server) -> Server:
    with lock():
        already = running(server.name)
        if already:
            return already
        planned = plan(recorded_profile(server), force=True)  # it was let through once
        return launch(planned, server.name, avoid=(server.port,))


def _recorded_ready(server: Server) -> Server:
    """Record what was seen of a server whose log has no line for it; return it as it is now."""
    if not server.facts.ready:
        known = known_facts.snapshot(server.job)
        facts = known.facts._replace(stage=Stage.READY, progress=None)
        known_facts.store(server.job.directory, known._replace(facts=facts))
    return registry.refresh(server)


def _error(why: Diagnosis) -> StartFailedError:
    return StartFailedError(why.sentence, fix=why.fix, detail=why.lines)
