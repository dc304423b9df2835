"""Headers that were read from afar, kept on disk without their vocabularies: some 30 KB each.

A file is known by its SHA-256 where the hub gives one, so that it need not be read again after
other files of its repository have changed, and by commit and path where it does not.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from termai.errors import InvalidFileError, NotFoundError, StorageError
from termai.files import write_atomic
from termai.gguf.header import Header, SkippedArray, Value
from termai.gguf.tensor_types import TENSOR_TYPES
from termai.gguf.tensors import Tensor
from termai.models.hub.files import RepoFile
from termai.paths import state_dir

SCHEMA = 1

_MOST_BYTES = 16 << 20  # of one kept header
_MOST_FILES = 1000
_PRUNED_TO = 800


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    schema: int
    version: int
    big_endian: bool
    alignment: int
    length: int
    metadata: dict[str, Any]
    tensors: list[tuple[str, tuple[int, ...], int, int]]


class _Skipped(msgspec.Struct, frozen=True, array_like=False, tag_field="array", tag="skipped"):
    item_type: int
    count: int


def load(repo: str, commit: str, file: RepoFile) -> Header | None:
    """Return a header that was kept, None when it was not or cannot be read any more."""
    path = _path(repo, commit, file)
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        header = _restored(msgspec.msgpack.decode(data, type=_Kept))
    except (OSError, msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return None
    with suppress(OSError):
        os.utime(path)
    return header


def keep(repo: str, commit: str, file: RepoFile, header: Header) -> None:
    """Keep a header for the next time; where the disk does not take it, it is read again then."""
    kept = _Kept(
        SCHEMA,
        header.version,
        header.big_endian,
        header.alignment,
        header.length,
        {key: _plain(value) for key, value in header.metadata.items()},
        [(t.name, t.shape, t.type.id, t.offset) for t in header.tensors],
    )
    with suppress(StorageError, NotFoundError, InvalidFileError, msgspec.MsgspecError, ValueError):
        data = msgspec.msgpack.encode(kept)
        if len(data) <= _MOST_BYTES:
            write_atomic(_path(repo, commit, file), data)
            _prune(directory())


def directory() -> Path:
    """Return where headers are kept."""
    return state_dir() / "hub" / "headers"


def _path(repo: str, commit: str, file: RepoFile) -> Path:
    known = file.sha256 or hashlib.sha256(f"{repo}\n{commit}\n{file.path}".encode()).hexdigest()
    return directory() / f"{known}.msgpack"


def _plain(value: Value) -> Any:
    return _Skipped(value.item_type, value.count) if isinstance(value, SkippedArray) else value


def _restored(kept: _Kept) -> Header:
    if kept.schema != SCHEMA or kept.alignment <= 0:
        raise ValueError
    tensors = tuple(
        Tensor(name, shape, TENSOR_TYPES[kind], offset)
        for name, shape, kind, offset in kept.tensors
    )
    metadata = {key: _value(value) for key, value in kept.metadata.items()}
    return Header(kept.version, kept.big_endian, metadata, tensors, kept.alignment, kept.length)


def _value(value: Any) -> Value:
    if isinstance(value, dict):
        return SkippedArray(int(value["item_type"]), int(value["count"]))
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, str | int | float):
        return value
    raise TypeError(value)


def _prune(folder: Path) -> None:
    """Delete what was not used for longest when there is too much."""
    entries = [entry for entry in os.scandir(folder) if entry.name.endswith(".msgpack")]
    if len(entries) <= _MOST_FILES:
        return
    with suppress(OSError):
        entries.sort(key=lambda entry: entry.stat().st_mtime)
        for entry in entries[: len(entries) - _PRUNED_TO]:
            Path(entry.path).unlink(missing_ok=True)
