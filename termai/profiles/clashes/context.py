"""Clashes about the context: more than the model was trained for, too little for each slot."""

import math
from collections.abc import Iterator
from typing import Any

from termai.profiles.clashes.base import Case, Clash, Rule, padded, problem, warning
from termai.profiles.clashes.positions import YARN, Stretch, stretch

_LITTLE = 2048  # tokens of a slot below which dividing the context is worth a word


def _beyond_training(case: Case) -> Iterator[Clash]:
    """llama-server gives no slot more than the model was trained for, and keeps memory for all.

    n_ctx_slot in tools/server/server-context.cpp.
    """
    asked, trained = int(case.value("ctx_size")), case.trained
    if case.embedded or not trained:
        return
    how, slot = stretch(case), case.slot_ctx(asked)
    usable = how.reaches if how.by_yarn else trained
    if slot <= padded(usable):
        return
    stretched = how.scale > 1 and not math.isclose(how.scale, how.own, rel_tol=1e-6)
    if stretched and how.scaling not in (YARN, "none"):
        yield warning(
            "context-stretched-in-vain",
            ("ctx_size", "rope_scaling"),
            f"llama-server gives each request the {usable} tokens the model was trained for and "
            f"wastes the memory of the rest: of all ways to stretch a context it counts YaRN only.",
            'Set rope_scaling to "yarn".',
            **_by_yarn(how, slot),
        )
        return
    each = "" if case.unified else f" for each of the {case.slots} slots"
    most = usable if case.unified else usable * case.slots
    yield warning(
        "context-beyond-training",
        ("ctx_size",),
        f"{slot} tokens of context{each} are more than the {usable} the model "
        f"{'reaches' if how.by_yarn else 'was trained for'}: llama-server gives a request "
        f"{usable} and wastes the memory of the rest.",
        f'Lower ctx_size to {most}. Or stretch the context: rope_scaling = "yarn" with '
        f"rope_scale = {math.ceil(slot / max(1, how.original))}.",
        ctx_size=most,
    )


def _by_yarn(how: Stretch, slot: int) -> dict[str, Any]:
    """Return what makes YaRN reach the tokens of a slot."""
    yarn: dict[str, Any] = {"rope_scaling": YARN}
    if padded(how.reaches) >= slot:
        return yarn
    return {**yarn, "rope_scale": float(math.ceil(slot / how.original)), "rope_freq_scale": None}


def _embedded_beyond_training(case: Case) -> Iterator[Clash]:
    """The embedded engine gives what is asked for, and the model loses the thread."""
    asked, trained, how = int(case.value("ctx_size")), case.trained, stretch(case)
    stretched = how.scaling != "none" and how.scale > how.own
    if not case.embedded or not trained or padded(asked) <= padded(trained):
        return
    if stretched or case.value("rope_freq_base"):
        return
    yield warning(
        "context-beyond-training",
        ("ctx_size",),
        f"{asked} tokens of context are more than the {trained} the model was trained for: "
        "beyond them its answers fall apart.",
        f"Lower ctx_size to {trained}. Or stretch the context with rope_scaling and rope_scale.",
        ctx_size=trained,
    )


def _little_for_each_slot(case: Case) -> Iterator[Clash]:
    asked = int(case.value("ctx_size")) or (0 if case.value("fit") else case.trained)
    if not asked or case.unified or case.slots == 1:
        return
    slot = case.slot_ctx(asked)
    if slot >= min(_LITTLE, case.trained or _LITTLE, asked):
        return
    yield warning(
        "little-context-for-each-slot",
        ("ctx_size", "parallel"),
        f"{case.slots} slots divide {asked} tokens of context: each request has {slot}, prompt "
        "and answer together.",
        "Let the slots share all of it with kv_unified, or raise ctx_size.",
        kv_unified=True,
    )


def _unified_is_automatic(case: Case) -> Iterator[Clash]:
    """With --parallel -1 llama-server sets the switch itself (tools/server/server.cpp)."""
    if case.embedded or int(case.value("parallel")) >= 0 or case.value("kv_unified") is not False:
        return
    yield warning(
        "kv-unified-without-parallel",
        ("kv_unified", "parallel"),
        "With parallel at -1 the slots share one KV cache, whatever kv_unified says.",
        "Set parallel to 4, the number of slots that -1 means.",
        parallel=4,
    )


def _no_shift(case: Case) -> Iterator[Clash]:
    """What llama-server says with "is not supported, it will be disabled" (server-context.cpp)."""
    for key, what in (("context_shift", "shift the context"), ("cache_reuse", "reuse the cache")):
        if not case.value(key) or case.embedded:
            continue
        keys: tuple[str, ...] = (key,)
        if case.value("mmproj"):
            reason, keys = f"With a projector llama-server cannot {what}", (key, "mmproj")
        elif case.model is not None and not case.model.shifts:
            reason = f"With this model llama-server cannot {what}"
        else:
            continue
        yield warning(
            f"no-{key.replace('_', '-')}",
            keys,
            f"{reason}, and goes on without.",
            f"Take {key} out.",
            **{key: None},
        )


def _fit_without_use(case: Case) -> Iterator[Clash]:
    """llama.cpp fits only what is unset: fit_ctx needs a context that is (common/fit.cpp)."""
    keys = case.set_of("fit_ctx", "fit_target")
    if case.embedded or not keys:
        return
    if not case.value("fit"):
        yield warning(
            "fit-is-off",
            (*keys, "fit"),
            f"With fit switched off nothing looks at {' and '.join(keys)}.",
            "Switch fit on.",
            fit=None,
        )
    elif case.is_set("fit_ctx") and int(case.value("ctx_size")):
        yield warning(
            "fit-ctx-with-ctx-size",
            ("fit_ctx", "ctx_size"),
            "fit_ctx is the least that a context left open may be lowered to; ctx_size says "
            f"{case.value('ctx_size')}.",
            "Take fit_ctx out, or leave ctx_size open.",
            fit_ctx=None,
        )


def _single_token(case: Case) -> Iterator[Clash]:
    """llama-server aborts before the model is ready, with and without its warm-up."""
    if case.embedded or int(case.value("ctx_size")) != 1:
        return
    yield problem(
        "context-of-one-token",
        ("ctx_size",),
        "A context of one token is too small for llama-server: it aborts.",
        "Leave ctx_size open, or give it some thousands.",
        ctx_size=None,
    )


RULES: tuple[Rule, ...] = (
    _single_token,
    _beyond_training,
    _embedded_beyond_training,
    _little_for_each_slot,
    _unified_is_automatic,
    _no_shift,
    _fit_without_use,
)
