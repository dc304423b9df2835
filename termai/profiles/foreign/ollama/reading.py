"""An Ollama Modelfile as a profile."""

from pathlib import Path
from typing import Any

from termai.errors import InvalidFileError
from termai.profiles.foreign.base import TEXT_LIMIT, Imported, Left, Source
from termai.profiles.foreign.keeping import SHORT, Keeping
from termai.profiles.foreign.ollama import places
from termai.profiles.foreign.ollama.modelfile import Instruction, parse
from termai.profiles.foreign.ollama.parameters import (
    DEFAULTS,
    DRAFTING,
    OLDER,
    PARAMETERS,
    UNKNOWN,
    WHY,
)
from termai.profiles.naming import name_for
from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter, option
from termai.profiles.values import RefusedValueError, check
from termai.text import one_line
from termai.tomlfile import shown

NAME = "ollama"
_MODELFILE = "modelfile"
_WHY = {
    "TEMPLATE": "it is a Go template; llama-server uses the Jinja template in the GGUF",
    "MESSAGE": "a profile holds no conversation",
    "LICENSE": "a profile holds no licence",
    "RENDERER": "it belongs to Ollama's own chat formats",
    "PARSER": "it belongs to Ollama's own chat formats",
    "REQUIRES": "it is about Ollama's version",
}


def read(source: Source) -> tuple[Imported, ...]:
    """Return the profile that a Modelfile describes.

    Raises InvalidFileError that names the file, the line and what was expected.
    """
    if len(source.text) > TEXT_LIMIT:
        raise InvalidFileError(f"{source.name}: expected at most {TEXT_LIMIT} characters.")
    reading = _Reading(source)
    return (reading.imported(),)


