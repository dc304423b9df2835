"""What a server's log has said so far, kept beside the log.

Imported by `termai ps`, so it stays light: what reads a log is imported once there is something
new in it.
"""

import json
import os
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from termai.errors import InvalidFileError, NotFoundError
from termai.files import read_text
from termai.jobs.records import Job

FACTS_FILE = "facts.json"
SCHEMA = 1
HOST = "CPU"
_HOST_NAMES = frozenset({HOST, "AMX", "BLAS", "ACCEL"})


class Stage(StrEnum):
    """How far a server has come since it was started."""

    STARTING = "starting"
    LOADING = "loading"
    WARMUP = "warmup"
    READY = "ready"


class Buffer(NamedTuple):
    """Memory that llama.cpp reserved: for what (model, KV, RS, compute, output), where, in MiB.

    ``model_index`` is 1 for the served model, 2 and more for a draft model.
    """

    device: str
    what: str
    mib: float
    model_index: int = 1


class Timing(NamedTuple):
    """One finished request: tokens read and written, and the rates in tokens per second."""

    prompt_tokens: int
    prompt_per_second: float
    completion_tokens: int
    completion_per_second: float


class Facts(NamedTuple):
    """What is known of a server since its last start; 0 and empty where nothing was said.

    progress: part of the weights that is read, 0 to 1, None where the engine does not say.
    gpus: devices that the model may use, with the MiB free on each
    before the load. assigned: layers on each device, where the log has it.
    offloaded, total: layers that llama.cpp says it offloaded, the output layer counted.
    context: tokens of all slots together, llama.cpp's only. slot_context: tokens of one, or that
    a request may have. cache: tokens that vLLM's KV cache holds of all requests together.
    reduced_from: the context that did not fit in memory. requests: finished requests that were
    read of.
    """

    stage: Stage = Stage.STARTING
    starts: int = 0
    progress: float | None = None
    models: int = 0
    measuring: bool = False
    architecture: str = ""
    layers: int = 0
    trained_context: int = 0
    gpus: tuple[tuple[str, int], ...] = ()
    assigned: tuple[tuple[str, int], ...] = ()
    offloaded: int = 0
    total: int = 0
    buffers: tuple[Buffer, ...] = ()
    context: int = 0
    slot_context: int = 0
    slots: int = 0
    cache: int = 0
    reduced_from: int = 0
    url: str = ""
    prompt: tuple[int, float] = (0, 0.0)
    last: Timing | None = None
    requests: int = 0
    errors: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether the server said that it answers requests."""
        return self.stage is Stage.READY


class Snapshot(NamedTuple):
    """The facts up to a byte offset of the log, and why the server failed once it has."""

    facts: Facts = Facts()
    offset: int = 0
    problem: str | None = None


def device_of(buffer: str) -> str:
    """Return the device that a buffer of this name lies on, ``CPU`` for all host memory.

    llama.cpp names buffers after their type (``CPU_Mapped``, ``CUDA_Host``, ``CUDA0_Split``):
    the ``get_name`` functions of ggml/src/ggml-*/.
    """
    name = buffer.partition("_")[0]
    if buffer.endswith("_Host") or name in _HOST_NAMES:
        return HOST
    return name


def refresh(job: Job) -> Facts:
    """Read what was added to the job's log since the last time, and return what is known."""
    return snapshot(job).facts


def snapshot(job: Job) -> Snapshot:
    """Read on from where the stored facts end, and store what is known now.

    A log that cannot be read says nothing more.
    """
    known = load(job.directory)
    size = _size(job.log_path)
    if size == known.offset:
        return known
    from termai.servers.reading import read_on

    try:
        facts, offset = read_on(job.log_path, known.facts, min(known.offset, size), size)
    except InvalidFileError:
        return known
    now = known._replace(facts=facts, offset=offset)
    store(job.directory, now)
    return now


def load(directory: Path) -> Snapshot:
    """Return the stored facts, or none where the file is missing, broken or of another version."""
    try:
        data = json.loads(read_text(directory / FACTS_FILE))
        return _decoded(data) if data["schema"] == SCHEMA else Snapshot()
    except (NotFoundError, InvalidFileError):
        return Snapshot()
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        return Snapshot()


def store(directory: Path, known: Snapshot) -> None:
    """Keep facts beside the log; where they cannot be written they are read again next time.

    The file is replaced in one step but not flushed to the disk: it can always be made anew.
    """
    values = {"schema": SCHEMA, **known._asdict(), "facts": known.facts._asdict()}
    temporary = directory / f".{FACTS_FILE}.{os.getpid()}-{time.monotonic_ns()}.tmp"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o600), "w") as stream:
            json.dump(values, stream)
        temporary.replace(directory / FACTS_FILE)
    except OSError:
        _discard(temporary)


def _discard(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        return


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _decoded(data: dict[str, Any]) -> Snapshot:
    """Return what ``store`` wrote; raises TypeError, ValueError or KeyError where it did not."""
    facts = {key: _field(key, default, data["facts"][key]) for key, default in _PLAIN.items()}
    problem, offset = data["problem"], int(data["offset"])
    if offset < 0:
        raise ValueError(f"offset: expected none below 0, found {offset}")
    return Snapshot(Facts(**facts), offset, problem and str(problem))


def _field(key: str, default: Any, value: Any) -> Any:
    if key in _DECODERS:
        return _DECODERS[key](value)
    if type(value) is not type(default):
        raise TypeError(f"{key}: expected {type(default).__name__}, found {value!r}")
    return value


def _pairs(value: Any) -> tuple[tuple[str, int], ...]:
    return tuple((str(device), int(number)) for device, number in value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("expected a list")
    return tuple(map(str, value))


_PLAIN = Facts()._asdict()
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "stage": Stage,
    "progress": lambda value: None if value is None else float(value),
    "gpus": _pairs,
    "assigned": _pairs,
    "buffers": lambda value: tuple(Buffer(str(b[0]), str(b[1]), float(b[2]), b[3]) for b in value),
    "prompt": lambda value: (int(value[0]), float(value[1])),
    "last": lambda value: None if value is None else Timing(*value),
    "errors": _texts,
}
