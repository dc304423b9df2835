"""The values of GGUF metadata: scalars, strings and arrays, most of which are skipped."""

import struct
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from termai.gguf.cursor import MAX_TEXT, Cursor

U8, BOOL, STRING, ARRAY = 0, 7, 8, 9
MAX_KEY = 65_535
MAX_BUILT = 4096
MAX_STRING = 1 << 20

# What to expect of the rest of a header, in bytes, measured on the vocabularies that come with
# llama.cpp (models/ggml-vocab-*.gguf): a token with its score, type and merges, a token or merge
# alone with its length, and whatever follows the last of them.
_TOKENS = "tokenizer.ggml.tokens"
_USUAL_VOCABULARY = 44
_USUAL_STRING = 18
_USUAL_REST = 384 << 10

# enum gguf_type of ggml/include/gguf.h as codes of struct; 7, a bool, is one byte.
_CODES = MappingProxyType(
    {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
)
_SIZES = MappingProxyType({kind: struct.calcsize("=" + code) for kind, code in _CODES.items()})


@dataclass(frozen=True, slots=True)
class SkippedArray:
    """An array that was not built: the type of its items (enum gguf_type) and their number.

    A string of more than MAX_STRING bytes that was not built is an array of as many U8.
    """

    item_type: int
    count: int


Scalar: TypeAlias = int | float | bool | str
Value: TypeAlias = Scalar | tuple[Scalar, ...] | SkippedArray


def read_key(cursor: Cursor) -> str:
    """Read a metadata key, which is UTF-8 and not empty."""
    raw = cursor.read_bytes(MAX_KEY)
    try:
        key = raw.decode()
    except UnicodeDecodeError:
        raise cursor.bad("has a name that is not UTF-8") from None
    if not key:
        raise cursor.bad("has an empty name")
    return key


def read_value(cursor: Cursor, key: str, *, build: bool) -> Value:
    """Read the value of ``key``, with ``build`` even if it is long.

    Otherwise arrays of strings, those of more than MAX_BUILT items and strings of more than
    MAX_STRING bytes are skipped. Strings that are not UTF-8 have U+FFFD where they are not, since
    llama.cpp loads them. Arrays of arrays are refused, as by llama.cpp.
    """
    kind = cursor.read_u32()
    if kind == STRING:
        return _read_text(cursor, build)
    if kind == ARRAY:
        return _read_array(cursor, key, build)
    return _read_scalars(cursor, kind, 1)[0]


def _read_text(cursor: Cursor, build: bool) -> Value:
    length = cursor.read_u64()
    if length > MAX_STRING and not build:
        cursor.skip(length)
        return SkippedArray(U8, length)
    return cursor.take(length, MAX_TEXT).decode("utf-8", "replace")


def _read_array(cursor: Cursor, key: str, build: bool) -> Value:
    kind, count = cursor.read_u32(), cursor.read_u64()
    if kind == STRING:
        cursor.take_items(count)
        cursor.check_room(8 * count)
        if build:
            return tuple(
                cursor.read_bytes(MAX_TEXT).decode("utf-8", "replace") for _ in range(count)
            )
        if key == _TOKENS:
            cursor.source.expect(cursor.offset + count * _USUAL_VOCABULARY)
        _skip_strings(cursor, count)
    elif build or count <= MAX_BUILT:
        cursor.take_items(count)
        return _read_scalars(cursor, kind, count)
    else:
        cursor.skip(count * _size(cursor, kind))
    return SkippedArray(kind, count)


def _skip_strings(cursor: Cursor, count: int) -> None:
    """Move past ``count`` strings, of which only the lengths are looked at."""
    unpack = cursor.u64.unpack_from
    left, start = count, cursor.offset
    while left:
        walked = count - left
        each = (cursor.offset - start) // walked if walked > count // 4 else _USUAL_STRING
        cursor.source.expect(cursor.offset + left * each + _USUAL_REST)
        cursor.need(8)
        data, pos, end = cursor.data, cursor.pos, len(cursor.data) - 8
        done = 0
        for done in range(left):  # noqa: B007
            if pos > end:
                break
            pos += 8 + unpack(data, pos)[0]
        else:
            done = left
        left -= done
        cursor.skip(pos - cursor.pos)


def _read_scalars(cursor: Cursor, kind: int, count: int) -> tuple[Scalar, ...]:
    size = count * _size(cursor, kind)
    cursor.need(size)
    found = struct.unpack_from(f"{cursor.order}{count}{_CODES[kind]}", cursor.data, cursor.pos)
    cursor.pos += size
    return tuple(item != 0 for item in found) if kind == BOOL else found


def _size(cursor: Cursor, kind: int) -> int:
    size = _SIZES.get(kind)
    if size is None:
        problem = "an array of arrays" if kind == ARRAY else f"a value of type {kind}"
        raise cursor.bad(f"has {problem}, expected 0 to 12 without arrays of arrays")
    return size
