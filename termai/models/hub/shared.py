"""What the headers of one model's quantizations share: the vocabulary, most of their bytes.

A vocabulary of 150,000 tokens with its merges takes 6 MB and is the same in every quantization of
a repository. Of a second header only what lies around it is fetched, and the arrays themselves,
which nobody looks at, are taken to be as long as in the first. That is not believed: they must
begin alike, the next key must follow at the very place, the tensor table must parse, and the
tensors must fill the file to its end.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from termai.gguf.header import Header, SkippedArray, read_from
from termai.gguf.source import BytesSource
from termai.gguf.values import ARRAY

_LEAST = 64 << 10  # bytes of arrays that are worth a request
_SAMPLE = 4 << 10  # bytes of the arrays that are compared
_ROOM = 16 << 10  # bytes by which the keys around them may be longer


@dataclass(frozen=True, slots=True)
class Run:
    """Arrays that follow each other in a header.

    key: the first array's key as it is stored. start: offset behind it. size: bytes from there to
    ``following``, the key that comes next. sample: the first of these bytes. empty: the same
    arrays without items.
    """

    key: bytes
    start: int
    size: int
    sample: bytes
    following: bytes
    empty: bytes

    @property
    def end(self) -> int:
        """The offset where the following key begins."""
        return self.start + self.size


@dataclass(frozen=True, slots=True)
class Donor:
    """The long arrays of a header that was read whole, and the length of that header."""

    runs: tuple[Run, ...]
    arrays: Mapping[str, SkippedArray]
    length: int


def donor(header: Header, pieces: Mapping[int, bytes]) -> Donor | None:
    """Return what a header may share, of which ``pieces`` were fetched; None for short arrays."""
    data = _joined(pieces, header.length)
    order = ">" if header.big_endian else "<"
    runs: list[Run] = []
    arrays: dict[str, SkippedArray] = {}
    for keys, next_key in _array_keys(header):
        key, following = _stored(keys[0], order), _stored(next_key, order)
        start = data.find(key, runs[-1].end if runs else 0) + len(key)
        size = data.find(following, start) - start
        if start < len(key) or size < _LEAST:
            continue
        found = {key: header.metadata[key] for key in keys}
        known = {key: value for key, value in found.items() if isinstance(value, SkippedArray)}
        sample = data[start : start + min(_SAMPLE, size)]
        runs.append(Run(key, start, size, sample, following, _empty(known, order)))
        arrays |= known
    return Donor(tuple(runs), arrays, header.length) if runs else None


def read_shared(
    known: Donor, fetch: Callable[[int, int], bytes], size: int, *, name: str
) -> Header | None:
    """Return the header of a file of ``size`` bytes whose arrays are the donor's, else None.

    Raises what ``fetch`` raises, and InvalidFileError where only a header read whole can tell.
    """
    chunk = fetch(0, known.runs[0].start + _SAMPLE + _ROOM)
    base = left_out = 0
    parts: list[bytes] = []
    for number, run in enumerate(known.runs):
        start = chunk.find(run.key) + len(run.key)
        if start < len(run.key) or chunk[start : start + len(run.sample)] != run.sample:
            return None
        parts += [chunk[:start], run.empty]
        left_out += run.size - len(run.empty)
        base += start + run.size
        last = number + 1 == len(known.runs)
        until = known.length if last else known.runs[number + 1].start + _SAMPLE
        chunk = fetch(base, until - run.end + _ROOM)
        if not chunk.startswith(run.following):
            return None
    source = BytesSource(b"".join([*parts, chunk]), size)
    header = read_from(source, name=name)
    metadata = {key: known.arrays.get(key, value) for key, value in header.metadata.items()}
    whole = replace(header, metadata=metadata, length=header.length + left_out)
    return whole if 0 <= size - whole.file_size < whole.alignment else None


def _array_keys(header: Header) -> list[tuple[list[str], str]]:
    """Return the keys of each run of arrays that were not built, and the key after it."""
    found: list[tuple[list[str], str]] = []
    run: list[str] = []
    for key, value in header.metadata.items():
        if isinstance(value, SkippedArray):
            run.append(key)
        elif run:
            found.append((run, key))
            run = []
    return found


def _empty(arrays: Mapping[str, SkippedArray], order: str) -> bytes:
    """Return the arrays without items as they would be stored behind the first one's key."""
    first, *others = (
        (key, struct.pack(f"{order}IIQ", ARRAY, array.item_type, 0))
        for key, array in arrays.items()
    )
    return first[1] + b"".join(_stored(key, order) + value for key, value in others)


def _joined(pieces: Mapping[int, bytes], length: int) -> bytes:
    """Return the header's bytes, zeros where the reader skipped numbers."""
    data = bytearray(length)
    for offset, piece in pieces.items():
        kept = piece[: max(0, length - offset)]
        data[offset : offset + len(kept)] = kept
    return bytes(data)


def _stored(key: str, order: str) -> bytes:
    raw = key.encode()
    return struct.pack(f"{order}Q", len(raw)) + raw
