"""Clashes about sampling and thinking: values that cancel each other.

The order and the conditions of the samplers are those of common/sampling.cpp and
src/llama-sampler.cpp.
"""

from collections.abc import Iterator

from termai.profiles.clashes.base import Case, Clash, Rule, have, listed, warning

_NOT_FOR_THE_LIKELIEST = {"top_k": 0, "top_p": 1.0, "min_p": 0.0, "top_n_sigma": -1.0, "seed": -1}
_PENALTIES = {"repeat_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
_DRY = ("dry_base", "dry_allowed_length", "dry_penalty_last_n")


def _greedy(case: Case) -> Iterator[Clash]:
    """With temperature 0 the likeliest token is taken, which none of these ever removes."""
    if not case.is_set("temperature") or float(case.value("temperature")) > 0:
        return
    off = _NOT_FOR_THE_LIKELIEST
    keys = tuple(key for key in case.set_of(*off) if case.value(key) != off[key])
    if keys and not case.value("xtc_probability"):
        yield warning(
            "greedy-sampling",
            ("temperature", *keys),
            f"With temperature 0 the likeliest token is taken; {listed(keys)} {have(keys)} no "
            "effect.",
            f"Take {listed(keys)} out, or raise temperature.",
            **dict.fromkeys(keys),
        )


def _xtc(case: Case) -> Iterator[Clash]:
    on = float(case.value("xtc_probability")) > 0
    if on and float(case.value("xtc_threshold")) > 0.5:
        yield warning(
            "xtc-removes-nothing",
            ("xtc_threshold", "xtc_probability"),
            "XTC removes nothing with a threshold above 0.5: no two tokens can be that likely.",
            "Set xtc_threshold to 0.1.",
            xtc_threshold=None,
        )
    elif not on and case.changes("xtc_threshold"):
        yield warning(
            "xtc-is-off",
            ("xtc_threshold", "xtc_probability"),
            "XTC is off while xtc_probability is 0; xtc_threshold has no effect.",
            "Take xtc_threshold out, or set xtc_probability.",
            xtc_threshold=None,
        )


def _dry(case: Case) -> Iterator[Clash]:
    on = float(case.value("dry_multiplier")) > 0
    if on and case.value("dry_penalty_last_n") == 0:
        yield warning(
            "dry-looks-nowhere",
            ("dry_penalty_last_n", "dry_multiplier"),
            "DRY looks back over no tokens: it has no effect.",
            "Take dry_penalty_last_n out.",
            dry_penalty_last_n=None,
        )
    changed = tuple(key for key in _DRY if case.changes(key))
    if not on and changed:
        yield warning(
            "dry-is-off",
            (*changed, "dry_multiplier"),
            f"DRY is off while dry_multiplier is 0; {listed(changed)} {have(changed)} no effect.",
            f"Take {listed(changed)} out, or set dry_multiplier.",
            **dict.fromkeys(changed),
        )


def _penalties(case: Case) -> Iterator[Clash]:
    keys = tuple(key for key, off in _PENALTIES.items() if case.value(key) != off)
    if keys and case.value("repeat_last_n") == 0:
        yield warning(
            "penalties-look-nowhere",
            ("repeat_last_n", *keys),
            f"With repeat_last_n at 0 {listed(keys)} {have(keys)} no effect.",
            "Take repeat_last_n out.",
            repeat_last_n=None,
        )


def _thinking(case: Case) -> Iterator[Clash]:
    if case.embedded:
        return
    if case.value("reasoning") == "on" and int(case.value("reasoning_budget")) == 0:
        yield warning(
            "thinking-without-budget",
            ("reasoning_budget", "reasoning"),
            "reasoning is on, and reasoning_budget = 0 ends every thought at once.",
            "Take reasoning_budget out, or set reasoning to off.",
            reasoning_budget=None,
        )


RULES: tuple[Rule, ...] = (_greedy, _xtc, _dry, _penalties, _thinking)
