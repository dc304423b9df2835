"""Where a file really lies: links to directories followed, a link to the file itself not."""

import os
from collections.abc import Collection
from pathlib import Path

from termai.models.library import Library
from termai.models.stores import Store

_STEPS = 40  # links behind each other that Linux follows


def entry(path: Path) -> Path:
    """Return the one path of a directory's entry, whatever links lead to its directory."""
    return Path(os.path.realpath(path.parent)) / path.name


def home(path: Path, library: Library) -> Store | None:
    """Return the store that a file really lies in, None where a linked directory leads out.

    Stores whose disks do not answer are not asked.
    """
    place = entry(path)
    inside: dict[Path, Store] = {}
    for store in library.stores:
        if store.directory in library.unanswered:
            continue
        root = Path(os.path.realpath(store.directory))
        if root in place.parents:
            inside.setdefault(root, store)
    innermost = max(inside, key=lambda root: len(root.parts), default=None)
    return inside[innermost] if innermost else None


def leads_through(link: Path, places: Collection[Path]) -> bool:
    """Tell whether a link leads to one of the entries, also over further links."""
    place = link
    for _ in range(_STEPS):
        if not place.is_symlink():
            return False
        place = entry(place.parent / place.readlink())
        if place in places:
            return True
    return False
