"""Which model, under which of its names, a person means who wants it removed: never a guess."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from termai.errors import NotFoundError, TermaiError, UsageError
from termai.models import hub_cache, ollama
from termai.models.library import Library
from termai.models.model_file import ModelFile
from termai.models.names import is_gguf, whole_name
from termai.models.places import entry, home
from termai.models.resolve import BUILTIN, check_not_empty, expanded_path, named
from termai.text import one_line

_LISTED = 8  # models that a message names at most


def chosen(reference: str, library: Library) -> ModelFile:
    """Return the one model that is called exactly so, with the files that this name stands for.

    A reference is a path, a whole name in a store with or without ``.gguf`` or the end of it
    behind a slash, a label or short label as lists show them, or a tag as Ollama takes it. Of a
    file with several names the result has the name, path and program of the one that was meant.
    Raises NotFoundError, which lists near names, and UsageError, which lists paths, when several
    models are called so.
    """
    check_not_empty(reference)
    if reference.startswith(BUILTIN):
        return named(reference, library)[0]
    if reference.startswith(("/", "~")):
        found = _at(expanded_path(reference), library)
    else:
        found = [view for view in _views(library) if _is_called(view, reference)]
    once = {_entry(view): view for view in reversed(found)}
    if len(once) > 1:
        paths = [one_line(str(_shown(view))) for view in reversed(once.values())]
        more = f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else ""
        raise UsageError(
            f"{one_line(reference)} is ambiguous: {', '.join(paths[:_LISTED])}{more}.",
            fix="Name one of them by its path.",
        )
    if not once:
        raise _none(reference, library)
    return next(iter(once.values()))


def views(model: ModelFile) -> Iterator[ModelFile]:
    """Yield a model once for each name of its file, first as it is listed."""
    yield model
    for other in model.others:
        rest = tuple(one for one in model.others if one is not other)
        yield replace(
            model,
            path=other.files[0],
            name=other.name,
            label=other.name if other.manifest else _stem(other.name),
            files=other.files,
            where=other.where,
            program=other.program,
            manifest=other.manifest,
            incomplete=other.incomplete,
            others=(model.as_other(), *rest),
            projector=None,
            adapters=(),
        )


def _views(library: Library) -> Iterator[ModelFile]:
    return (view for model in library.files for view in views(model))


def _is_called(view: ModelFile, reference: str) -> bool:
    names = (view.name, _stem(view.name))
    if reference in (*names, view.label, view.short):
        return True
    if any(path.name == reference for path in view.files):
        return True
    if view.manifest is not None:
        return ollama.spelt(reference).lower() == view.name.lower()
    return any(name.endswith(f"/{reference}") for name in names)


def _at(path: Path, library: Library) -> list[ModelFile]:
    wanted = entry(Path(os.path.abspath(path)))  # noqa: PTH100  links in it stay
    found = [view for view in _views(library) if wanted in map(entry, _paths(view, wanted.name))]
    if found or not (whole_name(wanted.name) and os.path.isfile(wanted)):  # noqa: PTH113
        return found
    half = _half(wanted, library)
    return [half] if half else []


def _paths(view: ModelFile, name: str) -> Iterator[Path]:
    """Yield every path that stands for a model and ends with ``name``; no other disk is asked."""
    if view.manifest is not None and view.manifest.name == name:
        yield view.manifest
    for file in view.files:
        if file.name == name:
            yield file
            if links := hub_cache.links_to(file):
                yield from links.same


def _half(path: Path, library: Library) -> ModelFile | None:
    """Return half a download of a part that is there whole, so that no list shows it."""
    store = home(path, library)
    if store is None:
        return None
    name = path.relative_to(os.path.realpath(store.directory)).as_posix()
    return ModelFile(
        *(path, name, path.stat().st_size, store.where),
        label=name,
        program=store.program,
        files=(path,),
        incomplete=True,
    )


def _entry(view: ModelFile) -> object:
    """Return what is the same for two ways to one file: links are files of their own."""
    if view.manifest is not None:
        return entry(view.manifest)
    links = hub_cache.links_to(view.path)
    return links.same[0] if links and links.same else entry(view.path)


def _shown(view: ModelFile) -> Path:
    return view.manifest or view.path


def _none(reference: str, library: Library) -> TermaiError:
    """Return the error for a reference that nothing is called exactly."""
    if reference.startswith(("/", "~")):
        near = [str(_shown(view)) for view in _same_file(expanded_path(reference), library)]
        why = "is another way to"
    else:
        near = [view.label or view.name for view in named(reference, library)]
        why = "is no whole name; near it are"
    if not near:
        try:
            named(reference, library)
        except TermaiError as error:
            return error
    shown = ", ".join(map(one_line, dict.fromkeys(near[:_LISTED])))
    more = f" and {len(near) - _LISTED} more" if len(near) > _LISTED else ""
    return NotFoundError(
        f"{one_line(reference)} {why} {shown}{more}. Nothing was removed.",
        fix="Name the model by its whole name, as `termai models` shows it, or by its path.",
    )


def _same_file(path: Path, library: Library) -> list[ModelFile]:
    def same(file: Path) -> bool:
        try:
            return os.path.samefile(file, path)  # noqa: PTH121
        except OSError:
            return False

    return [
        view
        for view in _views(library)
        if library.unanswered.isdisjoint(view.path.parents) and any(map(same, view.files))
    ]


def _stem(name: str) -> str:
    return name[:-5] if is_gguf(name) else name
