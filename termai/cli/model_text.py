"""Models in tables and in JSON."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from termai.cli.style import Look, list_width, table
from termai.models.model_file import Kind, ModelFile

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_COUNTS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list: its head, what it says of a model, and whether it may be cut."""

    head: str
    cell: Callable[[ModelFile], str]
    flexible: bool = False


def columns() -> tuple[Column, ...]:
    """Return the columns of the list, in order; a further one goes before WHERE."""
    return (
        Column("NAME", lambda model: model.label, flexible=True),
        Column("PARAMS", lambda model: count_text(model.parameters)),
        Column("QUANT", lambda model: model.quantization),
        Column("SIZE", lambda model: size_text(model.size)),
        Column("CTX", lambda model: context_text(model.context_length)),
        Column("WHERE", lambda model: model.where, flexible=True),
        Column("NOTES", notes, flexible=True),
    )


def lines(models: Sequence[ModelFile]) -> list[str]:
    """Return the list as aligned lines that fit the terminal, without columns that are empty."""
    shown = [c for c in columns() if c.head == "NAME" or any(c.cell(m) for m in models)]
    taken = Counter(model.short for model in models)
    names = [model.short if taken[model.short] == 1 else model.label for model in models]
    rows = [
        (name, *(column.cell(model) for column in shown[1:]))
        for name, model in zip(names, models, strict=True)
    ]
    flexible = [number for number, column in enumerate(shown) if column.flexible]
    looks = [_look(model, len(shown)) for model in models]
    heads = [column.head for column in shown]
    return table(heads, rows, list_width(sys.stdout), flexible=flexible, looks=looks)


def notes(model: ModelFile) -> str:
    """Return in few words what is wrong with a model, or what else it is or can."""
    if model.incomplete:
        return "incomplete"
    if model.missing:
        return f"{model.parts - model.missing} of {model.parts} parts"
    if model.problem:
        return "unreadable"
    kind = "" if model.kind is Kind.MODEL else str(model.kind)
    senses = (word for word in ("vision", "audio") if getattr(model, word))
    return ", ".join(word for word in (kind, *senses) if word)


def size_text(size: float) -> str:
    """Return a number of bytes in the largest binary unit that leaves it above one."""
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if size >= 100 or unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def count_text(count: int) -> str:
    """Return a number of parameters as people say it, such as 8.2B; empty for none."""
    for unit, letter in _COUNTS:
        if count >= unit:
            scaled = count / unit
            return f"{scaled:.1f}{letter}" if scaled < 100 else f"{scaled:.0f}{letter}"
    return str(count) if count else ""


def context_text(tokens: int) -> str:
    """Return a number of tokens as 32k or 1M, binary as contexts are; empty for none."""
    if tokens >= 1 << 20:
        return f"{tokens / (1 << 20):.3g}M"
    return f"{tokens / 1024:.3g}k" if tokens >= 1024 else str(tokens or "")


def as_object(model: ModelFile) -> dict[str, Any]:
    """Return what is known of a model as JSON values; null where nothing is known."""
    known = {key: getattr(model, key) if model.read else None for key in _FACTS}
    return {
        "name": model.name,
        "label": model.label,
        "path": str(model.path),
        "size": model.size,
        "where": model.where,
        "program": model.program or None,
        "kind": str(model.kind),
        "quantization": model.quantization,
        "parts": model.parts,
        "missing": model.missing,
        "incomplete": model.incomplete,
        "problem": model.trouble or None,
        "files": [str(file) for file in model.files],
        "aliases": list(model.aliases),
        "modified": model.modified,
        **known,
        "projector": str(model.projector) if model.projector else None,
        "adapters": [str(adapter) for adapter in model.adapters],
    }


_FACTS = (
    *("title", "architecture", "size_label", "parameters", "bits_per_weight", "precision"),
    *("context_length", "block_count", "embedding_length", "expert_count", "expert_used_count"),
    *("has_template", "reasoning", "tools", "vision", "audio", "licence", "base_model"),
)


def _look(model: ModelFile, count: int) -> dict[int, Look]:
    if not model.usable:
        return {count - 1: "bad"}
    return {}
