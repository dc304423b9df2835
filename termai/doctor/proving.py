"""The difference between installed and works: the smoke model run on every engine and device."""

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from termai.chat import oneshot
from termai.chat.endpoint import Endpoint
from termai.chat.sampling import Sampling
from termai.engines import remedies
from termai.engines.base import Detection
from termai.engines.choose import ENGINES, others, survey
from termai.errors import TermaiError
from termai.hardware import gpus
from termai.jobs import control, store
from termai.models.resolve import resolve
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED, KOBOLDCPP, VLLM
from termai.servers import launching, manager, registry
from termai.servers.records import KIND, Server

MODEL = "builtin:smoke"
CPU, GPU = "CPU", "GPU"
QUESTIONS = (
    ("What is the capital of France?", "Paris"),
    ("What is the capital of Japan?", "Tokyo"),
)
"""What the smoke model is asked, and a word of the right answer (docs/smoke-model.md)."""

_OURS = re.compile(r"prove \S+ \S+ (\d{1,9})")
_NOT_PROVED = "Not proved: it takes no GGUF of this kind."
_PROVE_BY_HAND = "Start a profile with a model for it, such as Qwen/Qwen3-0.6B, and ask it."
_LONG = "Count to 200."
_TOKENS = 100
_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Target:
    """An engine, and the device to run the smoke model on: ``CPU`` or one of the engine's.

    device: ``GPU`` for an engine that chooses it itself, empty for one that takes no such model.
    """

    detection: Detection
    device: str

    @property
    def name(self) -> str:
        """Return what it is called, such as ``llama-server on CUDA0``."""
        return _named(self.detection.engine, self.device)


@dataclass(frozen=True, slots=True)
class Proof:
    """What happened when an engine was made to work.

    works: None where it was not tried, because the engine takes no model of this kind.
    sentence: what was seen, or what went wrong. load_s: seconds from the start to ready.
    tokens_per_second: while a long answer was written. layers, total: of the model, on a GPU and
    in all; None where it did not come so far. fix: what to do when it does not work.
    """

    engine: str
    version: str
    program: Path
    device: str
    works: bool | None
    sentence: str
    load_s: float | None = None
    tokens_per_second: float | None = None
    layers: int | None = None
    total: int | None = None
    fix: str = ""

    @property
    def measured(self) -> str:
        """What was measured, in words; of the layers only where a GPU was asked for."""
        facts = []
        if self.load_s is not None:
            facts.append(f"ready after {self.load_s:.1f} s")
        if self.tokens_per_second is not None:
            facts.append(f"{self.tokens_per_second:.0f} tokens/s")
        if self.layers is not None and self.device != CPU:
            facts.append(f"{self.layers} of {self.total} layers on a GPU")
        return ", ".join(facts)

    @property
    def name(self) -> str:
        """Return what was proved, as ``Target.name``."""
        return _named(self.engine, self.device)


def targets() -> tuple[Target, ...]:
    """Return every engine that is here with every device it can use, the processor first."""
    by_name = (found for found in others().values() if isinstance(found, Detection))
    return tuple(
        Target(detection, device)
        for detection in (*survey().found, *by_name)
        for device in _devices(detection)
    )


def summed_up(proofs: Sequence[Proof]) -> str:
    """Return one sentence on how many of what was tried works."""
    tried = [proof for proof in proofs if proof.works is not None]
    left = len(proofs) - len(tried)
    works = sum(bool(proof.works) for proof in tried)
    return f"{works} of {len(tried)} work{f'; {left} not proved' if left else ''}."


def prove(
    wanted: tuple[Target, ...], *, begins: Callable[[Target], None] | None = None
) -> Iterator[Proof]:
    """Yield for each target what happened; its server is stopped and forgotten afterwards.

    ``begins`` is told of each before it starts. Servers that run meanwhile are left alone, but
    for those of a proof whose program was killed.
    """
    _sweep()
    for target in wanted:
        if begins:
            begins(target)
        yield _proved(target)


