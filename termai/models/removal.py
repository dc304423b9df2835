"""Removing a model: first what would go, what that frees and whose it is, then the removal.

Another program's store is left as that program would leave it: of Ollama the manifest goes before
its blobs, in a hub cache links go before what they point to, and what anything else still names
stays.
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from termai.errors import NotFoundError, StorageError, UsageError
from termai.models import hub_cache
from termai.models.library import Library
from termai.models.model_file import ModelFile
from termai.models.ollama_needs import refuse_layers, unshared
from termai.models.places import entry, home, leads_through
from termai.models.stores import BUILT_IN, LLAMA_CPP, OWN, Store
from termai.text import one_line

_BESIDE = (".etag", ".json")  # what llama.cpp's older cache keeps beside a file


@dataclass(frozen=True, slots=True)
class Doomed:
    """A file that goes, and what it was when that was decided."""

    path: Path
    size: int
    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a model does.

    name: what is removed. files: all that goes, in the order in which it does. frees: bytes that
    the disk gets back. program: whose model it is, empty for the user's own. stays: a sentence
    for each thing that stays and might be expected to go. emptied: directories of termai's own
    that are removed when nothing is left in them. outside: the
    directory of files that a linked directory leads to and that no store holds.
    """

    name: str
    files: tuple[Doomed, ...]
    frees: int
    program: str = ""
    stays: tuple[str, ...] = ()
    emptied: tuple[Path, ...] = ()
    outside: Path | None = None


def plan(model: ModelFile, library: Library, *, projector: bool = False) -> Removal:
    """Return what removing ``model`` would do; nothing is touched.

    Of a file that has several names only the one that it is listed under goes, or that it was
    chosen by. With ``projector`` the projector goes, too, unless other models use it. Raises
    UsageError for the model that comes with termai and for a part of Ollama's models, NotFoundError
    when it is gone.
    """
    store = home(model.manifest or model.path, library)
    if BUILT_IN in (model.where, store and store.where):
        raise UsageError(
            "The smoke model comes with termai and is not removed.",
            fix="It takes less than 4 MB.",
        )
    if model.manifest is not None:
        return _of_ollama(model, library)
    refuse_layers(model, library)
    stays: list[str] = []
    doomed = [path for file in model.files for path in _with_blob(file, stays)]
    if model.program == LLAMA_CPP:
        doomed += [Path(f"{file}{end}") for file in model.files for end in _BESIDE]
    if model.incomplete:
        doomed += [part for file in model.files for part in _pieces(file)]
    if model.projector is not None:
        doomed += _projector(model, library, stays, wanted=projector)
    files = tuple(_doomed(_real(doomed, library)))
    if not files:
        raise NotFoundError(f"{one_line(model.label)} is not there any more.")
    if not model.path.is_symlink() and _frees(files) == 0 < model.size:
        stays.append("Nothing is freed: the file has another name elsewhere, a hard link.")
    stays += [*_other_names(model, files), *_users(model, library)]
    owner, outside = _owner(model, store), _outside(files, library)
    return Removal(
        name=model.label or model.name,
        files=files,
        frees=_frees(files),
        program=owner,
        stays=(*_said(outside, store), *stays),
        emptied=tuple(_above(model, library)) if owner == OWN else (),
        outside=outside,
    )


def remove(removal: Removal, in_use: Collection[Path] = ()) -> None:
    """Remove the files of a plan, all or, where that can be known before, none.

    ``in_use`` are the files that servers have loaded and downloads are filling. Raises UsageError
    when one of them would go, StorageError when a file has changed since the plan was made or
    cannot be removed; it then says what is gone.
    """
    _refuse_used(removal, in_use)
    for file in removal.files:
        _check(file)
    gone = 0
    for file in removal.files:
        try:
            file.path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageError(
                f"{file.path} could not be removed: {error.strerror}; "
                f"{gone} of {len(removal.files)} files are gone.",
                fix="Mend the permissions of its directory, then remove the model again.",
            ) from error
        gone += 1
    for directory in removal.emptied:
        try:
            directory.rmdir()
        except OSError:
            return


def _of_ollama(model: ModelFile, library: Library) -> Removal:
    """Plan the removal of one tag: its manifest, then the blobs that no other tag names."""
    manifest = model.manifest
    if manifest is None or not os.path.lexists(manifest):
        raise NotFoundError(f"Ollama has no model {one_line(model.name)} any more.")
    blobs, stays = unshared(manifest, library)
    files = tuple(_doomed(_real([manifest, *sorted(blobs)], library)))
    store, outside = home(manifest, library), _outside(files, library)
    return Removal(
        name=model.name,
        files=files,
        frees=_frees(files),
        program=_owner(model, store),
        stays=(*_said(outside, store), *stays),
        outside=outside,
    )


def _with_blob(file: Path, stays: list[str]) -> list[Path]:
    """Return a file to remove, in a hub cache with the blob it points to."""
    found = hub_cache.links_to(file)
    if found is None:
        if file.is_symlink():
            stays.append(f"Only the link goes; {one_line(str(file.resolve()))} stays.")
        return [file]
    if found.others:
        other = one_line(str(found.others[0]))
        stays.append(f"{found.blob} stays: {other} is the same file.")
        return list(found.same)
    return [*found.same, found.blob]


