"""Clashes with the engine: options that it does not have, and values that it refuses."""

from collections.abc import Iterator
from typing import Any

from termai.profiles.clashes.base import Case, Clash, Rule, problem, warning
from termai.profiles.option import WITHOUT_EFFECT, Option
from termai.profiles.schema import NATIVE, OPTIONS

_NOT_THE_ENGINES = frozenset({"reasoning"})
_ELSEWHERE = frozenset({"url"})  # see clashes/remote.py


def _missing_options(case: Case) -> Iterator[Clash]:
    """Engines refuse what they have no counterpart for (engines/embedded.py, foreign.py)."""
    name = case.engine_name
    for declared in OPTIONS:
        if declared.known_to(name) or not case.is_set(declared.key) or declared.key in _ELSEWHERE:
            continue
        if case.value(declared.key) == declared.default:
            continue
        if declared.key in WITHOUT_EFFECT[name]:
            yield warning(
                "option-without-effect",
                (declared.key,),
                f"{name} does not have {declared.key}; it has no effect.",
                f"Take {declared.key} out.",
                **{declared.key: None},
            )
        else:
            yield problem(
                "option-not-of-this-engine",
                (declared.key,),
                f"{name} does not have {declared.key}, which {_owner(declared)} does: it will not "
                "start.",
                f"Take {declared.key} out, or use the engine {_owner(declared)}.",
                **{declared.key: None},
            )


def _owner(option: Option) -> str:
    return NATIVE if NATIVE in option.engines else min(option.engines)


def _refused_values(case: Case) -> Iterator[Clash]:
    """Values that llama-server ends at once with (common/arg.cpp)."""
    if case.engine_name != NATIVE:
        return
    looks_back = case.engine is None or case.engine.looks_back
    refused: tuple[tuple[str, Any, str], ...] = (
        ("parallel", 0, "takes at least one slot, or -1 to choose itself"),
        ("sleep_idle_seconds", 0, "takes at least 1 second, or -1 for never"),
        ("repeat_penalty", 0.0, "takes a penalty above 0; 1 switches it off"),
    )
    for key, value, takes in refused:
        if case.is_set(key) and case.value(key) == value:
            yield _refused(case, key, takes, None)
    for key in ("repeat_last_n", "dry_penalty_last_n"):
        if case.value(key) == -1 and not looks_back:
            tokens = int(case.value("ctx_size")) or case.trained
            yield _refused(case, key, "takes a number of tokens, and no -1", tokens or None)


def _refused(case: Case, key: str, takes: str, instead: int | None) -> Clash:
    what = f"Set {key} to {instead}." if instead else f"Take {key} out."
    return problem(
        "value-refused",
        (key,),
        f"llama-server {takes}: with {key} = {case.value(key):g} it will not start.",
        what,
        **{key: instead},
    )


RULES: tuple[Rule, ...] = (_missing_options, _refused_values)
