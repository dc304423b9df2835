"""Planning removals in tests, and what is left after them."""

import os
from pathlib import Path

from termai.models import library, removal
from termai.models.choosing import chosen
from termai.models.library import Library, ModelFile
from termai.models.removal import Removal
from tests.models import files


def looked(name: str) -> tuple[ModelFile, Library]:
    """Return the one model that ``name`` means, and the library that it is in."""
    found = library.refresh()
    return chosen(name, found), found


def planned(name: str, *, projector: bool = False) -> Removal:
    model, found = looked(name)
    return removal.plan(model, found, projector=projector)


def paths(plan: Removal) -> list[Path]:
    return [file.path for file in plan.files]


def left(directory: Path) -> set[str]:
    """Return the files below a directory, links too."""
    return {
        str(Path(folder, name).relative_to(directory))
        for folder, _, names in os.walk(directory)
        for name in names
    }


def full(path: Path) -> Path:
    """Write a model without holes, so that it takes room on disk."""
    content = files.model(path).read_bytes()
    path.unlink()
    path.write_bytes(content)
    return path
