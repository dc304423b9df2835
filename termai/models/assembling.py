"""From files and what their headers say to the models that are listed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from termai.models.facts import Facts
from termai.models.found import Found
from termai.models.grouping import Group, grouped
from termai.models.model_file import Kind, ModelFile
from termai.models.names import is_projector, quantization
from termai.models.pairing import paired, with_projector

_TOLD = (
    *("title", "architecture", "size_label", "parameters", "bits_per_weight", "precision"),
    *("context_length", "block_count", "embedding_length", "expert_count", "expert_used_count"),
    *("has_template", "reasoning", "tools", "vision", "audio", "licence", "base_model"),
)


def assembled(found: Iterable[Found], facts: Mapping[Path, Facts]) -> tuple[ModelFile, ...]:
    """Return the models that the files make, with their projectors, in the order of the files.

    A file that several names reach is one model, called as it was found first; its other names
    are aliases. ``facts`` holds what was read, by the path of the first part.
    """
    groups, aliases = _without_doubles(_listed(grouped(found), facts))
    made = [_model(g, facts.get(g.first.path), aliases.get(_key(g), ())) for g in groups]
    projections = {path: known.projection for path, known in facts.items() if known.projection}
    return _labelled(paired(_with_belongings(groups, made), projections))


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


def _without_doubles(groups: Sequence[Group]) -> tuple[list[Group], dict[object, tuple[str, ...]]]:
    """Keep the first of the groups that are the same file, and the names of the others.

    Where a directory of the user's encloses a program's store, the file is the program's.
    """
    kept: dict[object, Group] = {}
    aliases: dict[object, tuple[str, ...]] = {}
    for group in groups:
        key = _key(group)
        first = kept.setdefault(key, group)
        if first is group:
            continue
        if _owned(group, first):
            kept[key], group = group, first
        if group.name != kept[key].name:
            aliases[key] = (*aliases.get(key, ()), group.name)
    return list(kept.values()), aliases


def _owned(group: Group, first: Group) -> bool:
    """Tell whether the same path was found again in the store of the program that it belongs to."""
    same = group.first.path == first.first.path
    return same and bool(group.first.store.program) and not first.first.store.program


def _model(group: Group, known: Facts | None, aliases: tuple[str, ...]) -> ModelFile:
    first = group.first
    model = ModelFile(
        path=first.path,
        name=group.name,
        size=sum(file.size for file in group.files),
        where=first.store.where,
        parts=group.count,
        missing=group.missing,
        quantization=quantization(group.name),
        program=first.program,
        kind=_kind(group, known),
        files=group.paths,
        aliases=aliases,
        manifest=first.manifest,
        modified=max(file.modified_ns for file in group.files) / 1e9,
        incomplete=any(file.incomplete for file in group.files) or bool(known and known.cut),
        problem=first.problem or (known.problem if known else ""),
        read=known is not None and not known.problem,
    )
    return model if known is None or known.problem else _told(model, known)


def _told(model: ModelFile, known: Facts) -> ModelFile:
    """Return the model with what its header says."""
    told = {key: getattr(known, key) for key in _TOLD}
    quant = known.quantization or model.quantization
    return replace(model, quantization=quant, **told)


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


def _labelled(models: Sequence[ModelFile]) -> tuple[ModelFile, ...]:
    """Give each model the shortest end of its name that no other has.

    Half a download may be called as what it will replace.
    """
    labels = [_end(model, 1) for model in models]
    for longer in (2, 3, None):
        taken = Counter((label, m.incomplete) for label, m in zip(labels, models, strict=True))
        labels = [
            label if taken[label, m.incomplete] == 1 else _end(m, longer)
            for label, m in zip(labels, models, strict=True)
        ]
    return tuple(replace(m, label=label) for m, label in zip(models, labels, strict=True))


def _end(model: ModelFile, parts: int | None) -> str:
    """Return the last parts of a name, or all, without the ending; a store's own label whole."""
    if model.manifest is not None:
        return model.name
    name = model.name[:-5] if model.name.lower().endswith(".gguf") else model.name
    return name if parts is None else "/".join(name.split("/")[-parts:])
