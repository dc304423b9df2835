"""Before a start: what it will take of the memory, and whether the guardrails let it through.

Nothing is refused because an estimate was impossible: a start never fails by our arithmetic.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from termai import settings
from termai.engines import devices, exact
from termai.engines.base import Detection
from termai.errors import UsageError
from termai.gguf.header import Header
from termai.gguf.memory import Estimate, LoadOptions
from termai.gguf.splits import read_model
from termai.hardware import host
from termai.models.fit import Asked, Decision, Fit, Judgement, Machine, judge, machine, with_advice
from termai.models.fit.guardrails import holders_text, limit_of
from termai.models.fit.placement import largest_context
from termai.models.fit.subject import Subject
from termai.models.fit.verdict import Exact, fit_subject
from termai.models.fit.words import tokens
from termai.profiles.profile import Profile
from termai.servers import registry
from termai.servers.freeing import without
from termai.servers.loading import Load, load_of
from termai.servers.paging import pageable
from termai.servers.records import Server

_BY_PAGES = "With repack = false it would run from the file, slowly."
_ANYWAY = "or start it all the same with --force."


class MemoryRefusedError(UsageError):
    """The guardrails refuse a start; ``manager.start(..., force=True)`` starts it all the same.

    ``advice`` says what would make it fit, ``fix`` adds how to overrule it on the command line.
    """

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message, fix=f"{advice.rstrip('.')}, {_ANYWAY}")
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a start will take, and one sentence of warning, empty where there is no need."""

    fit: Fit
    warning: str = ""

    def as_meta(self) -> dict[str, Any]:
        """Return what is recorded of it with the job; bytes."""
        found = self.fit
        estimate = {
            "source": found.source,
            "ctx_size": found.ctx_size,
            "n_gpu_layers": found.n_gpu_layers,
            "devices": [
                {
                    "device": device.device,
                    "weights": device.weights,
                    "kv": device.kv,
                    "compute": device.compute,
                    "output": device.output,
                }
                for device in found.estimate.devices
            ],
        }
        return {"estimate": estimate, "memory_warning": self.warning}


@dataclass(frozen=True, slots=True)
class _Case:
    """A start that is being judged."""

    profile: Profile
    model: Path
    detection: Detection
    header: Header
    subject: Subject
    load: Load

    def judged(self, found: Fit, mode: str, **changes: object) -> Judgement:
        """Return what the guardrails decide, also where the profile had other values."""
        profile = self.profile.with_values(**changes)
        return judge(
            found, mode, pageable=pageable(profile, self.header, self.load, found.estimate)
        )

    def fit(self, *, exactly: bool = False) -> Fit:
        """Return how it fits, with llama.cpp's own numbers where they are wanted and to be had."""
        asks = exact_for(self.detection, self.model, self.subject) if exactly else None
        load = self.load
        return fit_subject(
            self.subject,
            load.options,
            load.machine,
            margin=load.margin,
            min_ctx=load.min_ctx,
            exact=asks,
        )


def forecast(
    profile: Profile,
    model: Path,
    detection: Detection,
    *,
    force: bool = False,
    instead_of: Server | None = None,
) -> Forecast | None:
    """Return what a start will take, None where that cannot be told.

    instead_of: a server that is stopped first, so that its memory counts as free; where nobody
    tells how much that is, nothing is refused. Raises MemoryRefusedError when the guardrails
    refuse it; ``force`` makes that a warning.
    """
    mode = settings.load().values.memory_guardrails
    try:
        here = here_with_servers(detection)
        freed = without(here, instead_of) if instead_of else here
        force = force or freed is None
        case = _case(profile, model, detection, freed or here)
        if case is None:
            return None
        found = case.fit()
        judged = case.judged(found, mode)
        if judged.decision is not Decision.ALLOW:
            found = case.fit(exactly=True)
            judged = case.judged(found, mode)
    except Exception:  # noqa: BLE001 - a start never fails by an estimate
        return None
    return _let_through(case, found, judged, mode, force=force)


