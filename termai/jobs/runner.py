"""The small process that starts a job's child, bounds its log and records how it ended.

``python -m termai.jobs.runner JOBDIR`` runs a job; with ``--adopt`` it takes over one whose
runner is gone. It detaches itself, answers on standard output once (``ok`` or ``failed`` and a
sentence) and then lives on with standard library modules only, without threads.
"""

import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from termai.errors import StorageError, TermaiError
from termai.jobs import records
from termai.jobs.bound import bound
from termai.jobs.child import AdoptedChild, Child, End, signal_name, spawn
from termai.jobs.oom import oom_kills
from termai.jobs.processes import ProcessId, identify, is_alive
from termai.jobs.records import Exit, JobSpec, JobState
from termai.jobs.signals import Signals, signals
from termai.jobs.states import JobStatus, advance
from termai.jobs.store import STAGED, load_job

TICK_S = 1.0  # seconds between looks at the log
HURRY_S = 0.05  # the same while something is about to end
BACKOFF_S = 1.0  # seconds before the first restart; doubles to BACKOFF_MOST_S
BACKOFF_MOST_S = 60.0

_KILLERS = frozenset({"SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"})


class Runner:
    """One job from start to end."""

    def __init__(self, directory: Path, spec: JobSpec, waiting: Signals) -> None:
        self.directory, self.spec, self._signals = directory, spec, waiting
        self.me = identify(os.getpid())
        self.state = JobState(JobStatus.STARTING, runner=self.me)
        self._saved = False
        self._stops = 0
        self._kill_at: float | None = None
        self._oom_before = oom_kills()
        self._log = -1

    def run(self) -> None:
        """Start the child, watch it, and start it again as often as the policy allows."""
        self._open_log()
        child = self._start()
        _answer("ok")
        while child:
            self._watch(child)
            self._ended(child)
            child = self._restart() if self._back_off() else None
        self._save_at_last()

    def adopt(self, state: JobState, child: Child) -> None:
        """Watch the child of a runner that is gone."""
        self.state = state._replace(runner=self.me)
        self._open_log()
        self._save()
        _answer("ok")
        if state.status is JobStatus.STOPPING:
            self._stop(child)
        self._watch(child)
        self._ended(child)
        self._save_at_last()

    def stage(self) -> None:
        """Record ourselves, then let the job's directory be seen; raises StorageError."""
        staged = self.directory.with_name(f".{self.directory.name}{STAGED}")
        records.write_state(staged, self.state)
        staged.rename(self.directory)
        self._saved = True

    def _open_log(self) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._log = os.open(self.directory / records.LOG_FILE, flags, 0o600)
        os.dup2(self._log, 2)

    def _start(self) -> Child | None:
        """Start the child and record it before it runs; None when it is not to run."""
        self._oom_before = oom_kills()
        try:
            child = spawn(self.spec, self._log, self._announce)
        except OSError as error:
            self._note(
                f"cannot be executed: {error.strerror}: {error.filename or self.spec.argv[0]}"
            )
            end = Exit(None, None, "not executable")
            self._go(JobStatus.FAILED, child=None, exit=end, ended_at=time.time())
            return None
        self._go(JobStatus.RUNNING)
        return child

    def _restart(self) -> Child | None:
        """Start the child again once that can be recorded; None when asked to stop meanwhile."""
        self._go(JobStatus.STARTING, exit=None, ended_at=None)
        while True:
            try:
                return self._start()
            except StorageError:
                if self._stopped_within(TICK_S):
                    return None

    def _announce(self, process: ProcessId) -> None:
        """Record the child before it runs: what nobody could find again must not be started."""
        self.state = self.state._replace(child=process, started_at=time.time())
        records.write_state(self.directory, self.state)
        self._note(f"started pid {process.pid} at {_now()}")

    def _watch(self, child: Child) -> None:
        """Return when the child and everything in its process group is gone."""
        while not (child.ended() and not child.stragglers()):
            hurried = self._kill_at is not None or child.ended() is not None
            if self._signals.wait(HURRY_S if hurried else TICK_S) == signal.SIGTERM:
                self._stops += 1
                self._stop(child)
            if child.ended() and self._kill_at is None:
                self._terminate(child)
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                self._kill(child)
            self._keep_up()

    def _stop(self, child: Child) -> None:
        if self.state.status is not JobStatus.STOPPING:
            self._go(JobStatus.STOPPING)
        if self._stops > 1:
            self._kill(child)
        else:
            self._terminate(child)

    def _terminate(self, child: Child) -> None:
        child.signal(signal.SIGTERM)
        self._kill_at = time.monotonic() + self.spec.grace_s

    def _kill(self, child: Child) -> None:
        child.signal(signal.SIGKILL)
        self._kill_at = time.monotonic() + 1.0

    def _ended(self, child: Child) -> None:
        end = child.ended() or End()
        child.release()
        self._kill_at = None
        left = self._exit(end)
        status = self._status_after(left)
        self._note(f"ended with {_describe(left)} at {_now()}")
        self._go(status, exit=left, ended_at=time.time(), child=None)
        self._keep_up()

    def _exit(self, end: End) -> Exit:
        name = signal_name(end.signal) if end.signal else None
        if self.state.status is JobStatus.STOPPING:
            return Exit(end.code, name, "stopped")
        if end.code is not None:
            return Exit(end.code, None, "exited")
        if name is None:
            return Exit(None, None, "unknown")
        if name == "SIGKILL" and self._oom_evidence():
            return Exit(None, name, "oom-killed")
        return Exit(None, name, "killed" if name in _KILLERS else "crashed")

    def _oom_evidence(self) -> bool:
        now = oom_kills()
        return now is not None and self._oom_before is not None and now > self._oom_before

    def _status_after(self, left: Exit) -> JobStatus:
        if left.reason == "stopped" or left.code == 0:
            return JobStatus.EXITED
        if left.reason == "unknown":
            return JobStatus.LOST
        again = self.state.restarts < self.spec.max_restarts
        return JobStatus.BACKOFF if again else JobStatus.FAILED

    def _back_off(self) -> bool:
        """Wait before a restart; False when there is to be none."""
        if self.state.status is not JobStatus.BACKOFF:
            return False
        delay = min(BACKOFF_MOST_S, BACKOFF_S * 2**self.state.restarts)
        self.state = self.state._replace(restarts=self.state.restarts + 1)
        return not self._stopped_within(delay)

    def _stopped_within(self, seconds: float) -> bool:
        """Wait while there is no child; True, with the end recorded, when asked to stop."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._signals.wait(min(left, TICK_S)) == signal.SIGTERM:
                self._go(JobStatus.STOPPING)
                self._go(JobStatus.EXITED, exit=Exit(None, None, "stopped"))
                return True
            self._keep_up()
        return False

    def _go(self, status: JobStatus, **changes: object) -> None:
        advance(self.state.status, status)
        self.state = self.state._replace(status=status, **changes)  # type: ignore[arg-type]
        self._save()

    def _save(self) -> None:
        """Write the state; what cannot be written now is tried again at every tick."""
        self._saved = False
        if not self.directory.is_dir():
            return
        try:
            records.write_state(self.directory, self.state)
            self._saved = True
        except StorageError:
            return

    def _save_at_last(self) -> None:
        """Keep trying to write the state until it is written, nobody wants it, or SIGTERM."""
        self._save()
        while not self._saved and self.directory.is_dir():
            if self._signals.wait(TICK_S) == signal.SIGTERM:
                self._stops += 1
                return
            self._save()

    def _keep_up(self) -> None:
        if not self._saved:
            self._save()
        bound(self._log, self.spec.log_limit_bytes)

    def _note(self, sentence: str) -> None:
        """Add a line of our own to the log; a full disk loses it and nothing else."""
        size = os.fstat(self._log).st_size
        fresh = size == 0 or os.pread(self._log, 1, size - 1) == b"\n"
        try:
            os.write(self._log, f"{'' if fresh else chr(10)}termai: {sentence}\n".encode())
        except OSError:
            return


def main(arguments: list[str]) -> int:
    """Run or adopt the job whose directory is named; returns the exit code."""
    directory = Path(arguments[0]).absolute()
    _detach()
    waiting = signals()
    try:
        if "--adopt" in arguments:
            _adopt(directory, waiting)
        else:
            _run(directory, waiting)
    except TermaiError as error:
        _answer("failed", str(error))
        return error.exit_code
    except OSError as error:
        _answer("failed", f"{directory} could not be used: {error.strerror}.")
        raise
    return 0


def _run(directory: Path, waiting: Signals) -> None:
    staged = directory.with_name(f".{directory.name}{STAGED}")
    runner = Runner(directory, records.read_spec(staged), waiting)
    runner.stage()
    runner.run()


def _adopt(directory: Path, waiting: Signals) -> None:
    job = load_job(directory.name)
    if job.state.child is None or is_alive(job.state.runner):
        _answer("ok")
        return
    for leftover in directory.glob(f".{records.STATE_FILE}.*.tmp"):
        leftover.unlink(missing_ok=True)
    Runner(directory, job.spec, waiting).adopt(job.state, AdoptedChild(job.state.child))


def _detach() -> None:
    """Leave the launching program: its session, its process table, its directory."""
    if os.fork():
        os._exit(0)
    os.chdir("/")
    os.umask(0o077)


def _answer(word: str, sentence: str = "") -> None:
    """Tell the launching program how it went, then let go of its pipe."""
    with suppress(OSError):  # that program may be gone, which is what this process is for
        answer = {"answer": word, "sentence": sentence, "runner": identify(os.getpid())}
        os.write(1, json.dumps(answer).encode() + b"\n")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.close(null)


def _describe(left: Exit) -> str:
    what = left.signal or (f"code {left.code}" if left.code is not None else "an unseen end")
    return f"{what} ({left.reason})"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