def _devices(detection: Detection) -> tuple[str, ...]:
    """Return the devices to prove an engine on; KoboldCPP does not name those it can use."""
    if detection.engine == VLLM:
        return ("",)
    if detection.engine == KOBOLDCPP:
        return (CPU, GPU) if any(gpu.memory_total for gpu in gpus.read_all()) else (CPU,)
    return (CPU, *detection.devices)


def _named(engine: str, device: str) -> str:
    return f"{engine} on {device}" if device else engine


def _proved(target: Target) -> Proof:
    found = target.detection
    blank = Proof(found.engine, found.version, found.program, target.device, False, "")
    if not target.device:
        return replace(blank, works=None, sentence=_NOT_PROVED, fix=_PROVE_BY_HAND)
    try:
        began = time.monotonic()
        server = _started(target)
        server = manager.wait_ready(server, timeout_s=_START_S)
        return _measured(replace(blank, load_s=time.monotonic() - began), server, target)
    except TermaiError as error:
        return replace(blank, sentence=error.message, fix=error.fix)
    finally:
        _forget(_name(target))


def _started(target: Target) -> Server:
    """Start the smoke model with this very program, whichever ``auto`` would take."""
    profile, found = _profile(target), target.detection
    planned = launching.Plan(profile, resolve(MODEL), ENGINES[found.engine], found)
    with launching.lock():
        return launching.launch(planned, profile.name)


def _profile(target: Target) -> Profile:
    on_gpu = target.device != CPU
    values = {
        "path": MODEL,
        "ctx_size": 1024,
        "parallel": 1,
        "n_gpu_layers": "all" if on_gpu else 0,
        "temperature": 0.0,
    }
    if target.detection.engine != EMBEDDED and target.device != GPU:
        values["device"] = [target.device] if on_gpu else ["none"]
    return Profile(name=_name(target), engine=target.detection.engine).with_values(**values)


def _measured(proof: Proof, server: Server, target: Target) -> Proof:
    """Return the proof with what the server answered and where the layers are."""
    endpoint = Endpoint(server.name, server.url, engine=server.engine)
    wrong = _wrong(endpoint)
    rate = _rate(endpoint)
    layers, total, devices = registry.refresh(server).offload
    proof = replace(
        proof, tokens_per_second=rate, layers=layers if total else None, total=total or None
    )
    if wrong:
        sentence = f"It answers wrongly: {wrong}."
        return replace(proof, sentence=sentence, fix=remedies.of(proof.engine).rebuild)
    if target.device != CPU and total and layers < total:
        where = " and ".join(devices) or "the processor"
        sentence = f"It works, but only {layers} of {total} layers are on a GPU ({where})."
        fix = f"Look at the driver with `termai doctor`. {remedies.of(proof.engine).rebuild}"
        return replace(proof, sentence=sentence, fix=fix)
    return replace(proof, works=True, sentence="It loads, and answers rightly.")


def _wrong(endpoint: Endpoint) -> str:
    """Return what the first wrong answer was, empty when all are right."""
    for question, word in QUESTIONS:
        answer = _asked(endpoint, question, 32)
        if word not in answer.content:
            return f"{question!r} was answered with {answer.content[:60]!r}"
    return ""


def _rate(endpoint: Endpoint) -> float | None:
    return _asked(endpoint, _LONG, _TOKENS).stats.tokens_per_second


def _asked(endpoint: Endpoint, question: str, most: int) -> oneshot.Answer:
    sampling = Sampling.from_mapping({"temperature": 0.0, "max_tokens": most})
    return asyncio.run(oneshot.answer(endpoint, question, sampling=sampling))


def _name(target: Target) -> str:
    """Return what the server of a proof is called, by no other program at the same time."""
    return f"prove {target.detection.engine} {target.device} {os.getpid()}"


def _sweep() -> None:
    """Forget the servers of proofs whose programs have been killed."""
    for job in store.list_jobs(KIND):
        found = _OURS.fullmatch(job.name)
        if found and not psutil.pid_exists(int(found[1])):
            _forget(job.name)


def _forget(name: str) -> None:
    """Stop the servers of this name and remove what is recorded of them."""
    for job in store.list_jobs(KIND):
        if job.name != name:
            continue
        with suppress(TermaiError):
            store.remove(control.stop(job))
