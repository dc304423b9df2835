"""What was found and read the last time, in one file, so that a start shows it at once.

Two programs may write it at the same time: each writes all of it in one step, the last wins, and
the next look at the disk mends what the other knew better.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec

from termai import __version__
from termai.errors import StorageError
from termai.files import write_atomic
from termai.models.facts import Facts
from termai.models.found import Found
from termai.models.listing import beginning
from termai.models.stores import Store
from termai.paths import state_dir

VERSION = 1
LIMIT = 64 << 20
MAX_FILES = 100_000

_Raw = Annotated[bytes, msgspec.Meta(max_length=16384)]
_Count = Annotated[int, msgspec.Meta(ge=0)]


class _File(msgspec.Struct, frozen=True, array_like=True, gc=False):
    path: _Raw
    name: _Raw
    size: _Count
    modified_ns: int
    device: _Count
    inode: _Count
    program: Annotated[str, msgspec.Meta(max_length=200)]
    flags: _Count
    companion: Annotated[str, msgspec.Meta(pattern="^(projector|adapter)?$")]
    belongs: tuple[_Raw, ...]
    manifest: _Raw
    problem: Annotated[str, msgspec.Meta(max_length=8000)]
    facts: Facts | None


class _Store(msgspec.Struct, frozen=True, array_like=True):
    directory: _Raw
    files: tuple[_File, ...]


class _Index(msgspec.Struct, frozen=True, array_like=True):
    version: Annotated[int, msgspec.Meta(ge=VERSION, le=VERSION)]
    writer: Annotated[str, msgspec.Meta(max_length=100)]
    stores: tuple[_Store, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """Files by the directory of their store, and what their headers say by path of first part.

    raw: the bytes that it was read from, empty when there were none. stale: written by another
    version of termai, which may have understood headers less well.
    """

    found: Mapping[Path, tuple[Found, ...]] = field(default_factory=dict)
    facts: Mapping[Path, Facts] = field(default_factory=dict)
    raw: bytes = b""
    stale: bool = False


def path() -> Path:
    """Return where the index lies."""
    return state_dir() / "library.msgpack"


def load(stores: Iterable[Store]) -> Index:
    """Return what is known of the given stores, nothing where the index is missing or broken."""
    raw = beginning(path(), LIMIT + 1)
    try:
        index = msgspec.msgpack.decode(raw, type=_Index)
        return _decoded(index, {store.directory: store for store in stores}, raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Index(raw=raw)


def save(found: Mapping[Path, Iterable[Found]], facts: Mapping[Path, Facts], before: Index) -> None:
    """Write the index unless it says what it said ``before``; a disk that refuses is no matter."""
    left = MAX_FILES
    stores = []
    for directory, files in found.items():
        kept = [_encoded(file, facts.get(file.path)) for file in files][:left]
        left -= len(kept)
        stores.append(_Store(os.fsencode(directory), tuple(kept)))
    raw = msgspec.msgpack.encode(_Index(VERSION, __version__, tuple(stores)))
    if raw == before.raw or len(raw) > LIMIT:
        return
    try:
        write_atomic(path(), raw)
    except StorageError:
        return  # everything is read again the next time


def _encoded(file: Found, facts: Facts | None) -> _File:
    flags = file.incomplete | file.doubtful << 1 | file.tagged << 2
    return _File(
        os.fsencode(file.path),
        os.fsencode(file.name),
        file.size,
        file.modified_ns,
        file.device,
        file.inode,
        file.program,
        flags,
        file.companion,
        tuple(os.fsencode(path) for path in file.belongs),
        os.fsencode(file.manifest) if file.manifest else b"",
        file.problem,
        facts,
    )


def _decoded(index: _Index, stores: Mapping[Path, Store], raw: bytes) -> Index:
    found: dict[Path, tuple[Found, ...]] = {}
    facts: dict[Path, Facts] = {}
    for one in index.stores:
        store = stores.get(_path(one.directory))
        if store is None:
            continue
        files = []
        for file in one.files:
            made = _found(file, store)
            files.append(made)
            if file.facts is not None:
                facts[made.path] = file.facts
        found[store.directory] = tuple(files)
    return Index(found, facts, raw, stale=index.writer != __version__)


def _found(file: _File, store: Store) -> Found:
    return Found(
        path=_path(file.path),
        name=os.fsdecode(file.name),
        store=store,
        size=file.size,
        modified_ns=file.modified_ns,
        device=file.device,
        inode=file.inode,
        program=file.program,
        incomplete=bool(file.flags & 1),
        doubtful=bool(file.flags & 2),
        tagged=bool(file.flags & 4),
        companion=file.companion,
        belongs=tuple(_path(raw) for raw in file.belongs),
        manifest=_path(file.manifest) if file.manifest else None,
        problem=file.problem,
    )


def _path(raw: bytes) -> Path:
    return Path(os.fsdecode(raw))
