"""Which quantization of a repository to take: the most precise one that fits wholly, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from termai.gguf.memory import LoadOptions
from termai.models.fit.candidates import Candidate, subjects
from termai.models.fit.machine import Machine
from termai.models.fit.placement import MARGIN
from termai.models.fit.verdict import Fit, Verdict, fit_subject
from termai.models.fit.words import size, tokens

_SENSIBLE_BITS = 5.0  # more than this slows a model that is partly on the CPU for little
_SIXTEEN = (15.0, 17.0)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One quantization with its fit and bits per weight; ``best`` marks the one to take."""

    candidate: Candidate
    fit: Fit
    bits: float
    best: bool = False


@dataclass(frozen=True, slots=True)
class Best:
    """Every quantization of a repository, the most precise first, and why one is the best.

    chosen: None where none fits even partly.
    """

    ranked: tuple[Ranked, ...]
    chosen: Ranked | None
    reason: str


def best(
    candidates: Sequence[Candidate],
    options: LoadOptions,
    machine: Machine,
    *,
    margin: int = MARGIN,
) -> Best:
    """Return which quantization is the best that fits wholly, else partly, at a context.

    Of one model the larger file is the more precise one. Candidates without a header are judged
    by their sizes (see ``candidates.subjects``). 32-bit weights are passed over where 16-bit ones
    exist: no published model is trained in more.
    """
    ordered = sorted(candidates, key=lambda candidate: -candidate.size)
    ranked: list[Ranked] = []
    for candidate, subject in zip(ordered, subjects(ordered), strict=True):
        found = fit_subject(subject, options, machine, margin=margin)
        ranked.append(Ranked(candidate, found, subject.bits))
    chosen = _chosen(ranked)
    marked = tuple(replace(one, best=one is chosen) for one in ranked)
    return Best(marked, next((one for one in marked if one.best), None), _reason(ranked, chosen))


def _chosen(ranked: Sequence[Ranked]) -> Ranked | None:
    sixteen = any(_SIXTEEN[0] < one.bits < _SIXTEEN[1] for one in ranked)
    usual = [one for one in ranked if not (sixteen and one.bits >= _SIXTEEN[1])]
    whole = next((one for one in usual if one.fit.verdict is Verdict.FULL), None)
    if whole is not None:
        return whole
    partly = [one for one in usual if one.fit.verdict is Verdict.PARTIAL]
    sensible = (one for one in partly if one.bits <= _SENSIBLE_BITS)
    return next(sensible, partly[-1] if partly else None)


def _reason(ranked: Sequence[Ranked], chosen: Ranked | None) -> str:
    if not ranked:
        return "There is no quantization to choose from."
    if chosen is None:
        last = ranked[-1]
        return (
            f"None fits: even {last.candidate.name} ({size(last.candidate.size)}) lacks "
            f"{size(last.fit.missing)}."
        )
    name, found = chosen.candidate.name, chosen.fit
    context = tokens(found.ctx_size)
    if found.verdict is Verdict.FULL:
        spare = size(min(room.spare for room in found.rooms if room.needed))
        above = [one for one in ranked if one.candidate.size > chosen.candidate.size]
        larger = above[-1].candidate.name if above else ""
        beyond = f"; {larger} does not" if larger and not _full(above[-1]) else ""
        return (
            f"{name} is the most precise that fits wholly with {context} context{beyond}. "
            f"{spare} stay free."
        )
    layers = f"{found.n_gpu_layers} of {found.n_layers} layers"
    if found.n_cpu_moe:
        return f"None fits wholly; {name} does with the experts of {found.n_cpu_moe} layers in RAM."
    return f"None fits wholly with {context} context; of {name} {layers} are on the GPU."


def _full(one: Ranked) -> bool:
    return one.fit.verdict is Verdict.FULL
