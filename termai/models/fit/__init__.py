"""Whether a model fits this machine: how much of it, with how much context, in which quantization.

``fit`` answers for one model, ``best`` for the quantizations of a repository, ``curve`` for every
context; ``advise`` says it in words and ``judge`` decides about a start.
"""

from termai.models.fit.advice import Asked, advise
from termai.models.fit.answer import fit, with_advice
from termai.models.fit.beside import projector_of
from termai.models.fit.best import Best, Ranked, best
from termai.models.fit.candidates import Candidate
from termai.models.fit.curve import Curve, Line, Point, curve
from termai.models.fit.drawing import draw
from termai.models.fit.guardrails import Decision, Judgement, judge
from termai.models.fit.machine import GpuRoom, Holder, Machine, described, machine
from termai.models.fit.placement import AUTO, MARGIN
from termai.models.fit.verdict import USUAL_CTX, Fit, Room, Verdict, usual_ctx, wanted

__all__ = [
    "AUTO",
    "MARGIN",
    "USUAL_CTX",
    "Asked",
    "Best",
    "Candidate",
    "Curve",
    "Decision",
    "Fit",
    "GpuRoom",
    "Holder",
    "Judgement",
    "Line",
    "Machine",
    "Point",
    "Ranked",
    "Room",
    "Verdict",
    "advise",
    "best",
    "curve",
    "described",
    "draw",
    "fit",
    "judge",
    "machine",
    "projector_of",
    "usual_ctx",
    "wanted",
    "with_advice",
]
