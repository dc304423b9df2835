"""Which blobs the models of Ollama need, over all of its stores that keep them in one place."""

import os
from collections.abc import Iterable
from pathlib import Path

from termai.errors import StorageError, UsageError
from termai.models import ollama
from termai.models.library import Library
from termai.models.model_file import ModelFile
from termai.models.places import entry
from termai.text import one_line


def needs(blobs: Path, library: Library, but: Path | None = None) -> dict[Path, frozenset[str]]:
    """Return the names of the blobs that each manifest needs, of all stores with these blobs.

    Several of Ollama's stores may share a directory of blobs through a link. Raises StorageError
    where a manifest cannot be seen or read.
    """
    found: dict[Path, frozenset[str]] = {}
    left_out = os.path.realpath(but) if but else None
    for root in _roots(library, blobs.parent):
        if os.path.realpath(root / "blobs") != os.path.realpath(blobs):
            continue
        if not os.path.lexists(root / "manifests"):
            continue
        try:
            manifests = ollama.manifests(root)
        except OSError as error:
            raise StorageError(f"{error.filename} cannot be looked into.") from error
        for manifest in manifests:
            if os.path.realpath(manifest) == left_out:
                continue
            names = ollama.blobs_of(manifest)
            if names is None:
                raise StorageError(f"what {manifest} needs cannot be read.")
            found[manifest] = frozenset(path.name for path in names)
    return found


def unshared(manifest: Path, library: Library) -> tuple[frozenset[Path], tuple[str, ...]]:
    """Return the blobs of a manifest that no other names, and what is to be said of the others."""
    blobs = ollama.blobs_of(manifest)
    if blobs is None:
        return frozenset(), ("Its blobs stay: its manifest cannot be read.",)
    largest = max(blobs, key=_size, default=Path()).name
    users = []
    try:
        others = needs(ollama.root_of(manifest) / "blobs", library, but=manifest)
    except StorageError as error:
        return frozenset(), (f"Its blobs stay: {error}",)
    for other, names in others.items():
        if largest in names:
            users.append(ollama.tag_of(other))
        blobs = frozenset(blob for blob in blobs if blob.name not in names)
    shown = one_line(", ".join(users[:3]))
    return blobs, (f"The model's file stays: {shown} needs it.",) if users else ()


def refuse_layers(model: ModelFile, library: Library) -> None:
    """Refuse to remove a blob of Ollama's by itself while a manifest names it."""
    for file in model.files:
        place = entry(file)
        if place.parent.name != "blobs" or not ollama.is_blob(place.name):
            continue
        try:
            others = needs(place.parent, library)
        except StorageError as error:
            raise UsageError(
                f"{one_line(model.label)} may be a part of a model of Ollama: {error}",
                fix="Remove the model with Ollama.",
            ) from error
        tags = {ollama.tag_of(path) for path, names in others.items() if place.name in names}
        if tags:
            shown = one_line(", ".join(sorted(tags)))
            raise UsageError(
                f"{one_line(model.label)} is a part of {shown} and is not removed by itself.",
                fix="Remove the models that need it; the last takes it along.",
            )


def _roots(library: Library, *more: Path) -> Iterable[Path]:
    """Return every directory known to be laid out as Ollama's, each once."""
    roots = [*more, *(store.directory for store in library.stores)]
    for model in library.files:
        named = (model.manifest, *(other.manifest for other in model.others))
        roots += [ollama.root_of(manifest) for manifest in named if manifest]
    silent = library.unanswered
    return [root for root in dict.fromkeys(roots) if silent.isdisjoint((root, *root.parents))]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
