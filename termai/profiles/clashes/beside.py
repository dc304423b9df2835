"""Clashes about files that are loaded beside the model, and are not what they are named as."""

from collections.abc import Iterator

from termai.profiles.clashes.base import (
    A_PROJECTOR,
    AN_ADAPTER,
    Case,
    Clash,
    Rule,
    problem,
)
from termai.text import one_line


def _no_projector(case: Case) -> Iterator[Clash]:
    """ "Failed to load CLIP model" (tools/mtmd)."""
    named = str(case.value("mmproj") or "")
    kind = case.files.get(named, A_PROJECTOR)
    if case.embedded or kind == A_PROJECTOR:
        return
    yield problem(
        "no-projector",
        ("mmproj",),
        f"{one_line(named, 120)}, which mmproj names, is {kind} and no projector: it will not "
        "start.",
        "Take mmproj out, or name the projector of the model.",
        mmproj=None,
    )


def _no_adapter(case: Case) -> Iterator[Clash]:
    """ "expect general.type to be 'adapter'" (src/llama-adapter.cpp)."""
    adapters = tuple(case.value("lora"))
    wrong = [one for one in adapters if case.files.get(str(one.path), AN_ADAPTER) != AN_ADAPTER]
    if not wrong:
        return
    named = str(wrong[0].path)
    yield problem(
        "no-adapter",
        ("lora",),
        f"{one_line(named, 120)}, which lora names, is {case.files[named]} and no LoRA adapter: "
        "it will not start.",
        "Take it out." if len(wrong) == 1 else "Take those that are none out.",
        lora=tuple(one for one in adapters if one not in wrong) or None,
    )


RULES: tuple[Rule, ...] = (_no_projector, _no_adapter)
