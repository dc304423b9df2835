"""Model references of imported profiles as models of this machine."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from termai.errors import InvalidFileError, TermaiError
from termai.models.library import Library, look
from termai.models.model_file import ModelFile
from termai.models.resolve import BUILTIN, HUB, resolve
from termai.paths import expanded
from termai.profiles.foreign.base import Imported
from termai.profiles.kept import HIDDEN, hides
from termai.profiles.schema import Adapter
from termai.text import one_line

_MODELS = ("path", "mmproj", "model_draft")
_SHOWN = 120
_NAMED = 3  # files that a note names at most


class Looking:
    """Finds what imported profiles refer to; looks through the library once, when it must."""

    def __init__(self, imported_from: Path | None = None) -> None:
        self.directory = imported_from.parent if imported_from else Path()
        self.library: Library | None = None
        self.notes: list[str] = []

    def placed(self, imported: Imported) -> Imported:
        """Return an imported profile whose references lead to files here, with notes of others."""
        self.notes = []
        values = dict(self._values(imported.profile.values))
        profile = replace(imported.profile, values=values)
        return replace(imported, profile=profile, notes=(*imported.notes, *self.notes))

    def _values(self, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for key, value in values.items():
            if key in _MODELS:
                yield key, self._reference(key, str(value))
            elif key == "lora":
                yield key, tuple(Adapter(self._reference(key, a.path), a.scale) for a in value)
            else:
                yield key, value

    def _reference(self, key: str, reference: str) -> str:
        shown = HIDDEN if hides("", reference, prose=True) else one_line(reference, _SHOWN)
        if reference.startswith(BUILTIN):
            return reference
        if beside := self._beside(reference):
            return beside
        try:
            resolve(reference)
        except InvalidFileError as error:
            said = error.message if shown != HIDDEN else f"{HIDDEN} names no model file here."
            self.notes.append(f"{key}: {said}")
            return reference
        except TermaiError:
            return self._elsewhere(key, reference, shown)
        return reference

    def _beside(self, reference: str) -> str:
        """Return a relative path as an absolute one where the file is beside the import."""
        path = expanded(reference)
        if path.is_absolute() or reference.startswith(HUB):
            return ""
        try:
            found = (self.directory / path).absolute()
            return str(found) if found.is_file() else ""
        except (OSError, ValueError):
            return ""

    def _elsewhere(self, key: str, reference: str, shown: str) -> str:
        """Return where a file of that name lies in the library, and note that it was chosen."""
        found = [] if reference.startswith(HUB) else self._named(reference)
        if len(found) == 1:
            path = str(found[0].path)
            self.notes.append(f"{key}: {shown} is not here; {path} has its name and is taken.")
            return path
        if found:
            names = " and ".join(str(model.path) for model in found[:_NAMED])
            self.notes.append(f"{key}: {shown} is not here; set it to one of {names}.")
        else:
            self.notes.append(
                f"{key}: {shown} is not on this machine; download it, or name another model."
            )
        return reference

    def _named(self, reference: str) -> list[ModelFile]:
        if self.library is None:
            self.library = look()
        name = re.split(r"[/\\]", reference.strip())[-1].casefold()
        files = [m for m in self.library.files if not m.problem and not m.incomplete]
        named = [
            m for m in files if name in {path.name.casefold() for path in m.files or (m.path,)}
        ]
        return named if name else []
