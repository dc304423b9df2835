"""The header of a GGUF file: its metadata and its tensor table, without the tensors' data.

Layout: ggml/docs/gguf.md, "File Structure"; what is refused follows ggml/src/gguf.cpp.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from termai.errors import InvalidFileError
from termai.gguf.cursor import GET_AGAIN, Cursor
from termai.gguf.magic import VERSIONS, check_begins
from termai.gguf.source import BytesSource, FileSource, Source
from termai.gguf.tensors import Tensor, read_tensors
from termai.gguf.values import SkippedArray, Value, read_key, read_value
from termai.text import one_line

__all__ = ["Header", "SkippedArray", "Tensor", "Value", "parse_header", "read_from", "read_header"]

ALIGNMENT_KEY = "general.alignment"
DEFAULT_ALIGNMENT = 32
MAX_ALIGNMENT = 1 << 20
MAX_KEYS = 1 << 16
MAX_TENSORS = 1 << 17
MAX_LAYERS = 4096  # llama.cpp itself takes 512 (LLAMA_MAX_LAYERS in src/llama-hparams.h)

_LEAST_KEY = 8 + 1 + 4 + 1
_LEAST_TENSOR = 8 + 1 + 4 + 4 + 8


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Header:
    """What a GGUF file says before its data; two are equal only when they are the same object.

    ``length`` is where the tensor table ends, ``data_offset`` where the data begins (``length``
    rounded up to ``alignment``); both in bytes. ``tensors`` are in the order of the file.
    """

    version: int
    big_endian: bool
    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    alignment: int
    length: int

    @property
    def data_offset(self) -> int:
        """Return the offset of the tensors' data in the file."""
        return _padded(self.length, self.alignment)

    @property
    def file_size(self) -> int:
        """Return the least size in bytes of a file that holds all of its tensors."""
        if not self.tensors:
            return self.length
        last = self.tensors[-1]
        return self.data_offset + last.offset + last.size

    @property
    def architecture(self) -> str:
        """Return ``general.architecture``, empty when there is none."""
        return self.text("general.architecture")

    @property
    def layers(self) -> int:
        """Return the architecture's block_count, 0 when it is absent or absurd."""
        count = self.number(self.own("block_count"))
        return count if 0 <= count <= MAX_LAYERS else 0

    def own(self, key: str) -> str:
        """Return the full name of a key of the architecture, such as ``llama.block_count``."""
        return f"{self.architecture}.{key}"

    def text(self, key: str, default: str = "") -> str:
        """Return a string, ``default`` when it is absent or not one."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: int = 0) -> int:
        """Return a whole number, ``default`` when it is absent or not one."""
        value = self.metadata.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def real(self, key: str, default: float = 0.0) -> float:
        """Return a number with or without a fraction, ``default`` when it is absent or none."""
        value = self.metadata.get(key)
        wanted = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if wanted else default  # type: ignore[arg-type]

    def flag(self, key: str, default: bool = False) -> bool:
        """Return a bool, ``default`` when it is absent or not one."""
        value = self.metadata.get(key)
        return value if isinstance(value, bool) else default

    def per_layer(self, key: str, layers: int, default: int = 0) -> tuple[int, ...]:
        """Return a whole number for each layer from a key that holds one, or one for each.

        An array that is too short is filled up with ``default``, as is a key that is absent. There
        are at most MAX_LAYERS.
        """
        layers = min(layers, MAX_LAYERS)
        value = self.metadata.get(key)
        if isinstance(value, tuple):
            items = tuple(int(i) if isinstance(i, int) else default for i in value[:layers])
            return items + (default,) * (layers - len(items))
        return (self.number(key, default),) * layers


def read_header(path: Path, *, arrays: Collection[str] = ()) -> Header:
    """Read the header of a file without building what is long.

    Numeric arrays of up to 4,096 items are always built, as tuples; other arrays, and strings of
    more than 1 MiB, become SkippedArray unless their key is in ``arrays``. Raises NotFoundError,
    InvalidFileError.
    """
    with FileSource(path) as source:
        return read_from(source, name=str(path), arrays=arrays)


def parse_header(
    data: bytes, *, name: str = "the model", size: int | None = None, arrays: Collection[str] = ()
) -> Header:
    """Read a header from the first bytes of a file, of which ``size`` is the whole size."""
    return read_from(BytesSource(data, size), name=name, arrays=arrays)


def read_from(source: Source, *, name: str, arrays: Collection[str] = ()) -> Header:
    """Read a header from ``source``, called ``name`` in messages; see ``read_header``."""
    cursor = Cursor(source, name)
    version = _read_version(cursor)
    tensor_count, key_count = cursor.read_u64(), cursor.read_u64()
    _check_count(cursor, "tensors", tensor_count, _LEAST_TENSOR, MAX_TENSORS)
    _check_count(cursor, "metadata keys", key_count, _LEAST_KEY, MAX_KEYS)
    metadata = _read_metadata(cursor, key_count, arrays)
    alignment = _alignment(cursor, metadata)
    tensors = read_tensors(cursor, tensor_count, alignment)
    return Header(version, cursor.order == ">", metadata, tensors, alignment, cursor.offset)


def check_complete(header: Header, size: int, *, name: str) -> None:
    """Refuse a file of ``size`` bytes that does not hold all tensors of its header."""
    if size < header.file_size:
        raise InvalidFileError(
            f"{one_line(name)} is cut short: it has {size:,} bytes, "
            f"expected {header.file_size:,} for its tensors.",
            fix="Finish the download.",
        )


def _read_version(cursor: Cursor) -> int:
    head = _first_bytes(cursor.source)
    check_begins(head, one_line(cursor.name))
    cursor.need(8)
    cursor.pos = 4
    for order in "<", ">":
        cursor.set_order(order)
        version = cursor.read_u32()
        if version in VERSIONS:
            return version
        cursor.pos = 4
    number = int.from_bytes(head[4:8], "little")
    expected = " or ".join(str(v) for v in VERSIONS)
    raise cursor.bad(f"has GGUF version {number}, expected {expected}", fix=GET_AGAIN)


def _first_bytes(source: Source) -> bytes:
    head = b""
    while len(head) < 8:
        more = source.read(len(head), 8 - len(head))
        if not more:
            break
        head += more
    return head


def _check_count(cursor: Cursor, what: str, count: int, least: int, most: int) -> None:
    """Refuse a count that the rest of the file, or any sane file, does not hold."""
    cursor.where = f"the number of {what}"
    if count > most:
        raise cursor.bad(f"claims {count:,} {what}, expected at most {most:,}")
    cursor.check_room(count * least)


def _read_metadata(cursor: Cursor, count: int, arrays: Collection[str]) -> dict[str, Value]:
    metadata: dict[str, Value] = {}
    for number in range(count):
        cursor.where = f"key {number + 1} of {count}"
        key = read_key(cursor)
        cursor.where = f"key {key}"
        if key in metadata:
            raise cursor.bad("has the same key twice")
        metadata[key] = read_value(cursor, key, build=key in arrays)
    return metadata


def _alignment(cursor: Cursor, metadata: Mapping[str, Value]) -> int:
    """Return the alignment of the data in bytes: a power of two, as llama.cpp demands."""
    value = metadata.get(ALIGNMENT_KEY, DEFAULT_ALIGNMENT)
    if type(value) is int and 0 < value <= MAX_ALIGNMENT and not value & (value - 1):
        return value
    cursor.where = f"key {ALIGNMENT_KEY}"
    raise cursor.bad(f"has an alignment of {one_line(str(value), 40)}, expected a power of two")


def _padded(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment
