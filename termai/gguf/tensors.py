"""The tensor table of a GGUF header: name, shape, type and place of each tensor."""

import math
import struct
from typing import NamedTuple

from termai.gguf.cursor import Cursor
from termai.gguf.tensor_types import REMOVED_TYPES, TENSOR_TYPES, TensorType
from termai.gguf.values import read_key
from termai.text import one_line

MAX_DIMS = 4
MAX_ELEMENTS = (1 << 63) - 1
MAX_BYTES = (1 << 64) - 1


class Tensor(NamedTuple):
    """One tensor: ``shape`` has the length of a row first, ``offset`` counts from the data."""

    name: str
    shape: tuple[int, ...]
    type: TensorType
    offset: int

    @property
    def elements(self) -> int:
        """Return how many numbers it holds."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Return the bytes that they take in the file."""
        return self.elements // self.type.block * self.type.size


def read_tensors(cursor: Cursor, count: int, alignment: int) -> tuple[Tensor, ...]:
    """Read the tensor table.

    Refuses what llama.cpp refuses (gguf_init_from_reader in ggml/src/gguf.cpp): more than four
    dimensions, more elements than 63 bits or bytes than 64 bits can count, a row that is not a
    whole number of blocks, an unknown type, a name that comes twice, a tensor that does not follow
    the one before it; and dimensions of zero, which no model has.
    """
    found: dict[str, Tensor] = {}
    expected = 0
    tail = struct.Struct(cursor.order + "IQ")
    for number in range(count):
        cursor.where = f"tensor {number + 1} of {count}"
        name = read_key(cursor)
        cursor.where = f"tensor {name}"
        if name in found:
            raise cursor.bad("has two tensors of the same name")
        shape = _read_shape(cursor)
        cursor.need(tail.size)
        kind, offset = tail.unpack_from(cursor.data, cursor.pos)
        tensor = Tensor(name, shape, _type(cursor, kind), offset)
        _check(cursor, tensor, expected)
        cursor.pos += tail.size
        found[name] = tensor
        expected += -(-tensor.size // alignment) * alignment
    return tuple(found.values())


def _read_shape(cursor: Cursor) -> tuple[int, ...]:
    dims = cursor.read_u32()
    if dims > MAX_DIMS:
        raise cursor.bad(f"has a tensor of {dims} dimensions, expected at most {MAX_DIMS}")
    cursor.need(8 * dims)
    shape: tuple[int, ...] = struct.unpack_from(f"{cursor.order}{dims}q", cursor.data, cursor.pos)
    cursor.pos += 8 * dims
    return shape


def _type(cursor: Cursor, kind: int) -> TensorType:
    known = TENSOR_TYPES.get(kind)
    if known is None:
        removed = REMOVED_TYPES.get(kind)
        raise cursor.bad(
            f"has a tensor of type {removed}, which llama.cpp no longer reads"
            if removed
            else f"has a tensor of type {kind}, which is unknown",
            fix="Get another quantization of this model.",
        )
    return known


def _check(cursor: Cursor, tensor: Tensor, expected: int) -> None:
    if any(dim <= 0 for dim in tensor.shape) or tensor.elements > MAX_ELEMENTS:
        shape = one_line(str(list(tensor.shape)), 80)
        raise cursor.bad(f"has a tensor of the impossible shape {shape}")
    row = tensor.shape[0] if tensor.shape else 1
    if row % tensor.type.block:
        block, name = tensor.type.block, tensor.type.name
        raise cursor.bad(f"has rows of {row}, not a multiple of {block} as {name} needs")
    if tensor.offset != expected:
        raise cursor.bad(f"has a tensor at offset {tensor.offset:,}, expected {expected:,}")
    if expected + tensor.size > MAX_BYTES:
        raise cursor.bad("has tensors of more bytes than a file can hold")
