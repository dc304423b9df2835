"""Builds of llama.cpp as jobs: how far one is, and how it ended, read from its log.

What the job itself says stands in lines of JSON behind ``MARK``; the rest is pip's, CMake's and
ninja's. A build is one file after the other: ninja writes ``[12/274] g++ ... -c FILE``.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from termai.engines import build_failures
from termai.jobs import control, log, store
from termai.jobs.records import Job
from termai.text import one_line

KIND = "build"
NAME = "llama.cpp"
MARK = "termai-build: "
_TAIL_LINES = 600
_STEP = re.compile(r"\[(\d{1,6})/(\d{1,6})\] ")
_SOURCE = re.compile(r" -c (\S+)")
_TARGET = re.compile(r" -o (\S+)")
_WIDTH = 60
_TELLING = 10  # percent from which the time that is left can be told


class Phase(StrEnum):
    """What a build is doing; the last three are final."""

    PREPARING = "preparing"
    COMPILING = "compiling"
    INSTALLING = "installing"
    PROVING = "proving"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self in (Phase.DONE, Phase.FAILED, Phase.STOPPED)


@dataclass(frozen=True, slots=True)
class Build:
    """A build as it was last looked at.

    percent: of the compile, None outside of it. doing: the file that is compiled, or what is
    proved. seconds: since it began, all it took once it is over. problem, fix, detail: why it
    failed. result: what the job said when it was done: ``program``, ``before``, ``proofs``.
    """

    job: Job
    phase: Phase
    percent: int | None = None
    doing: str = ""
    seconds: float = 0.0
    problem: str = ""
    fix: str = ""
    detail: tuple[str, ...] = ()
    exit_code: int = 1
    result: Mapping[str, Any] | None = None

    @property
    def gpu(self) -> str:
        """The GPU interface that is built for."""
        return str(self.job.spec.meta.get("gpu", ""))

    @property
    def left_s(self) -> float | None:
        """Seconds that the compile may still take, by what it took so far; None while unclear."""
        if self.percent is None or self.percent < _TELLING:
            return None
        return self.seconds * (100 - self.percent) / self.percent


def running() -> Build | None:
    """Return the build that runs, if one does."""
    found = next((job for job in store.list_jobs(KIND) if job.alive), None)
    return of(found) if found else None


def latest() -> Build | None:
    """Return the build that runs or the last one that ran, None when there was none."""
    jobs = store.list_jobs(KIND)
    found = next((job for job in jobs if job.alive), jobs[0] if jobs else None)
    return of(found) if found else None


def refresh(build: Build) -> Build:
    """Return a build as it is now; raises NotFoundError when it was removed meanwhile."""
    return of(store.refresh(build.job))


def stop(build: Build) -> Build:
    """Stop a build; the llama-server that is used stays."""
    return of(control.stop(build.job))


def of(job: Job) -> Build:
    """Return the build that a job is, with how far it is by its log."""
    import time

    lines = log.tail(job.log_path, _TAIL_LINES)
    marks = list(_marks(lines))
    began = job.state.started_at or job.spec.created_at
    seconds = max(0.0, (job.state.ended_at or time.time()) - began)
    if job.alive:
        phase = next((_phase(m["phase"]) for m in reversed(marks) if "phase" in m), None)
        percent, doing = _step(lines)
        if phase is None:
            phase = Phase.COMPILING if percent is not None else Phase.PREPARING
        if phase is not Phase.COMPILING:
            percent = None
            doing = next((str(m["doing"]) for m in reversed(marks) if "doing" in m), "")
        return Build(job, phase, percent, one_line(doing, _WIDTH), seconds)
    return _ended(job, lines, marks, seconds)


def _ended(
    job: Job, lines: Sequence[str], marks: Sequence[Mapping[str, Any]], seconds: float
) -> Build:
    last = job.state.exit
    told = next((m for m in reversed(marks) if "problem" in m or "program" in m), None)
    if told and "program" in told:
        return Build(job, Phase.DONE, seconds=seconds, exit_code=0, result=told)
    if last and last.reason == "stopped":
        return Build(job, Phase.STOPPED, seconds=seconds, problem="The build was stopped.")
    if told:
        return Build(
            job,
            Phase.FAILED,
            seconds=seconds,
            problem=one_line(str(told["problem"])),
            fix=one_line(str(told.get("fix", ""))),
            detail=tuple(one_line(str(x), 300) for x in told.get("detail") or ())[:8],
            exit_code=_code(told.get("exit_code")),
        )
    if last and last.reason in ("unknown", "killed"):
        return Build(
            job,
            Phase.FAILED,
            seconds=seconds,
            problem="The build was cut off: it was killed, or the machine was started anew.",
            fix="Begin it again with `termai engines build`.",
        )
    killed = bool(last and last.reason == "oom-killed")
    why = build_failures.explain([x for x in lines if MARK not in x], oom_killed=killed)
    fix = f"{why.fix} The whole log is {job.log_path}."
    return Build(job, Phase.FAILED, None, "", seconds, why.sentence, fix, why.lines)


def _code(value: object) -> int:
    return value if type(value) is int and 0 < value < 126 else 1


def _phase(word: object) -> Phase:
    return Phase(str(word)) if str(word) in list(Phase) else Phase.PREPARING


def _marks(lines: Sequence[str]) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for line in lines:
        if not line.startswith(MARK):
            continue
        try:
            said = json.loads(line.removeprefix(MARK))
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict):
            found.append(said)
    return found


def _step(lines: Sequence[str]) -> tuple[int | None, str]:
    """Return percent and file of the last step that ninja began, nothing before the first."""
    for line in reversed(lines):
        step = _STEP.search(line[:40])
        if step and int(step[2]):
            named = _SOURCE.search(line) or _TARGET.search(line)
            percent = min(99, 100 * int(step[1]) // int(step[2]))
            return percent, PurePath(named[1]).name if named else ""
    return None, ""
