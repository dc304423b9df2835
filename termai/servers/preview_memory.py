"""The memory part of a preview: what a profile takes of each device, and what that means."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from termai import settings
from termai.engines.base import Detection
from termai.gguf.header import Header
from termai.models.fit import AUTO, Asked, Decision, Fit, Machine, Verdict, judge, with_advice
from termai.models.fit.subject import Subject
from termai.models.fit.verdict import Search, fit_subject
from termai.profiles.profile import Profile
from termai.servers.guarding import as_granted
from termai.servers.loading import ALL, Files, Load, decides_itself, load_of
from termai.servers.paging import pageable

T = TypeVar("T")

_KEPT = 8  # models, and answers, remembered

FITS, IN_RAM, PARTLY, NOT = "fits", "fits in RAM", "fits partly", "does not fit"


@dataclass(frozen=True, slots=True)
class Row:
    """One device, in bytes: what the profile needs of it, and what is to stay free (margin).

    device: as the engine calls it, ``CPU`` for the machine's own memory. name: for people.
    """

    device: str
    name: str
    needs: int
    free: int
    total: int
    margin: int

    @property
    def spare(self) -> int:
        """Bytes that stay free; below zero where it is overfilled."""
        return self.free - self.needs

    @property
    def fits(self) -> bool:
        """Whether the margin stays free, or nothing is needed."""
        return not self.needs or self.needs + self.margin <= self.free


@dataclass(frozen=True, slots=True)
class MemoryView:
    """What a start would take, and what the guardrails would say to it.

    fits: None where it cannot be told; ``why`` says why then. locked: bytes of weights in RAM.
    """

    rows: tuple[Row, ...] = ()
    fits: bool | None = None
    verdict: str = ""
    advice: str = ""
    automatic: Mapping[str, str] | None = None
    locked: int = 0
    why: str = ""


class Memory:
    """Judges the memory of profiles, and remembers what their models were asked before.

    Not safe for several threads at the same time.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._subjects: dict[Hashable, Subject] = {}
        self._answers: dict[Hashable, Fit] = {}

    def view(
        self, profile: Profile, detection: Detection, header: Header, machine: Machine
    ) -> MemoryView:
        """Return what starting a profile would take of a machine; raises InvalidFileError."""
        load = load_of(profile, detection, header, machine, self._files)
        if load is None:
            return MemoryView(why=_why_not(profile))
        if not load.machine.ram_total:
            return MemoryView(why="This machine does not tell how much memory it has.")
        subject = self._subject(header, load)
        load = as_granted(load, subject)
        found = self._fit(subject, load)
        mode = settings.load().values.memory_guardrails
        paged = pageable(profile, header, load, found.estimate)
        judged = judge(found, mode, pageable=paged)
        advice = found.advice
        if judged.decision is not Decision.ALLOW:
            advice = f"{judged.reason} {advice}".strip()
        return MemoryView(
            rows=_rows(found, load.machine, _names(profile, detection, len(load.machine.gpus))),
            fits=found.verdict is not Verdict.NONE and judged.decision is not Decision.REFUSE,
            verdict=_verdict(found),
            advice=advice,
            automatic=_automatic(profile, load, found, subject),
            locked=found.estimate.devices[0].weights,
        )

    def _subject(self, header: Header, load: Load) -> Subject:
        """Return what is fitted, the same one as before where its files are the same."""
        on_gpu = bool(load.machine.gpus) and load.options.n_gpu_layers != 0
        beside = (load.projector, load.draft, load.adapters)
        key = (header, *beside, on_gpu if load.adapters else None)
        return _remembered(self._subjects, key, lambda: load.subject(header))

    def _fit(self, subject: Subject, load: Load) -> Fit:
        key = (subject, load.options, load.machine, load.margin, load.min_ctx)
        return _remembered(self._answers, key, lambda: _fitted(subject, load))


def _fitted(subject: Subject, load: Load) -> Fit:
    found = fit_subject(
        subject,
        load.options,
        load.machine,
        margin=load.margin,
        min_ctx=load.min_ctx,
        search=Search.WHOLE,
    )
    return with_advice(found, Asked(subject, load.options, load.machine, load.margin))


def _rows(found: Fit, here: Machine, names: tuple[str, ...]) -> tuple[Row, ...]:
    devices = ("CPU", *names)
    return tuple(
        Row(device, room.name, room.needed, room.free, room.total, room.margin)
        for device, room in zip(devices, found.rooms, strict=False)
    )


def _names(profile: Profile, detection: Detection, count: int) -> tuple[str, ...]:
    """Return what the engine calls the GPUs that are used."""
    for names in (tuple(profile.value("device")), detection.devices):
        if len(names) == count:
            return names
    return tuple(f"GPU{place}" for place in range(count))


def _verdict(found: Fit) -> str:
    """Return in a few words how it fits."""
    if found.verdict is Verdict.NONE:
        return NOT
    if len(found.rooms) == 1 or not found.n_gpu_layers:
        return IN_RAM
    if found.verdict is Verdict.FULL:
        return FITS
    if found.n_gpu_layers >= found.n_layers:
        return f"{PARTLY}: the experts of {found.n_cpu_moe} layers in RAM"
    return f"{PARTLY}: {found.n_gpu_layers} of {found.n_layers} layers on the GPU"


def _automatic(profile: Profile, load: Load, found: Fit, subject: Subject) -> dict[str, str]:
    """Return what the memory there is makes of options that are left open."""
    decided: dict[str, str] = {}
    if not int(profile.value("ctx_size")):
        decided["ctx_size"] = str(found.ctx_size)
    if load.machine.gpus and load.options.n_gpu_layers in (AUTO, ALL):
        decided["n_gpu_layers"] = f"{found.n_gpu_layers}/{found.n_layers}"
    if subject.experts and load.machine.gpus and load.options.n_cpu_moe == AUTO:
        decided["n_cpu_moe"] = str(found.n_cpu_moe)
    return decided


def _why_not(profile: Profile) -> str:
    """Return why what a start takes cannot be told."""
    if decides_itself(profile):
        return (
            "What it takes of the memory cannot be told: override_tensor, override_kv or [args] "
            "decide about it."
        )
    return "What it takes of the memory cannot be told: the GPU does not tell how much it has."


def _remembered(known: dict[Hashable, T], key: Hashable, make: Callable[[], T]) -> T:
    """Return what is known for a key, or make and keep it in the place of the oldest."""
    if key not in known:
        while len(known) >= _KEPT:
            known.pop(next(iter(known)))
        known[key] = make()
    return known[key]
