"""Whether a model fits a machine: wholly, partly or not, with how many layers and how much context.

A GPU holds its layers' weights, their part of the KV cache and a compute buffer; what is not on a
GPU, and the token embedding, is in RAM.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from termai.gguf.memory import Estimate, LoadOptions
from termai.models.fit.machine import Machine
from termai.models.fit.placement import (
    AUTO,
    MARGIN,
    Budget,
    Placement,
    budget,
    largest_context,
    margins,
    place,
)
from termai.models.fit.subject import Correction, Subject

MIN_CTX = 4096
USUAL_CTX = 8192
"""Tokens of context that a fit is told for where none is asked for; see ``usual_ctx``."""

RAM = "RAM"
_UNKNOWN_CTX = 131_072  # where the header names no trained context
_LEFT_ON_CPU = 2  # layers by which "almost all" may miss
_ROUNDS = 3

Exact = Callable[[LoadOptions], Estimate | None]


class Verdict(StrEnum):
    """FULL: every layer is on a GPU, or there is none to use and all of it is in RAM.

    PARTIAL: some of it is in RAM although there is a GPU. NONE: a device has too little memory.
    """

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Search(IntEnum):
    """Which largest contexts are looked for, each of which takes many estimates.

    WHOLE: the one with which every layer is on a GPU. ALL: also the one with the layers where
    they are. What is not looked for is 0.
    """

    NONE = 0
    WHOLE = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class Room:
    """A device's part in bytes: what is needed of it, what is free, what is to stay free."""

    device: str
    name: str
    needed: int
    free: int
    total: int
    margin: int

    @property
    def spare(self) -> int:
        """Bytes that stay free; below zero where it is overfilled."""
        return self.free - self.needed

    @property
    def missing(self) -> int:
        """Bytes that are missing for the margin to stay free; none where nothing is needed."""
        return max(0, self.needed + self.margin - self.free) if self.needed else 0


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer for one model, one set of load options and one machine.

    options: as they were decided, without AUTO. n_gpu_layers, n_cpu_moe: what is advised;
    n_layers: of how many, the output layer counted. ctx_size: tokens that the estimate is for.
    max_ctx_size: the most tokens that fit with these layers where they are, 0 for none;
    max_full_ctx_size: the most with which every layer is on a GPU. rooms: RAM first, then each
    GPU. source: ``formula``, ``llama.cpp`` for its own exact answer, or ``size``.
    """

    verdict: Verdict
    estimate: Estimate
    options: LoadOptions
    n_gpu_layers: int
    n_layers: int
    n_cpu_moe: int
    ctx_size: int
    max_ctx_size: int
    max_full_ctx_size: int
    rooms: tuple[Room, ...]
    source: str = "formula"
    advice: str = ""

    @property
    def missing(self) -> int:
        """Bytes that are missing over all devices."""
        return sum(room.missing for room in self.rooms)

    @property
    def tightest(self) -> Room:
        """The device that decides: the GPU with least to spare, or RAM where none is used."""
        used = [room for room in self.rooms[1:] if room.needed] or list(self.rooms[:1])
        short = [room for room in self.rooms if room.missing]
        return min(short or used, key=lambda room: room.spare - room.margin)


def usual_ctx(trained: int) -> int:
    """Return the usual context, or what a model was trained for where that is less; 0: unknown."""
    return min(USUAL_CTX, trained or USUAL_CTX)


def wanted(ctx_size: int = 0, **changes: object) -> LoadOptions:
    """Return load options that leave the layers to the fit, as llama-server loads: four slots.

    llama-server without further options answers four requests at once that share one KV cache,
    and computes the logits of one token of each.
    """
    options = LoadOptions(
        ctx_size=ctx_size, n_gpu_layers=AUTO, n_cpu_moe=AUTO, parallel=4, kv_unified=True
    )
    changed = replace(options, **changes)  # type: ignore[arg-type]
    return changed if "outputs" in changes else replace(changed, outputs=changed.parallel)


def fit_subject(
    subject: Subject,
    options: LoadOptions,
    machine: Machine,
    *,
    margin: int = MARGIN,
    min_ctx: int = MIN_CTX,
    exact: Exact | None = None,
    search: Search = Search.ALL,
) -> Fit:
    """Return whether and how a model fits, without advice.

    options: n_gpu_layers and n_cpu_moe may be AUTO; a ctx_size of 0 takes what the model was
    trained for, or as llama.cpp does the most that fits wholly, at least ``min_ctx``. margin:
    bytes to leave free on each GPU. exact: asks the engine itself for an estimate, None when it
    does not know.
    """
    question = _Question(subject, options, machine, margin, min_ctx, search)
    found = question.answer()
    for _ in range(_ROUNDS if exact else 0):
        told = exact(found.options) if exact else None
        if told is None:
            return found
        correction = Correction.between(told, subject.estimate(found.options))
        better = replace(subject, source="llama.cpp").shifted(correction)
        again = _Question(better, options, machine, margin, min_ctx, search).answer()
        if again.options == found.options:
            return again
        found = again
    return found


@dataclass(frozen=True, slots=True)
class _Question:
    subject: Subject
    options: LoadOptions
    machine: Machine
    margin: int
    min_ctx: int
    search: Search

    def answer(self) -> Fit:
        placed = self._placed(self.ctx_size())
        placed = self._eased(placed)
        whole = self._is_whole(placed)
        verdict = Verdict.NONE
        if placed.fits:
            verdict = Verdict.FULL if whole else Verdict.PARTIAL
        full_ctx = self.max_full_ctx() if self.search else 0
        return Fit(
            verdict=verdict,
            estimate=placed.estimate,
            options=placed.options,
            n_gpu_layers=placed.options.n_gpu_layers,
            n_layers=self.subject.n_layers,
            n_cpu_moe=placed.options.n_cpu_moe,
            ctx_size=placed.estimate.ctx_size,
            max_ctx_size=full_ctx if verdict is Verdict.FULL else self._max_ctx(placed),
            max_full_ctx_size=full_ctx,
            rooms=self._rooms(placed.estimate),
            source=self.subject.source,
        )

    @property
    def limit(self) -> int:
        """The most tokens worth asking for: those of the training.

        Where no context is asked for, llama.cpp itself takes as many for each slot that has a
        cache of its own (n_ctx_max in common/fit.cpp).
        """
        trained = self.subject.trained or _UNKNOWN_CTX
        return trained if self.options.ctx_size else trained * self.streams

    @property
    def streams(self) -> int:
        """How many caches the slots have."""
        return 1 if self.options.kv_unified else max(1, self.options.parallel)

    @property
    def room(self) -> Budget:
        return budget(self.machine, self.margin)

    def ctx_size(self) -> int:
        """Return the context to fit: what was asked for, or the most that fits wholly."""
        if self.options.ctx_size:
            return self.options.ctx_size
        least = min(self.min_ctx * self.streams, self.limit)
        if self._whole_at(self.limit):
            return self.limit
        return max(least, self.max_full_ctx())

    def max_full_ctx(self) -> int:
        return self._largest("whole", self._whole_at)

    def _whole_at(self, ctx_size: int) -> bool:
        placed = self._placed(ctx_size, whole=True)
        return placed.fits and self._is_whole(placed)

    def _is_whole(self, placed: Placement) -> bool:
        on_cpu = placed.options.n_cpu_moe and self.subject.experts
        asked_for_cpu = not self.machine.gpus or self.options.n_gpu_layers == 0
        return asked_for_cpu or (
            placed.options.n_gpu_layers >= self.subject.n_layers and not on_cpu
        )

    def _placed(self, ctx_size: int, *, whole: bool = False) -> Placement:
        options = replace(self.options, ctx_size=ctx_size)
        if whole and self.options.n_gpu_layers == AUTO:
            options = replace(options, n_gpu_layers=self.subject.n_layers)
        if whole and self.options.n_cpu_moe == AUTO:
            options = replace(options, n_cpu_moe=0)
        return place(self.subject, options, self.machine, self.room)

    def _eased(self, placed: Placement) -> Placement:
        """Leave one layer more on the CPU where all but one or two fit.

        A GPU filled to the last layer has nothing left for what else comes to want it, and two or
        three layers on the CPU cost hardly more time than one or two.
        """
        left = self.subject.n_layers - placed.options.n_gpu_layers
        if self.options.n_gpu_layers != AUTO or not 1 <= left <= _LEFT_ON_CPU:
            return placed
        fewer = replace(
            placed.options, n_gpu_layers=max(0, placed.options.n_gpu_layers - 1), tensor_split=()
        )
        eased = place(self.subject, fewer, self.machine, self.room)
        return eased if eased.fits else placed

    def _max_ctx(self, placed: Placement) -> int:
        """Return the most tokens that fit with the layers where they are."""
        if self.search is not Search.ALL:
            return 0

        def fits(ctx_size: int) -> bool:
            found = self.subject.estimate(replace(placed.options, ctx_size=ctx_size))
            return self.room.holds(found)

        return self._largest("placed", fits)

    def _largest(self, what: str, fits: Callable[[int], bool]) -> int:
        """Return the most tokens that fit, looked for where the last search ended."""
        ended, limit = self.subject.ended, max(self.limit, self.options.ctx_size)
        found = largest_context(fits, limit, near=ended.get(what, 0))
        ended[what] = found
        return found

    def _rooms(self, estimate: Estimate) -> tuple[Room, ...]:
        in_ram, on_gpus = margins(self.machine, self.margin)
        ram = estimate.devices[0]
        first = Room(
            ram.device, RAM, ram.total, self.machine.ram_free, self.machine.ram_total, in_ram
        )
        pairs = zip(self.machine.gpus, on_gpus, estimate.devices[1:], strict=False)
        return (
            first,
            *(
                Room(part.device, gpu.name, part.total, gpu.free, gpu.total, margin)
                for gpu, margin, part in pairs
            ),
        )
