"""Which blobs the models of Ollama need, over all of its stores that keep them in one place."""

import os
from collections.abc import Iterable
from pathlib import Path

from termai.errors import StorageError
from termai.models import ollama
from termai.models.library import Library


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


def _roots(library: Library, *more: Path) -> Iterable[Path]:
    """Return every directory known to be laid out as Ollama's, each once."""
    roots = [*more, *(store.directory for store in library.stores)]
    for model in library.files:
        named = (model.manifest, *(other.manifest for other in model.others))
        roots += [ollama.root_of(manifest) for manifest in named if manifest]
    silent = library.unanswered
    return [root for root in dict.fromkeys(roots) if silent.isdisjoint((root, *root.parents))]
