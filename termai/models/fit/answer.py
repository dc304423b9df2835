"""The whole answer for one model: verdict, numbers and advice."""

from collections.abc import Sequence
from dataclasses import replace

from termai.gguf.header import Header
from termai.gguf.memory import LoadOptions
from termai.models.fit.advice import Asked, advise
from termai.models.fit.candidates import Candidate
from termai.models.fit.machine import Machine
from termai.models.fit.placement import MARGIN
from termai.models.fit.subject import of_header
from termai.models.fit.verdict import MIN_CTX, Exact, Fit, fit_subject


def fit(
    header: Header,
    options: LoadOptions,
    machine: Machine,
    *,
    projector: Header | None = None,
    draft: Header | None = None,
    margin: int = MARGIN,
    min_ctx: int = MIN_CTX,
    exact: Exact | None = None,
    alternatives: Sequence[Candidate] = (),
) -> Fit:
    """Return whether and how a model fits a machine, and what to do about it.

    options: see ``wanted``; n_gpu_layers and n_cpu_moe may be AUTO, and a ctx_size of 0 takes what
    the model was trained for, or as llama.cpp does the most that fits wholly, at least
    ``min_ctx``. projector, draft: what is loaded beside it. margin: bytes to leave free on each
    GPU. exact: asks the engine itself for an estimate, None when it does not know. alternatives:
    other quantizations of the same model, which the advice may name.
    """
    subject = of_header(header, projector=projector, draft=draft)
    found = fit_subject(subject, options, machine, margin=margin, min_ctx=min_ctx, exact=exact)
    asked = Asked(subject, options, machine, margin, tuple(alternatives))
    return with_advice(found, asked)


def with_advice(found: Fit, asked: Asked) -> Fit:
    """Return the fit with its advice."""
    return replace(found, advice=advise(found, asked))
