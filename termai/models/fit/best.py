"""Which quantization of a repository to take: the most precise one that fits wholly, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from termai.gguf.header import Header
from termai.gguf.memory import LoadOptions
from termai.gguf.quantization import named
from termai.models.fit.candidates import Candidate, subjects
from termai.models.fit.machine import Machine
from termai.models.fit.placement import MARGIN
from termai.models.fit.verdict import Fit, Verdict, fit_subject, usual_ctx
from termai.models.fit.words import size, tokens

_SENSIBLE_BITS = 5.0  # more than this slows a model that is partly on the CPU for little
_SIXTEEN = 16.0
_UNQUANTIZED = 15.0  # bits per weight from which on nothing was quantized


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
    projector: Header | None = None,
) -> Best:
    """Return which quantization is the best that fits wholly, else partly, at a context.

    Of one model the larger file is the more precise one. Weights of 16 and 32 bits are passed
    over where fewer fit: they take twice the memory and time of Q8_0, which loses nothing that is
    measurable (``gguf.quantization``). Without a context the usual one is wanted (``usual_ctx``):
    the most that fits is of little use for comparing. Candidates without a header are judged by
    their sizes (see ``candidates.subjects``). projector: what is loaded beside each.
    """
    ordered = sorted(candidates, key=lambda candidate: -candidate.size)
    ranked: list[Ranked] = []
    models = subjects(ordered, projector=projector)
    for candidate, subject in zip(ordered, models, strict=True):
        asked = replace(options, ctx_size=options.ctx_size or usual_ctx(subject.trained))
        found = fit_subject(subject, asked, machine, margin=margin)
        ranked.append(Ranked(candidate, found, subject.bits))
    chosen = _chosen(ranked)
    marked = tuple(replace(one, best=one is chosen) for one in ranked)
    return Best(marked, next((one for one in marked if one.best), None), _reason(ranked, chosen))


def _chosen(ranked: Sequence[Ranked]) -> Ranked | None:
    whole = [one for one in ranked if _fits(one)]
    quantized = [one for one in whole if one.bits < _UNQUANTIZED]
    if whole:
        return quantized[0] if quantized else min(whole, key=lambda one: abs(one.bits - _SIXTEEN))
    partly = [one for one in ranked if one.fit.verdict is Verdict.PARTIAL]
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
    if _fits(chosen):
        return _why(ranked, chosen)
    name, found = chosen.candidate.name, chosen.fit
    if found.n_cpu_moe:
        return f"None fits wholly; {name} does with the experts of {found.n_cpu_moe} layers in RAM."
    layers = f"{found.n_gpu_layers} of {found.n_layers} layers"
    context = tokens(found.ctx_size)
    return f"None fits wholly with {context} context; of {name} {layers} are on the GPU."


def _why(ranked: Sequence[Ranked], chosen: Ranked) -> str:
    """Return why one of several that fit wholly is the best."""
    context = tokens(chosen.fit.ctx_size)
    spare = size(min(room.spare for room in chosen.fit.rooms if room.needed))
    above = [one for one in ranked if one.candidate.size > chosen.candidate.size]
    first = f"{chosen.candidate.name} is the most precise that fits wholly with {context} context"
    if above and not _fits(above[-1]):
        first += f"; {above[-1].candidate.name} does not"
    elif above:
        first = (
            f"{chosen.candidate.name} is the best that fits wholly with {context} context: "
            f"{above[-1].candidate.name} takes more memory and time for nothing measurable"
            f"{_cost(chosen)}"
        )
    return f"{first}. {spare} stay free."


def _cost(chosen: Ranked) -> str:
    """Return what a quantization costs in quality, in brackets, nothing where that is not known."""
    known = named(chosen.candidate.name)
    return f" ({known.name}: {known.cost})" if known and known.cost else ""


def _fits(one: Ranked) -> bool:
    return one.fit.verdict is Verdict.FULL
