"""The process that a runner watches: one it started itself, or one it found running."""

import json
import os
import signal
from collections.abc import Callable
from typing import NamedTuple, NoReturn, Protocol

from termai.jobs.processes import ProcessId, group_members, identify, is_alive, signal_group
from termai.jobs.records import JobSpec
from termai.jobs.signals import restore


class End(NamedTuple):
    """How a process ended: its code, or the number of the signal, or neither when unseen."""

    code: int | None = None
    signal: int | None = None


class Child(Protocol):
    """A process that leads a process group of its own."""

    process: ProcessId

    def ended(self) -> End | None:
        """Return how the process ended once it did; its group may live on."""

    def stragglers(self) -> bool:
        """Return whether others of its group still live."""

    def signal(self, number: int) -> None:
        """Signal the whole group."""

    def release(self) -> None:
        """Let go of an ended process; the group must not be signalled afterwards."""


class OwnChild:
    """A child of this process; unreaped until released, so that its group id stays its own."""

    def __init__(self, process: ProcessId) -> None:
        self.process = process
        self._end: End | None = None

    def ended(self) -> End | None:
        if self._end is None:
            self._end = self._peek()
        return self._end

    def stragglers(self) -> bool:
        return any(member.pid != self.process.pid for member in group_members(self.process.pid))

    def signal(self, number: int) -> None:
        signal_group(self.process.pid, number)

    def release(self) -> None:
        try:
            os.waitpid(self.process.pid, os.WNOHANG)
        except ChildProcessError:
            return

    def _peek(self) -> End | None:
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            pid, status = os.waitpid(self.process.pid, os.WNOHANG)
            return _end(os.waitstatus_to_exitcode(status)) if pid else None
        try:
            found = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return End()
        if found is None:
            return None
        exited = found.si_code == os.CLD_EXITED
        return End(code=found.si_status) if exited else End(signal=found.si_status)


class AdoptedChild:
    """A process that another runner started; how it ends cannot be seen.

    Its group is signalled only while a process known from when the group's leader lived is
    alive in it, since that keeps the group's number from being given to another.
    """

    def __init__(self, process: ProcessId) -> None:
        self.process = process
        self._known: set[ProcessId] = set()
        self._note_members()

    def ended(self) -> End | None:
        return None if is_alive(self.process) else End()

    def stragglers(self) -> bool:
        return any(is_alive(member) for member in self._known - {self.process})

    def signal(self, number: int) -> None:
        self._note_members()
        if is_alive(self.process) or self.stragglers():
            signal_group(self.process.pid, number)

    def release(self) -> None:
        self._known.clear()

    def _note_members(self) -> None:
        members = group_members(self.process.pid)
        if is_alive(self.process):
            self._known = set(members)


def spawn(spec: JobSpec, log: int, announce: Callable[[ProcessId], None]) -> OwnChild:
    """Start ``spec.argv`` in a process group of its own with its output going to ``log``.

    ``announce`` is called with the new process before it may run anything; when it raises, or
    this process dies there, nothing was run. Raises OSError when argv cannot be executed.
    """
    go_read, go_write = os.pipe()
    error_read, error_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go_write)
        _become(spec, log, go_read, error_write)
    os.close(go_read)
    os.close(error_write)
    try:
        child = OwnChild(identify(pid) or ProcessId(pid, "ended"))
        announce(child.process)
        os.write(go_write, b"g")
    finally:
        os.close(go_write)
        failure = _read_all(error_read)
        os.close(error_read)
        if failure:
            os.waitpid(pid, 0)
    if failure:
        number, name = json.loads(failure)
        raise OSError(number, os.strerror(number), name)
    return child


def _become(spec: JobSpec, log: int, go: int, error: int) -> NoReturn:
    """Turn this forked process into the child; returns to nobody."""
    at = spec.argv[0] if spec.argv else ""
    try:
        os.setpgid(0, 0)
        if os.read(go, 1) != b"g":
            _report(error, 0, at)
        restore()
        null = os.open(os.devnull, os.O_RDONLY)
        for descriptor, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, target, inheritable=True)
        at = spec.cwd
        os.chdir(spec.cwd)
        at = spec.argv[0]
        os.umask(0o077)
        os.execvpe(at, list(spec.argv), environment(spec))
    except OSError as failure:
        _report(error, failure.errno or 0, at)
    except BaseException:  # noqa: BLE001  # a forked copy must never run on as a runner
        _report(error, 0, at)


def environment(spec: JobSpec) -> dict[str, str]:
    """Return the child's environment: ours, without ``unset_env``, with ``env`` laid over it."""
    kept = {key: value for key, value in os.environ.items() if key not in spec.unset_env}
    return {**kept, **spec.env}


def signal_name(number: int) -> str:
    """Return SIGTERM for 15, and ``signal N`` for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _report(error: int, number: int, name: str) -> NoReturn:
    try:
        os.write(error, json.dumps([number, name]).encode())
    finally:
        os._exit(126)


def _read_all(descriptor: int) -> bytes:
    found = b""
    while piece := os.read(descriptor, 4096):
        found += piece
    return found


def _end(status: int) -> End:
    return End(code=status) if status >= 0 else End(signal=-status)
