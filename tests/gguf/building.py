"""GGUF files for tests, written from scratch: headers of any size, data only where wanted.

``build`` returns a header, ``write_sparse`` a file that is as long as its tensors say and takes
no room on disk. Both say nothing about sense: what is wrong is written as it is.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from termai.gguf.tensor_types import TensorType, type_named

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)

_CODES = "BbHhIif?  Qqd"

TensorSpec: TypeAlias = tuple[str, Sequence[int], str]


@dataclass(frozen=True, slots=True)
class Typed:
    """A value of the given type; ``item`` is the type of its items when it is an array."""

    kind: int
    value: Any
    item: int = U32


def build(
    metadata: Mapping[str, Any],
    tensors: Iterable[TensorSpec] = (),
    *,
    version: int = 3,
    big_endian: bool = False,
) -> bytes:
    """Return a header, filled up to where the data begins.

    ``metadata`` takes str, bool, int (U32, else I32, else U64), float (F32), lists of one of
    these, and Typed; ``tensors`` names, shapes with the row first, and names of types. Offsets
    follow each other at ``general.alignment``, 32 when it is not there.
    """
    order = ">" if big_endian else "<"
    alignment = metadata.get("general.alignment", 32)
    align = alignment if isinstance(alignment, int) and 0 < alignment <= 1 << 20 else 32
    specs = list(tensors)
    parts = [b"GGUF", struct.pack(order + "IQQ", version, len(specs), len(metadata))]
    for key, value in metadata.items():
        parts += [_string(order, key), _value(order, value)]
    offset = 0
    for name, shape, kind in specs:
        parts.append(tensor_entry(order, name, shape, type_named(kind), offset))
        offset += -(-_size(shape, type_named(kind)) // align) * align
    head = b"".join(parts)
    return head + bytes(-len(head) % align)


def tensor_entry(
    order: str, name: str, shape: Sequence[int], kind: TensorType, offset: int
) -> bytes:
    """Return one line of the tensor table."""
    dims = struct.pack(f"{order}I{len(shape)}q", len(shape), *shape)
    return _string(order, name) + dims + struct.pack(order + "IQ", kind.id, offset)


def write_sparse(
    path: Path,
    metadata: Mapping[str, Any],
    tensors: Iterable[TensorSpec],
    *,
    version: int = 3,
    big_endian: bool = False,
) -> Path:
    """Write a file that is as long as its tensors say, their data a hole, and return its path."""
    specs = list(tensors)
    head = build(metadata, specs, version=version, big_endian=big_endian)
    alignment = metadata.get("general.alignment", 32)
    sizes = [_size(shape, type_named(kind)) for _, shape, kind in specs]
    padded = sum(-(-size // alignment) * alignment for size in sizes)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + padded)
    return path


def vocabulary(tokens: int, merges: int = 0) -> dict[str, Any]:
    """Return the metadata of a byte-pair tokenizer with words of the usual lengths."""
    words = [f"Ġ{number:x}" * (1 + number % 3) for number in range(tokens)]
    made: dict[str, Any] = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "llama-bpe",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": Typed(ARRAY, [1] * tokens, I32),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }
    if merges:
        made["tokenizer.ggml.merges"] = [f"Ġ{n:x} {n % 977:x}" for n in range(merges)]
    return made


def _size(shape: Sequence[int], kind: TensorType) -> int:
    elements = 1
    for dim in shape:
        elements *= dim
    return elements // kind.block * kind.size


def _string(order: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    return struct.pack(order + "Q", len(raw)) + raw


def _value(order: str, value: Any) -> bytes:
    if isinstance(value, Typed):
        kind, content, item = value.kind, value.value, value.item
    elif isinstance(value, list | tuple):
        kind, content = ARRAY, value
        item = max((_kind(i) for i in value), default=U32)
    else:
        kind, content, item = _kind(value), value, U32
    head = struct.pack(order + "I", kind)
    if kind != ARRAY:
        return head + _scalar(order, kind, content)
    head += struct.pack(order + "IQ", item, len(content))
    if item == STRING:
        return head + b"".join(_string(order, text) for text in content)
    return head + struct.pack(f"{order}{len(content)}{_CODES[item]}", *content)


def _scalar(order: str, kind: int, value: Any) -> bytes:
    if kind == STRING:
        return _string(order, value)
    return struct.pack(order + _CODES[kind], value)


def _kind(value: object) -> int:
    if isinstance(value, str):
        return STRING
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, float):
        return F32
    assert isinstance(value, int)
    if value < 0:
        return I32 if value >= -(1 << 31) else I64
    return U32 if value < 1 << 32 else U64
