"""Clashes about RoPE scaling: factors without effect, and factors that contradict each other."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from termai.profiles.clashes.base import Case, Clash, Rule, have, listed, warning

YARN = "yarn"
_SAME = 1e-6  # relative difference of two scales that are one, in the precision of a float


@dataclass(frozen=True, slots=True)
class Stretch:
    """How positions beyond the training are mapped: ``scaling`` is empty where nobody knows.

    scale: how many times the context is stretched. own: the model's scale. original: tokens from
    which YaRN stretches.
    """

    scaling: str
    scale: float
    own: float
    original: int

    @property
    def by_yarn(self) -> bool:
        """Whether YaRN with a scale of the profile's own raises what a slot may have.

        n_ctx_train is "re-adjusted" in llama_init_from_model, src/llama-context.cpp.
        """
        return self.scaling == YARN and not math.isclose(self.scale, self.own, rel_tol=_SAME)

    @property
    def reaches(self) -> int:
        """Tokens that YaRN stretches to."""
        return int(self.original * self.scale)


def stretch(case: Case) -> Stretch:
    """Return how a profile stretches the model's context."""
    model = case.model
    own = model.rope_scale if model else 1.0
    scaling = str(case.value("rope_scaling") or (model.rope_scaling if model else ""))
    original = int(case.value("yarn_orig_ctx")) or (model.original if model else 0)
    return Stretch(scaling, _scale(case, own), own, original or case.trained)


def _scale(case: Case, own: float) -> float:
    """Return the scale; of both flags the one that is written last counts, and 0 is the model's."""
    if case.is_set("rope_freq_scale"):
        factor = float(case.value("rope_freq_scale"))
        return 1 / factor if factor else own
    return float(case.value("rope_scale") or own)


def _scaled_without_scaling(case: Case) -> Iterator[Clash]:
    """With the scaling type none llama.cpp sets the scale to 1 (src/llama-context.cpp)."""
    keys = case.set_of("rope_scale", "rope_freq_scale")
    if keys and not case.embedded and stretch(case).scaling == "none":
        yield warning(
            "rope-scale-without-scaling",
            (*keys, "rope_scaling"),
            f"{listed(keys)} {have(keys)} no effect without RoPE scaling.",
            f'Take {listed(keys)} out, or set rope_scaling to "yarn" to stretch the context.',
            **dict.fromkeys(keys),
        )


def _two_scales(case: Case) -> Iterator[Clash]:
    """Both flags set one variable of llama.cpp, and the last one counts (common/arg.cpp)."""
    if len(case.set_of("rope_scale", "rope_freq_scale")) < 2:
        return
    scale, factor = float(case.value("rope_scale")), float(case.value("rope_freq_scale"))
    if not math.isclose(scale * factor, 1.0, rel_tol=1e-3):
        yield warning(
            "two-rope-scales",
            ("rope_scale", "rope_freq_scale"),
            "rope_freq_scale is the inverse of rope_scale, and here they differ: "
            "rope_freq_scale wins.",
            "Take rope_scale out.",
            rope_scale=None,
        )


def _yarn_without_yarn(case: Case) -> Iterator[Clash]:
    """YaRN's numbers count where its mix is above 0, which it is by itself with YaRN only."""
    keys = case.set_of("yarn_orig_ctx", "yarn_beta_slow", "yarn_beta_fast")
    without = stretch(case).scaling in ("none", "linear", "longrope")
    if keys and without and float(case.value("yarn_ext_factor")) <= 0:
        yield warning(
            "yarn-without-yarn",
            (*keys, "rope_scaling"),
            f'{listed(keys)} {have(keys)} an effect only with rope_scaling = "yarn".',
            f'Take {listed(keys)} out, or set rope_scaling to "yarn".',
            **dict.fromkeys(keys),
        )


RULES: tuple[Rule, ...] = (_scaled_without_scaling, _two_scales, _yarn_without_yarn)
