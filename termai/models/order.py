"""The order of the models in a list, and which of them the words of a filter leave."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from termai.models.model_file import ModelFile


class SortKey(StrEnum):
    """What models are ordered by; texts from A to Z, numbers and dates from the largest."""

    NAME = "name"
    SIZE = "size"
    PARAMS = "params"
    QUANT = "quant"
    CONTEXT = "context"
    ARCHITECTURE = "architecture"
    WHERE = "where"
    MODIFIED = "modified"


_TEXTS: dict[SortKey, Callable[[ModelFile], str]] = {
    SortKey.NAME: lambda model: model.label or model.name,
    SortKey.ARCHITECTURE: lambda model: model.architecture,
    SortKey.WHERE: lambda model: model.where,
}
_NUMBERS: dict[SortKey, Callable[[ModelFile], float]] = {
    SortKey.SIZE: lambda model: model.size,
    SortKey.PARAMS: lambda model: model.parameters,
    SortKey.QUANT: lambda model: model.bits_per_weight,
    SortKey.CONTEXT: lambda model: model.context_length,
    SortKey.MODIFIED: lambda model: model.modified,
}


def ordered(
    models: Iterable[ModelFile], key: SortKey = SortKey.NAME, *, reverse: bool = False
) -> tuple[ModelFile, ...]:
    """Return the models by ``key``, equal ones by name; those that lack it come last, always."""
    named = sorted(models, key=_name)
    text = _TEXTS.get(key)
    value: Callable[[ModelFile], Any] = text or _NUMBERS[key]
    there = [model for model in named if value(model)]
    there.sort(key=_folded(text) if text else value, reverse=reverse is bool(text))
    return (*there, *(model for model in named if not value(model)))


def filtered(models: Iterable[ModelFile], words: str) -> tuple[ModelFile, ...]:
    """Return the models in which every word occurs, in any case, in their order.

    Words are looked for in names, architecture, quantization, size label, place, kind and
    abilities (``vision``, ``audio``, ``reasoning``, ``tools``, ``incomplete``).
    """
    wanted = words.lower().split()
    if not wanted:
        return tuple(models)
    return tuple(model for model in models if all(word in _text(model) for word in wanted))


def _folded(text: Callable[[ModelFile], str]) -> Callable[[ModelFile], str]:
    return lambda model: text(model).casefold()


def _name(model: ModelFile) -> tuple[str, str]:
    return ((model.label or model.name).casefold(), model.name)


def _text(model: ModelFile) -> str:
    """Return what is said of a model, on lines of their own so that no word spans two."""
    abilities = ("vision", "audio", "reasoning", "tools", "incomplete")
    return "\n".join(
        (
            *(model.name, model.label, model.title, *model.aliases, model.architecture),
            *(model.quantization, model.size_label, model.where, model.program, model.kind),
            *(name for name in abilities if getattr(model, name)),
        )
    ).lower()
