"""From files and what their headers say to the models that are listed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from termai.models.facts import Facts
from termai.models.found import Found
from termai.models.grouping import Group, grouped
from termai.models.model_file import Kind, ModelFile, OtherName
from termai.models.names import is_projector, quantization
from termai.models.pairing import paired, with_projector

# What a model has of its header's facts, under the same names.
_TOLD = (
    *("title", "architecture", "size_label", "parameters", "bits_per_weight", "precision"),
    *("context_length", "block_count", "embedding_length", "expert_count", "expert_used_count"),
    *("has_template", "reasoning", "tools", "vision", "audio", "licence", "base_model"),
)
_facts = attrgetter(*_TOLD)


def assembled(found: Iterable[Found], facts: Mapping[Path, Facts]) -> tuple[ModelFile, ...]:
    """Return the models that the files make, with their projectors, in the order of the files.

    A file that several names reach is one model, called as it was found first; its other names
    are aliases. ``facts`` holds what was read, by the path of the first part.
    """
    groups, doubles = _without_doubles(_listed(grouped(found), facts))
    told = [_told(g, facts.get(g.first.path), doubles.get(_key(g), ())) for g in groups]
    made = [ModelFile(**one, label=label) for one, label in zip(told, _labels(told), strict=True)]
    projections = {path: known.projection for path, known in facts.items() if known.projection}
    return tuple(paired(_with_belongings(groups, made), projections))


def _listed(groups: Sequence[Group], facts: Mapping[Path, Facts]) -> list[Group]:
    """Leave out files that may be something else, unless their bytes say that they are GGUF."""
    kept = []
    for group in groups:
        known = facts.get(group.first.path)
        if not group.first.doubtful or (known is not None and known.gguf):
            kept.append(group)
    return kept


def _key(group: Group) -> object:
    return (group.first.identity, group.first.belongs)


def _without_doubles(
    groups: Sequence[Group],
) -> tuple[list[Group], dict[object, tuple[Group, ...]]]:
    """Keep the first of the groups that are the same file, and the others apart.

    Where a directory of the user's encloses a program's store, the file is the program's.
    """
    kept: dict[object, Group] = {}
    doubles: dict[object, tuple[Group, ...]] = {}
    for group in groups:
        key = _key(group)
        first = kept.setdefault(key, group)
        if first is group:
            continue
        if _owned(group, first):
            kept[key], group = group, first
        doubles[key] = (*doubles.get(key, ()), group)
    return list(kept.values()), doubles


def _owned(group: Group, first: Group) -> bool:
    """Tell whether the same path was found again in the store of the program that it belongs to."""
    same = group.first.path == first.first.path
    return same and bool(group.first.store.program) and not first.first.store.program


def _told(group: Group, known: Facts | None, doubles: tuple[Group, ...]) -> dict[str, Any]:
    """Return the fields of a model that its files and its header tell."""
    first = group.first
    told: dict[str, Any] = {
        "path": first.path,
        "name": group.name,
        "size": sum(file.size for file in group.files),
        "where": first.store.where,
        "parts": group.count,
        "missing": group.missing,
        "quantization": (known and known.quantization) or quantization(group.name),
        "program": first.program,
        "kind": _kind(group, known),
        "files": group.paths,
        "aliases": tuple(one.name for one in doubles if one.name != group.name),
        "others": tuple(map(_other, doubles)),
        "manifest": first.manifest,
        "modified": max(file.modified_ns for file in group.files) / 1e9,
        "incomplete": any(file.incomplete for file in group.files) or bool(known and known.cut),
        "problem": first.problem or (known.problem if known else ""),
        "read": known is not None and not known.problem,
    }
    if known is not None and not known.problem:
        told |= zip(_TOLD, _facts(known), strict=True)
    return told


def _other(group: Group) -> OtherName:
    first = group.first
    half = any(file.incomplete for file in group.files)
    return OtherName(
        group.name, group.paths, first.store.where, first.program, first.manifest, half
    )


def _kind(group: Group, known: Facts | None) -> Kind:
    if group.first.companion:
        return Kind(group.first.companion)
    if known is not None and known.kind:
        return known.kind
    return Kind.PROJECTOR if is_projector(group.name) else Kind.MODEL


def _with_belongings(groups: Sequence[Group], models: Sequence[ModelFile]) -> list[ModelFile]:
    """Give models the projectors and adapters that their store keeps with them."""
    by_path = {model.path: model for model in models}
    result = []
    for group, model in zip(groups, models, strict=True):
        beside = [by_path[path] for path in group.first.belongs if path in by_path]
        adapters = tuple(one.path for one in beside if one.kind is Kind.ADAPTER)
        whole = replace(model, adapters=adapters) if adapters else model
        for one in beside:
            if one.kind is Kind.PROJECTOR:
                whole = with_projector(whole, one)
                break
        result.append(whole)
    return result


def _labels(models: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return for each model the shortest end of its name that no other has.

    Half a download may be called as what it will replace.
    """
    labels = [_end(model, 1) for model in models]
    for longer in (2, 3, None):
        taken = Counter((label, m["incomplete"]) for label, m in zip(labels, models, strict=True))
        if len(taken) == len(labels):
            break
        labels = [
            label if taken[label, m["incomplete"]] == 1 else _end(m, longer)
            for label, m in zip(labels, models, strict=True)
        ]
    return labels


def _end(model: Mapping[str, Any], parts: int | None) -> str:
    """Return the last parts of a name, or all, without the ending; a store's own label whole."""
    name: str = model["name"]
    if model["manifest"] is not None:
        return name
    stem = name[:-5] if name.lower().endswith(".gguf") else name
    return stem if parts is None else "/".join(stem.split("/")[-parts:])
