"""What a profile's ``path`` means on this machine: a reference in, the path of a file out."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from termai.errors import InvalidFileError, NotFoundError, UsageError
from termai.gguf.header import check_complete, read_header
from termai.gguf.splits import missing_parts, parts
from termai.models.library import Library, look
from termai.models.matching import DEFAULT_QUANT, matching, of_repository
from termai.models.model_file import ModelFile
from termai.models.names import is_gguf, quantization, whole_name
from termai.models.stores import Store
from termai.text import one_line, without_user

__all__ = ["BUILTIN", "DEFAULT_QUANT", "HUB", "find", "resolve"]

BUILTIN = "builtin:"
HUB = "hub:"

_BUILTIN_FILES = {"smoke": "smoke/termai-smoke-q8_0.gguf"}
_NAMED = 3  # models that a message names at most


def resolve(reference: str, *, library: Callable[[], Library] | None = None) -> Path:
    """Return the model file that ``reference`` names; of a split set, the first part.

    A reference is an absolute or ``~`` path, a path inside a model store, a name that ``termai
    models`` shows or a part of one that no other has, a name as Ollama takes it, a repository
    that was downloaded as ``ORG/NAME[:QUANT]`` or ``hub:ORG/NAME[:QUANT]``, or
    ``builtin:smoke``. ``library`` spares a look at the disk where one was taken a moment ago.
    Raises NotFoundError naming where was looked, UsageError when it is empty
    or ambiguous, and InvalidFileError for half a download or a file that cannot be read.
    """
    if not reference.strip():
        raise UsageError("No model is named.", fix="Set `path` under [model] in the profile.")
    if reference.startswith(BUILTIN):
        return _builtin(reference)
    if reference.startswith(("/", "~")):
        return _whole(_existing(expanded_path(reference)))
    models = (library or look)()
    try:
        model = find(reference, models)
    except NotFoundError:
        if path := _below(models, reference):
            return _whole(path)
        raise
    return model.path if model.read and model.startable else _whole(model.path)


def find(reference: str, library: Library) -> ModelFile:
    """Return the model of the library that ``reference`` names, which can be used.

    Raises NotFoundError, UsageError and InvalidFileError as ``resolve`` does.
    """
    found = named(reference, library)
    usable = [model for model in found if model.usable]
    if not usable:
        raise InvalidFileError(
            f"{one_line(found[0].label)} cannot be used: {found[0].trouble}",
            fix="Finish or repeat the download, or remove it with `termai models remove`.",
        )
    return only(reference, usable)


def named(reference: str, library: Library) -> tuple[ModelFile, ...]:
    """Return the models that a reference may mean, usable or not.

    Raises NotFoundError, and UsageError for an empty one.
    """
    check_not_empty(reference)
    path = expanded_path(reference) if reference.startswith(("/", "~")) else None
    if path is not None:
        at = library.at(path)
        found: tuple[ModelFile, ...] = (at,) if at else ()
    elif reference.startswith(HUB):
        repository, _, quant = reference.removeprefix(HUB).partition(":")
        found = of_repository(library.files, repository, quant)
        if not quant:
            found = tuple(sorted(found, key=lambda model: not model.usable))[:1]
    elif reference.startswith(BUILTIN):
        at = library.at(_builtin(reference))
        found = (at,) if at else ()
    else:
        found = matching(library.files, reference)
    if not found:
        raise _unknown(reference, library)
    return found


def _below(library: Library, reference: str) -> Path | None:
    """Return the file at a path inside a store, whatever its name ends with."""
    for store in library.stores:
        path = store.directory / reference
        if store.directory not in library.unanswered and os.path.isfile(path):  # noqa: PTH113
            return path
    return None


def only(reference: str, found: Sequence[ModelFile]) -> ModelFile:
    """Return the one model that a reference means; raises UsageError when there are several."""
    if len(found) > 1 and not reference.startswith(HUB):
        names = [one_line(model.name) for model in found]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        listed = " and ".join(sorted(names)[:_NAMED])
        raise UsageError(
            f"{one_line(reference)} is ambiguous: {listed}{more}.", fix="Give more of the name."
        )
    return found[0]


def _builtin(reference: str) -> Path:
    name = reference.removeprefix(BUILTIN)
    if name not in _BUILTIN_FILES:
        known = ", ".join(f"{BUILTIN}{n}" for n in _BUILTIN_FILES)
        raise NotFoundError(f"There is no model {reference}; termai ships {known}.")
    return _existing(Path(__file__).parent / _BUILTIN_FILES[name])


def check_not_empty(reference: str) -> None:
    """Raise UsageError for a reference that names nothing."""
    if not reference.strip():
        raise UsageError("No model is named.", fix="`termai models` lists what there is.")


def expanded_path(reference: str) -> Path:
    """Return a path with its ``~`` replaced; raises NotFoundError where there is no such user."""
    try:
        return Path(reference).expanduser()
    except RuntimeError as error:
        raise NotFoundError(f"{reference}: there is no such user.") from error


def _existing(path: Path) -> Path:
    if os.path.isdir(path):  # noqa: PTH112  Path's own raise below a closed directory
        raise NotFoundError(f"{path} is a directory.", fix="Name a .gguf file inside it.")
    if not os.path.exists(path):  # noqa: PTH110
        raise NotFoundError(f"The model {path} does not exist.", fix="`termai models` lists files.")
    return path


def _whole(path: Path) -> Path:
    """Return the first part of the model at ``path``, which must be all there.

    What is no GGUF file at all is left to the checks of a start, which explain it.
    """
    if whole_name(path.name) or os.path.exists(f"{path}.aria2"):  # noqa: PTH110
        raise InvalidFileError(
            f"{path} is half a download.", fix="Finish the download, then name the file itself."
        )
    if not is_gguf(path.name) or not os.path.isfile(path):  # noqa: PTH113
        return path
    missing = missing_parts(path)
    if missing:
        names = ", ".join(part.name for part in missing[:_NAMED])
        raise InvalidFileError(
            f"{path} is a part of a model of which {names} is missing.", fix="Download the rest."
        )
    for part in parts(path):
        check_complete(read_header(part), part.stat().st_size, name=str(part))
    return parts(path)[0]


def _unknown(reference: str, library: Library) -> NotFoundError:
    looked = _listed(library.stores)
    if reference.startswith(HUB):
        repository = reference.removeprefix(HUB).partition(":")[0]
        here = [m for m in library.models if m.name.startswith(f"{repository}/")]
        have = ", ".join(sorted({quantization(m.name) or m.path.name for m in here}))
        return NotFoundError(
            f"{reference} is not downloaded: not in {looked}.",
            fix=f"Of that repository there is {have}." if have else "Download it first.",
        )
    if "://" in reference:
        reference = without_user(reference).partition("?")[0]
    return NotFoundError(
        f"The model {reference} is not in {looked}.",
        fix="`termai models` lists what there is; `termai models add-dir` adds a directory.",
    )


def _listed(looked: Sequence[Store]) -> str:
    return ", ".join(str(store.directory) for store in looked)
