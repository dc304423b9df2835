"""The model files on this machine, by name alone: split sets joined, links counted once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from termai.models.names import Split, is_projector, quantization, split_of
from termai.models.stores import Found, Store, files, stores


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model on disk; of a split set, ``path`` is the first part and ``size`` that of all.

    name: path inside its store, without the part's number. size: bytes. where: the store's
    word. parts: how many files it has; missing: how many of them are not there. quantization:
    as its name states, empty when it does not.
    """

    path: Path
    name: str
    size: int
    where: str
    parts: int = 1
    missing: int = 0
    quantization: str = ""


def scan(directories: Iterable[Store] | None = None) -> Iterator[ModelFile]:
    """Yield the models of the given stores, or of all, in order of store and name.

    A file that several stores reach is listed for the first; projectors are no models. Only
    names and sizes are read.
    """
    seen: set[Path] = set()
    for store in stores() if directories is None else directories:
        for group in _grouped(files(store)):
            target = group[0].path.resolve()
            if target not in seen and not is_projector(group[0].name):
                seen.add(target)
                yield _model(group)


def _grouped(found: Iterable[Found]) -> Iterator[list[Found]]:
    """Join the parts of each split set; they follow each other in order of name."""
    group: list[Found] = []
    for file in found:
        if group and _set_of(file) != _set_of(group[0]):
            yield group
            group = []
        group.append(file)
    if group:
        yield group


def _set_of(found: Found) -> tuple[Path, str]:
    split = split_of(found.path.name)
    return (found.path.parent, f"{split.stem}/{split.count}" if split else found.path.name)


def _model(group: list[Found]) -> ModelFile:
    first = group[0]
    split = split_of(first.path.name) or Split("", 1, 1)
    name = first.name
    if split.stem:
        name = f"{name.removesuffix(first.path.name)}{split.stem}.gguf"
    return ModelFile(
        path=first.path,
        name=name,
        size=sum(_size(file.path) for file in group),
        where=first.store.where,
        parts=split.count,
        missing=split.count - len(group),
        quantization=quantization(name),
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
