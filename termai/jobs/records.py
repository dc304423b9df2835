"""What is kept of a job on disk, ``spec.json`` and ``state.json``, and how both are checked."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from termai.errors import InvalidFileError
from termai.files import read_text, write_atomic
from termai.jobs.processes import ProcessId
from termai.jobs.states import FINAL, JobStatus

SCHEMA = 1
SPEC_FILE = "spec.json"
STATE_FILE = "state.json"
LOG_FILE = "log"


class JobSpec(NamedTuple):
    """What was asked for; never changes after the launch.

    ``env`` is laid over the launching program's environment and ``unset_env`` taken from it.
    grace_s: seconds between SIGTERM and SIGKILL. log_limit_bytes: about the most the log takes
    on disk. created_at: seconds since the epoch. meta: JSON values of the launching room.
    """

    id: str
    kind: str
    name: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    unset_env: tuple[str, ...]
    grace_s: float
    log_limit_bytes: int
    max_restarts: int
    created_at: float
    meta: dict[str, Any]


class Exit(NamedTuple):
    """How a child ended: its code or the name of the signal, and one of the reasons.

    Reasons: ``stopped`` (on request), ``exited`` (by itself, with ``code``), ``crashed`` (by a
    fatal signal), ``killed`` (by somebody's signal), ``oom-killed`` (with the kernel's own
    evidence), ``not executable``, ``unknown`` (nobody saw it).
    """

    code: int | None
    signal: str | None
    reason: str


class JobState(NamedTuple):
    """Where a job stands; times are seconds since the epoch."""

    status: JobStatus
    runner: ProcessId | None = None
    child: ProcessId | None = None
    started_at: float | None = None
    ended_at: float | None = None
    exit: Exit | None = None
    restarts: int = 0


class Job(NamedTuple):
    """A job as it was last looked at."""

    directory: Path
    spec: JobSpec
    state: JobState

    @property
    def id(self) -> str:
        """The name of the job's directory."""
        return self.spec.id

    @property
    def name(self) -> str:
        """What the launching room called it."""
        return self.spec.name

    @property
    def alive(self) -> bool:
        """Whether it had not ended when it was last looked at."""
        return self.state.status not in FINAL

    @property
    def log_path(self) -> Path:
        """The file that the child writes to."""
        return self.directory / LOG_FILE


def write_spec(directory: Path, spec: JobSpec) -> None:
    """Write ``spec.json`` atomically with mode 0600; raises StorageError."""
    _write(directory / SPEC_FILE, spec._asdict())


def write_state(directory: Path, state: JobState) -> None:
    """Write ``state.json`` atomically with mode 0600; raises StorageError."""
    named = {
        key: value._asdict() if isinstance(value, ProcessId | Exit) else value
        for key, value in state._asdict().items()
    }
    _write(directory / STATE_FILE, named)


def read_spec(directory: Path) -> JobSpec:
    """Read ``spec.json``; raises NotFoundError and InvalidFileError."""
    path = directory / SPEC_FILE
    fields = _Fields(path, _read(path))
    return JobSpec(
        id=fields.text("id"),
        kind=fields.text("kind"),
        name=fields.text("name"),
        argv=fields.texts("argv"),
        cwd=fields.text("cwd"),
        env=fields.text_map("env"),
        unset_env=fields.texts("unset_env"),
        grace_s=fields.number("grace_s"),
        log_limit_bytes=int(fields.number("log_limit_bytes")),
        max_restarts=int(fields.number("max_restarts")),
        created_at=fields.number("created_at"),
        meta=fields.table("meta"),
    )


def read_state(directory: Path) -> JobState:
    """Read ``state.json``; raises NotFoundError and InvalidFileError."""
    path = directory / STATE_FILE
    fields = _Fields(path, _read(path))
    status = fields.text("status")
    if status not in {str(known) for known in JobStatus}:
        raise fields.wrong("status", f"one of {', '.join(JobStatus)}")
    return JobState(
        status=JobStatus(status),
        runner=_process(fields, "runner"),
        child=_process(fields, "child"),
        started_at=fields.optional_number("started_at"),
        ended_at=fields.optional_number("ended_at"),
        exit=_exit(fields),
        restarts=int(fields.number("restarts")),
    )


def _process(fields: "_Fields", key: str) -> ProcessId | None:
    inner = fields.optional_table(key)
    return ProcessId(int(inner.number("pid")), inner.text("started")) if inner else None


def _exit(fields: "_Fields") -> Exit | None:
    inner = fields.optional_table("exit")
    if inner is None:
        return None
    code = inner.optional_number("code")
    signal = inner.text("signal") if inner.data.get("signal") is not None else None
    return Exit(None if code is None else int(code), signal, inner.text("reason"))


def _write(path: Path, values: dict[str, Any]) -> None:
    write_atomic(path, json.dumps({"schema": SCHEMA, **values}, indent=1) + "\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InvalidFileError(f"{path}, line {error.lineno}: not JSON: {error.msg}.") from error
    except RecursionError as error:
        raise InvalidFileError(f"{path}: values are nested too deeply.") from error
    except ValueError as error:  # int() refusing thousands of digits
        raise InvalidFileError(f"{path}: a number has too many digits.") from error
    if not isinstance(data, dict):
        raise InvalidFileError(f"{path}: expected an object.")
    if data.get("schema") != SCHEMA:
        raise InvalidFileError(
            f"{path}: schema: expected {SCHEMA}, found {data.get('schema')!r}.",
            fix="A newer termai may have written it; upgrade termai to read it.",
        )
    return data


class _Fields:
    """The values of one JSON object, each checked as it is taken."""

    def __init__(self, path: Path, data: dict[str, Any], prefix: str = "") -> None:
        self.path, self.data, self.prefix = path, data, prefix

    def wrong(self, key: str, expected: str) -> InvalidFileError:
        return InvalidFileError(f"{self.path}: {self.prefix}{key}: expected {expected}.")

    def text(self, key: str) -> str:
        value = self.data.get(key)
        if not isinstance(value, str):
            raise self.wrong(key, "text")
        return value

    def number(self, key: str) -> float:
        value = self.data.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
            raise self.wrong(key, "a number")
        if abs(value) > 1e15:
            raise self.wrong(key, "a number below 1e15")
        return value

    def optional_number(self, key: str) -> float | None:
        return None if self.data.get(key) is None else self.number(key)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def table(self, key: str) -> dict[str, Any]:
        value = self.data.get(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "an object")
        return value

    def text_map(self, key: str) -> dict[str, str]:
        value = self.table(key)
        if not all(isinstance(one, str) for one in value.values()):
            raise self.wrong(key, "an object of texts")
        return value

    def optional_table(self, key: str) -> "_Fields | None":
        if self.data.get(key) is None:
            return None
        return _Fields(self.path, self.table(key), f"{self.prefix}{key}.")
