"""Repositories in a Hugging Face cache: ``models--org--name/{blobs,refs,snapshots/COMMIT}``."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from termai.models.found import Found, look
from termai.models.listing import listed, small_text
from termai.models.names import is_gguf
from termai.models.stores import Store

PREFIX = "models--"

_MAX_DEPTH = 6
_SHOWN = 12  # characters of a commit or of a blob's name


def files(repository: Path, store: Store, program: str) -> Iterator[Found | None]:
    """Yield the models in the snapshots of a repository's directory, then half downloads.

    The snapshot that ``refs/main`` names comes first, then those of other refs, then the newest.
    A file of a later snapshot is told from one of the same name by its commit.
    """
    name = repository.name.removeprefix(PREFIX).replace("--", "/", 1)
    taken: dict[str, object] = {}
    for snapshot in _snapshots(repository):
        for path in _ggufs(snapshot):
            inside = path.relative_to(snapshot).as_posix()
            made = look(path, f"{name}/{inside}", store, program=program)
            if made and taken.setdefault(inside, made.identity) != made.identity:
                made = replace(made, name=f"{name}/@{snapshot.name[:_SHOWN]}/{inside}")
            yield made
    for file in listed(repository / "blobs").files:
        if file.endswith(".incomplete"):
            path = repository / "blobs" / file
            unknown = f"{name}/{file[:_SHOWN]}"
            yield look(path, unknown, store, program=program, incomplete=True, doubtful=True)


class Links(NamedTuple):
    """The links to a blob: those called as one of them in any snapshot, and others."""

    blob: Path
    same: tuple[Path, ...]
    others: tuple[Path, ...]


def links_to(file: Path) -> Links | None:
    """Return every link of a repository's snapshots to the blob behind ``file``, and the blob.

    None where ``file`` is no link to a blob of the repository that it lies in.
    """
    repository = next((p for p in file.parents if p.name.startswith(PREFIX)), None)
    if repository is None or not file.is_symlink():
        return None
    blob = file.resolve()
    if blob.parent != (repository / "blobs").resolve():
        return None
    inside = file.relative_to(repository).parts[2:]
    same: list[Path] = []
    others: list[Path] = []
    for snapshot in _snapshots(repository):
        for path in _files(snapshot, 0):
            if path.is_symlink() and path.resolve() == blob:
                called = path.relative_to(snapshot).parts
                (same if called == inside else others).append(path)
    return Links(blob, tuple(same), tuple(others))


def _snapshots(repository: Path) -> list[Path]:
    commits = _refs(repository / "refs", 0)
    first = small_text(repository / "refs" / "main", 200).decode("ascii", "replace").strip()

    def order(path: Path) -> tuple[bool, bool, float]:
        try:
            age = -path.stat().st_mtime
        except OSError:
            age = 0.0
        return (path.name != first, path.name not in commits, age)

    here = repository / "snapshots"
    return sorted((here / name for name in listed(here).directories), key=order)


def _refs(directory: Path, depth: int) -> set[str]:
    here = listed(directory)
    commits = {
        small_text(directory / name, 200).decode("ascii", "replace").strip() for name in here.files
    }
    if depth < 3:
        for name in here.directories:
            commits |= _refs(directory / name, depth + 1)
    return commits


def _ggufs(snapshot: Path) -> Iterator[Path]:
    return (path for path in _files(snapshot, 0) if is_gguf(path.name))


def _files(directory: Path, depth: int) -> Iterator[Path]:
    here = listed(directory)
    for name in here.files:
        yield directory / name
    if depth < _MAX_DEPTH:
        for name in here.directories:
            if not (directory / name).is_symlink():
                yield from _files(directory / name, depth + 1)