def _pieces(file: Path) -> list[Path]:
    """Return the notes and pieces that Ollama and aria2 keep beside half a download."""
    beside = [Path(f"{file}.aria2")]
    if file.name.endswith("-partial"):
        beside += sorted(file.parent.glob(f"{file.name}-[0-9]*"))
    return beside


def _projector(model: ModelFile, library: Library, stays: list[str], *, wanted: bool) -> list[Path]:
    assert model.projector is not None  # noqa: S101  as the caller has seen
    others = [
        one.label
        for one in library.files
        if one.projector == model.projector and one.path != model.path
    ]
    if wanted and not others:
        return _with_blob(model.projector, stays)
    used = f"; {one_line(others[0])} uses it, too" if others else ""
    stays.append(f"Its projector {one_line(model.projector.name)} stays{used}.")
    return []


def _owner(model: ModelFile, store: Store | None) -> str:
    """Return whose model it is by the store that it really lies in, empty where none tells."""
    if store is None:
        return ""
    return store.program or (model.program if store.where == model.where else "")


def _real(paths: Iterable[Path], library: Library) -> list[Path]:
    """Return paths with those that linked directories lead out of every store as they are."""
    return [path if home(path, library) else entry(path) for path in paths]


def _outside(files: Iterable[Doomed], library: Library) -> Path | None:
    """Return the directory of the first file that no store holds."""
    return next((f.path.parent for f in files if not home(f.path, library)), None)


def _said(outside: Path | None, store: Store | None) -> Iterator[str]:
    if outside is not None:
        unknown = "" if store else "; whose it is is not known"
        yield f"It lies in {one_line(str(outside))}, outside of every directory of models{unknown}."


def _other_names(model: ModelFile, doomed: Iterable[Doomed]) -> Iterator[str]:
    """Yield a sentence for each link that leads nowhere once the files are gone."""
    gone = {entry(file.path) for file in doomed}
    for path in (path for other in model.others for path in other.files):
        if entry(path) not in gone and leads_through(path, gone):
            yield f"{one_line(str(path))} is a link to it, which will lead nowhere."


def _users(model: ModelFile, library: Library) -> Iterator[str]:
    """Yield who will miss a projector or an adapter."""
    users = [
        one_line(one.label)
        for one in library.files
        if one.path != model.path
        and any(file in model.files for file in (one.projector, *one.adapters))
    ]
    if users:
        more = f" and {len(users) - 3} more" if len(users) > 3 else ""
        yield f"{', '.join(users[:3])}{more} will have to do without it."


def _above(model: ModelFile, library: Library) -> Iterator[Path]:
    """Yield the directories of a model inside its store, the innermost first."""
    roots = {store.directory for store in library.stores if store.where == model.where}
    for directory in model.path.parents:
        if directory in roots or not any(root in directory.parents for root in roots):
            return
        yield directory


def _doomed(paths: Iterable[Path]) -> Iterator[Doomed]:
    for path in dict.fromkeys(paths):
        try:
            seen = path.lstat()
        except OSError:
            continue
        yield Doomed(path, seen.st_size, seen.st_dev, seen.st_ino)


def _frees(files: Iterable[Doomed]) -> int:
    """Return the bytes on disk of the files whose every name goes; holes take none."""
    names: dict[tuple[int, int], list[Doomed]] = {}
    for file in files:
        names.setdefault((file.device, file.inode), []).append(file)
    freed = 0
    for same in names.values():
        seen = same[0].path.lstat()
        if stat.S_ISREG(seen.st_mode) and seen.st_nlink <= len(same):
            freed += min(seen.st_size, seen.st_blocks * 512)
    return freed


def _refuse_used(removal: Removal, in_use: Collection[Path]) -> None:
    used = set()
    for path in in_use:
        try:
            seen = path.stat()
        except OSError:
            continue
        used.add((seen.st_dev, seen.st_ino))
    for file in removal.files:
        try:
            seen = file.path.stat()
        except OSError:
            continue
        if (seen.st_dev, seen.st_ino) in used:
            raise UsageError(
                f"{one_line(removal.name)} is in use.",
                fix="Stop its server (`termai ps` lists them) or its download, then try again.",
            )


def _check(file: Doomed) -> None:
    """Refuse a file that has become another, or whose directory may not be changed."""
    try:
        seen = file.path.lstat()
    except OSError as error:
        raise StorageError(f"{file.path} has gone meanwhile: {error.strerror}.") from error
    if (seen.st_dev, seen.st_ino, seen.st_size) != (file.device, file.inode, file.size):
        raise StorageError(
            f"{file.path} has changed meanwhile; nothing was removed.", fix="Look again."
        )
    if not os.access(file.path.parent, os.W_OK | os.X_OK):
        raise StorageError(
            f"{file.path.parent} may not be changed by you; nothing was removed.",
            fix="Remove the model with the program or as the user that it belongs to.",
        )
