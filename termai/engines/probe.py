"""Asking a program what it knows: its help, its version and its devices, remembered on disk."""

import atexit
import hashlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from termai.engines import hangs, helptext, remedies
from termai.engines.base import OptionHelp
from termai.engines.extras import PCI_ORDER
from termai.errors import StorageError, TermaiError
from termai.files import write_atomic
from termai.jobs.processes import boot_id
from termai.paths import state_dir
from termai.profiles.option import NATIVE

Result = TypeVar("Result")

TIME_LIMIT_S = 20.0
_PATIENCE_S: ContextVar[float] = ContextVar("patience", default=float("inf"))
_ASKED: set["subprocess.Popen[bytes]"] = set()  # that run now
_ASKING = threading.Lock()  # so that who else wants to know takes the answers from the cache
_VISIBLE = (
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "GGML_VK_VISIBLE_DEVICES",
)


@dataclass(frozen=True, slots=True)
class Probe:
    """What one program said about itself; fields as in ``Detection``.

    boot: in which run of the machine the devices were told; a GPU may be another after the next.
    """

    version: str
    devices: tuple[str, ...] = ()
    options: Mapping[str, OptionHelp] = field(default_factory=dict)
    removed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    complete: bool = True
    described: Mapping[str, str] = field(default_factory=dict)
    boot: str = ""


class ProbeError(TermaiError):
    """A program is there and does not say what it can do."""

    exit_code = 5


def probe(program: Path) -> Probe:
    """Return what ``program`` says about itself, from the cache while the file is unchanged.

    A list of devices is only remembered when it names one, and until the machine is started again:
    a driver may appear while the program stays the same. Raises ProbeError when the program
    cannot be run or is no llama-server.
    """
    with _ASKING:
        cached = read_cache(program)
        if cached and "--list-devices" not in cached.options:
            return cached
        if cached and cached.devices and cached.boot == boot_id():
            return cached
        fresh = _with_devices(program, cached or _ask(program))
        if fresh != cached:
            write_cache(program, fresh)
        return fresh


def impatiently(limit_s: float, call: Callable[[], Result]) -> Result:
    """Return what a call returns, in which no program may take more than ``limit_s`` seconds."""
    before = _PATIENCE_S.set(limit_s)
    try:
        return call()
    finally:
        _PATIENCE_S.reset(before)


def read_cache(program: Path) -> Probe | None:
    """Return the remembered answers of exactly this file, or None for a broken or older cache."""
    try:
        data = json.loads(_cache_path(program).read_text())
        return Probe(
            str(data["version"]),
            tuple(str(name) for name in data["devices"]),
            {k: OptionHelp(str(v[0]), str(v[1])) for k, v in data["options"].items()},
            {k: tuple(map(str, v)) for k, v in data["removed"].items()},
            bool(data["complete"]),
            {str(k): str(v) for k, v in data["described"].items()},
            str(data["boot"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def write_cache(program: Path, answers: Probe) -> None:
    """Remember ``answers``; a disk that takes no more costs only the next start's time."""
    data: dict[str, Any] = {
        "program": str(program),
        "version": answers.version,
        "devices": answers.devices,
        "options": {name: (about.takes, about.text) for name, about in answers.options.items()},
        "removed": dict(answers.removed),
        "complete": answers.complete,
        "described": dict(answers.described),
        "boot": answers.boot,
    }
    try:
        write_atomic(_cache_path(program), json.dumps(data))
    except StorageError:
        return


def run(
    program: Path, arguments: Sequence[str], *, engine: str = NATIVE, by: Sequence[str] = ()
) -> str:
    """Return both outputs of a short run. Raises ProbeError, also past TIME_LIMIT_S seconds.

    engine: whose program it is, which decides about the advice. by: what runs it, before it.
    """
    code, told = output(program, arguments, by=by)
    fix = remedies.of(engine).rebuild
    if code < 0:
        raise ProbeError(_killed(program, -code), fix=fix)
    if code:
        raise ProbeError(
            f"{program} ends with code {code} when asked what it can do.",
            fix=fix,
            detail=tuple(told.splitlines()[-5:]),
        )
    return told


def output(program: Path, arguments: Sequence[str], *, by: Sequence[str] = ()) -> tuple[int, str]:
    """Return the exit code (negative: the signal) and both outputs of a run that may fail.

    Raises ProbeError for a program that cannot be run or takes more than TIME_LIMIT_S seconds, at
    once where that is remembered (``hangs``).
    """
    limit_s = min(TIME_LIMIT_S, _PATIENCE_S.get())
    question = (*by, *arguments)
    waited_s = hangs.waited_s(program, question)
    if waited_s >= limit_s:
        raise _late(program, arguments, waited_s)
    try:
        with _started([*by, str(program), *arguments]) as process:
            _ASKED.add(process)
            try:
                told, _ = process.communicate(timeout=limit_s)
            except subprocess.TimeoutExpired as error:
                hangs.remember(program, question, limit_s)
                raise _late(program, arguments, limit_s) from error
            finally:
                _ASKED.discard(process)
                _end(process)
    except OSError as error:
        raise ProbeError(f"{program} cannot be run: {error.strerror}.") from error
    return process.returncode, told.decode("utf-8", "replace")


def _started(argv: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own, so that it can be ended with what it started."""
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_plain_environment(),
        start_new_session=True,
    )


def _late(program: Path, arguments: Sequence[str], waited_s: float) -> ProbeError:
    return ProbeError(
        f"{program} {' '.join(arguments)} gave no answer within {waited_s:g} s.",
        fix=f"Run it by hand to see what it waits for; {hangs.AGAIN}.",
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program that still runs, with what it started."""
    if process.poll() is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)


@atexit.register
def _leave_none() -> None:
    """End what is still asked when termai ends, which would run on for nobody."""
    for process in tuple(_ASKED):
        _end(process)


def _ask(program: Path) -> Probe:
    told = run(program, ["--help"])
    options = helptext.parse_help(told)
    if not {"--model", "--port"} <= options.keys():
        raise ProbeError(
            f"{program} is not a llama-server: its --help names neither --model nor --port.",
            fix="Set llama_server in config.toml to llama.cpp's llama-server.",
        )
    version = ""
    if "--version" in options:
        version = helptext.parse_version(run(program, ["--version"]))
    removed, complete = helptext.parse_removed(told), helptext.is_complete(told)
    return Probe(version or "unknown", (), options, removed, complete)


def _with_devices(program: Path, answers: Probe) -> Probe:
    if "--list-devices" not in answers.options:
        return answers
    told = helptext.parse_devices(run(program, ["--list-devices"]))
    return replace(answers, devices=tuple(told), described=told, boot=boot_id())


def _plain_environment() -> dict[str, str]:
    """Return the environment without what would make llama.cpp refuse or hide an answer.

    Devices are counted as they will be when a model runs.
    """
    plain = {k: v for k, v in os.environ.items() if not k.startswith("LLAMA_ARG_")}
    return {PCI_ORDER[0]: PCI_ORDER[1], **plain}


def _cache_path(program: Path) -> Path:
    facts = program.stat()
    visible = "\0".join(os.environ.get(name, "\1") for name in (*_VISIBLE, PCI_ORDER[0]))
    key = f"{program}\0{facts.st_size}\0{facts.st_mtime_ns}\0{visible}"
    return state_dir() / "probes" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _killed(program: Path, number: int) -> str:
    if number == signal.SIGILL:
        return f"{program} was built for another CPU and dies of an illegal instruction."
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"{program} was killed by {name} when asked what it can do."