def here_with_servers(detection: Detection | None = None) -> Machine:
    """Return this machine now, the holders of its GPUs named that are servers of ours.

    GPUs that are none of NVIDIA's, or do not tell their memory, are asked for by the engine.
    """
    here = machine()
    if detection and detection.uses_gpu and not _through_nvml(here, detection):
        rooms = devices.rooms(detection)
        here = replace(here, gpus=rooms, holders=(), unmeasured=() if rooms else detection.devices)
    if not here.holders:
        return here
    servers = registry.list_servers(past=False)
    return here.named({server.pid: server.name for server in servers if server.pid})


def _through_nvml(here: Machine, detection: Detection) -> bool:
    """Return whether the GPUs of the engine are those that NVIDIA's driver told of."""
    named = all(device.startswith(devices.CUDA) for device in detection.devices)
    return named and bool(here.gpus) and not here.unmeasured


def exact_for(detection: Detection, model: Path, subject: Subject) -> Exact | None:
    """Return what asks llama.cpp itself about a local model, None where its program is missing.

    It knows the model alone; what is loaded beside it is added by the formula.
    """
    program = exact.program_beside(detection)
    if program is None:
        return None

    def asked(options: LoadOptions) -> Estimate | None:
        told = exact.ask(program, model, options, subject.model.estimate)
        return told and subject.beside(options).applied(told)

    return asked


def _case(profile: Profile, model: Path, detection: Detection, here: Machine) -> _Case | None:
    header = read_model(model)
    load = load_of(profile, detection, header, here)
    if load is None or not load.machine.ram_total:
        return None
    subject = load.subject(header)
    return _Case(profile, model, detection, header, subject, as_granted(load, subject))


def as_granted(load: Load, subject: Subject) -> Load:
    """Return the load with the context that llama.cpp takes without a GPU.

    It lowers a context that is not set until it fits all of the machine's memory, free or not
    (common/fit.cpp).
    """
    if load.machine.gpus or load.options.ctx_size:
        return load
    total = host.memory()[1] or load.machine.ram_total
    empty = replace(load.machine, ram_free=total, ram_total=total)
    found = fit_subject(subject, load.options, empty, margin=load.margin, min_ctx=load.min_ctx)
    return replace(load, options=replace(load.options, ctx_size=found.ctx_size))


def _let_through(case: _Case, found: Fit, judged: Judgement, mode: str, *, force: bool) -> Forecast:
    """Return the forecast of a start that may go on; raises MemoryRefusedError for another."""
    if judged.decision is Decision.ALLOW:
        return Forecast(found)
    reason = f"{judged.reason}{_held(case, found)}"
    if judged.decision is Decision.WARN or force:
        return Forecast(found, f"{case.profile.name} may run out of memory. {reason}")
    raise MemoryRefusedError(
        f"{case.profile.name} was not started, to keep memory free "
        f"(memory_guardrails = {mode!r}). {reason}",
        _advice(case, found, mode) or "Free memory or lower ctx_size.",
    )


def _advice(case: _Case, found: Fit, mode: str) -> str:
    """Return what would make it fit, nothing where that cannot be told."""
    load = case.load
    asked = Asked(case.subject, load.options, load.machine, load.margin)
    limit = limit_of(mode)
    try:
        if limit is not None and found.estimate.total > limit:
            return _within(case.subject, found, limit)
        advice = with_advice(found, asked).advice.partition(". ")[2]
        if case.judged(found, mode, repack=False).decision is not Decision.REFUSE:
            advice = f"{advice} {_BY_PAGES}".strip()
        return advice
    except Exception:  # noqa: BLE001 - a refusal stays one without advice
        return ""


def _within(subject: Subject, found: Fit, limit: int) -> str:
    """Return what would take no more than a limit on all memory."""

    def allowed(ctx_size: int) -> bool:
        return subject.estimate(replace(found.options, ctx_size=ctx_size)).total <= limit

    most = largest_context(allowed, found.ctx_size)
    if most:
        return f"With {tokens(most)} context it would take no more than that."
    return "Take a smaller quantization, or allow more with memory_guardrails."


def _held(case: _Case, found: Fit) -> str:
    """Return who holds the memory of the device that decides, as a sentence, or nothing."""
    try:
        tight = found.tightest
        text = holders_text(case.load.machine, tight, found.rooms)
    except Exception:  # noqa: BLE001 - a start never fails by what is told of it
        return ""
    return f" {tight.name} is also used by {text}." if text else ""