class _Reading:
    """One Modelfile: its instructions, and the profile they make."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.file = parse(source.text, source.name)
        self.values: dict[str, Any] = {}
        self.notes: list[str] = []
        self.left: list[tuple[int, Left]] = []
        self._kept: dict[str, list[Instruction]] = {}
        self._said: dict[str, Instruction] = {}
        self._stops: list[str] = []

    def imported(self) -> Imported:
        for instruction in self.file.instructions:
            self._take(instruction)
        self._models()
        if self._stops:
            self.values["stop"] = self._checked("stop", self._stops, self._last("stop"), "texts")
        keeping = self._keep()
        if self.file.comments:
            self.notes.append("The comments of the file are not kept.")
        self._compare_defaults()
        profile = Profile(self._name(), values=self.values, kept=keeping.as_kept())
        left = tuple(item for _, item in sorted(self.left, key=lambda pair: pair[0]))
        return Imported(profile, left, tuple(self.notes))

    def _take(self, one: Instruction) -> None:
        if one.word == "PARAMETER":
            self._parameter(one)
        elif one.word == "SYSTEM":
            self._set("system_prompt", one.args, one, "a text")
        elif one.word in _WHY:
            self._kept.setdefault(one.word, []).append(one)

    def _parameter(self, one: Instruction) -> None:
        name = one.name.lower()
        if name == "stop":
            self._stops += [one.args] if one.args else []
            return
        found = PARAMETERS.get(name) or OLDER.get(name)
        if found is None:
            self._kept.setdefault(f"PARAMETER {name}", []).append(one)
            return
        try:
            value = found.read(one.args)
        except ValueError as error:
            raise self._wrong(one, found.expected) from error
        self._set(found.key, value, one, found.expected)

    def _models(self) -> None:
        """Take the files: the model and its projector, an adapter, a draft model."""
        named = [one for one in self.file.instructions if one.word == "FROM" and one.args]
        if not named:
            raise InvalidFileError(f"{self.source.name}: expected a line FROM with a model.")
        projectors = [one for one in named if places.is_projector(one.args)]
        models = [one for one in named if one not in projectors] or [projectors.pop(0)]
        self._model(models[0])
        self._file("mmproj", projectors, "termai loads one projector")
        for other in models[1:]:
            self._leave(other, "termai loads one model; of a split one, its first part")
        adapters = [one for one in self.file.instructions if one.word == "ADAPTER" and one.args]
        for one in adapters[-1:]:
            path = places.reference(one.args, self.source)
            self._set("lora", [Adapter(path)], one, "a path")
        for one in adapters[:-1]:
            self._leave(one, "Ollama applies the last adapter only")
        drafts = [one for one in self.file.instructions if one.word == "DRAFT" and one.args]
        self._file("model_draft", drafts, "termai loads one draft model")
        if drafts:
            self.values["spec_type"] = DRAFTING

    def _model(self, one: Instruction) -> None:
        told = places.shown_as(self.file.comments)
        if places.is_blob(one.args) and told and not places.is_blob(told):
            self.notes.append(f"The model is named {one_line(told, SHORT)}, as a comment says.")
            self._set("path", places.reference(told, self.source), one, "a path")
            return
        path = places.reference(one.args, self.source)
        if Path(path).is_absolute() and Path(path).is_dir():
            self._leave(one, "it is a directory; llama.cpp loads GGUF files only")
            return
        self._set("path", path, one, "a path")

    def _file(self, key: str, named: list[Instruction], why: str) -> None:
        for one in named[:1]:
            self._set(key, places.reference(one.args, self.source), one, "a path")
        for one in named[1:]:
            self._leave(one, why)

    def _leave(self, one: Instruction, why: str) -> None:
        key = f"{one.word} {one.name}".strip()
        self.left.append((one.line, Left(key, one_line(one.args[: SHORT * 4], SHORT), why)))

    def _set(self, key: str, value: Any, one: Instruction, expected: str) -> None:
        """Set an option; the last of several counts, and an empty text unsets it."""
        checked = self._checked(key, value, one, expected)
        if key in self._said:
            self._leave(self._said[key], "the file says it again further down")
        self._said[key] = one
        if checked is None:
            self.values.pop(key, None)
        else:
            self.values[key] = checked

    def _checked(self, key: str, value: Any, one: Instruction, expected: str) -> Any:
        try:
            return check(option(key), value)
        except RefusedValueError as error:
            said = error.expected.removeprefix("expected ").partition(", found")[0]
            raise self._wrong(one, said or expected) from error

    def _wrong(self, one: Instruction, expected: str) -> InvalidFileError:
        key = f"{one.word} {one.name}".strip()
        return InvalidFileError(
            f"{self.source.name}, line {one.line}: {key}: expected {expected}, "
            f"found {shown(one.args)}."
        )

    def _last(self, name: str) -> Instruction:
        found = [one for one in self.file.instructions if one.name.lower() == name]
        return found[-1]

    def _keep(self) -> Keeping:
        keeping = Keeping(NAME)
        for key, instructions in self._kept.items():
            word, _, name = key.partition(" ")
            why = WHY.get(name, UNKNOWN) if word == "PARAMETER" else _WHY[word]
            raw = "\n".join(one.raw for one in instructions)
            before = len(keeping.left)
            keeping.keep(key, raw, why, instructions[0].args)
            self.left += [(instructions[0].line, item) for item in keeping.left[before:]]
        return keeping

    def _compare_defaults(self) -> None:
        unset = [key for key in DEFAULTS if key not in self.values]
        if unset:
            said = " and ".join(
                f"{key} {option(key).default:g} where Ollama has {DEFAULTS[key]}" for key in unset
            )
            self.notes.append(f"What the file leaves open is llama.cpp's default here: {said}.")

    def _name(self) -> str:
        """Return a name from the file's name, or from what FROM names where that says nothing."""
        stem = _stem(self.source.path) if self.source.path else ""
        return name_for(stem or places.title(str(self.values.get("path", ""))), NAME)


def _stem(path: Path) -> str:
    """Return what the name of a file adds to ``Modelfile``, before or behind it."""
    name = path.stem if path.suffix.lower() == f".{_MODELFILE}" else path.name
    if name.lower().startswith((f"{_MODELFILE}.", f"{_MODELFILE}-")):
        return name[len(_MODELFILE) + 1 :]
    return "" if name.lower() == _MODELFILE else name
