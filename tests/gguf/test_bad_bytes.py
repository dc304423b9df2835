"""Bytes that are no sane GGUF header give one clear error, in bounded time and memory."""

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from termai.errors import InvalidFileError
from termai.gguf.header import SkippedArray, check_complete, parse_header, read_from, read_header
from termai.gguf.source import RangedSource
from termai.gguf.tensor_types import TensorType, type_named
from tests.gguf.building import (
    ARRAY,
    BOOL,
    I32,
    STRING,
    U8,
    U32,
    Typed,
    build,
    tensor_entry,
    vocabulary,
    write_sparse,
)

F32 = type_named("F32")
HUGE = (1 << 64) - 1


def _header(tensors: int, keys: int, rest: bytes = b"", version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys) + rest


def _text(text: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(text) if length is None else length) + text


def _key(kind: int, rest: bytes, name: bytes = b"k") -> bytes:
    return _header(0, 1, _text(name) + struct.pack("<I", kind) + rest)


def _tensor(*shape: int, kind: TensorType = F32, offset: int = 0, name: str = "t") -> bytes:
    return _header(1, 0, tensor_entry("<", name, shape, kind, offset))


def _array(item: int, count: int, rest: bytes = b"") -> bytes:
    return _key(ARRAY, struct.pack("<IQ", item, count) + rest)


UNKNOWN = TensorType(152, "?", 1, 1)
REMOVED = TensorType(31, "?", 1, 1)

CASES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "not GGUF": (b"GGML" + bytes(40), "not a GGUF file"),
    "version 1": (b"GGUF" + struct.pack("<III", 1, 0, 0) + bytes(20), "GGUF version 1"),
    "version 4": (_header(0, 0, version=4), "GGUF version 4, expected 2 or 3"),
    "no counts": (_header(0, 0)[:20], "cut short"),
    "tensors claimed": (_header(HUGE, 0), "claims 18,446,744,073,709,551,615 tensors"),
    "keys claimed": (_header(0, HUGE), "claims 18,446,744,073,709,551,615 metadata keys"),
    "more tensors than bytes": (_header(1000, 0, bytes(100)), "cut short"),
    "more keys than bytes": (_header(0, 1000, bytes(100)), "cut short"),
    "key too long": (_header(0, 1, _text(b"k" * 20, HUGE)), "a string of 18,446"),
    "key past the end": (_header(0, 1, _text(b"k" * 20, 60_000)), r"cut short.*\(key 1 of 1\)"),
    "key not UTF-8": (_key(U32, bytes(4), b"\xff\xfe"), "name that is not UTF-8"),
    "key empty": (_key(U32, bytes(4), b""), "empty name"),
    "key twice": (_header(0, 2, 2 * (_text(b"k") + struct.pack("<II", U32, 7))), "key twice"),
    "value cut": (_key(U32, b"\1\2"), r"cut short.*\(key k\)"),
    "value of type 13": (_key(13, bytes(16)), "a value of type 13, expected 0 to 12"),
    "text too long": (_key(STRING, _text(b"x", HUGE)), "claims 18,446.*at most 256 MiB"),
    "text past the end": (_key(STRING, _text(b"x", 1 << 20)), "cut short"),
    "numbers past the end": (_array(U32, 1000), "cut short"),
    "numbers without end": (_array(U32, HUGE), "claims 73,786.*at most 256 MiB"),
    "strings without end": (_array(STRING, HUGE), "arrays of 18,446"),
    "strings past the end": (_array(STRING, 4, bytes(24)), "cut short"),
    "a string past the end": (_array(STRING, 2, _text(b"ab", 99) + bytes(8)), "cut short"),
    "a string without end": (_array(STRING, 2, _text(b"ab", HUGE) + bytes(8)), "claims 18,446"),
    "array of arrays": (_array(ARRAY, 1, struct.pack("<IQ", ARRAY, 1) * 9), "array of arrays"),
    "array of type 77": (_array(77, 1, bytes(8)), "value of type 77"),
    "tensor cut": (_tensor(4)[:-3] + b"", "cut short"),
    "five dimensions": (_tensor(1, 1, 1, 1, 1), "tensor of 5 dimensions, expected at most 4"),
    "no end of dimensions": (_header(1, 0, _text(b"t") + struct.pack("<I", 1 << 31) + bytes(20)),
                             "tensor of 2147483648 dimensions"),
    "dimension 0": (_tensor(4, 0), r"impossible shape \[4, 0\]"),
    "negative dimension": (_tensor(4, -1), r"impossible shape \[4, -1\]"),
    "overflow": (_tensor(1 << 40, 1 << 40), "impossible shape"),
    "overflow of the bytes": (_tensor(1 << 30, 1 << 30, 4), "more bytes than a file can"),
    "rows without blocks": (_tensor(100, kind=type_named("Q4_K")), "rows of 100, not a multiple"),
    "unknown type": (_tensor(4, kind=UNKNOWN), "tensor of type 152, which is unknown"),
    "removed type": (_tensor(4, kind=REMOVED), "type Q4_0_4_4, which llama.cpp no longer reads"),
    "offset elsewhere": (_tensor(4, offset=HUGE), "at offset 18,446.*, expected 0"),
    "tensor not UTF-8": (_tensor(4).replace(_text(b"t"), _text(b"\xff")), "not UTF-8"),
    "tensor twice": (_header(2, 0, 2 * tensor_entry("<", "t", (8,), F32, 0)), "same name"),
    "gap": (_header(2, 0, tensor_entry("<", "t", (8,), F32, 0) +
                    tensor_entry("<", "u", (8,), F32, 64)), "at offset 64, expected 32"),
    "alignment 0": (build({"general.alignment": 0}), "alignment of 0"),
    "alignment 48": (build({"general.alignment": 48}), "alignment of 48, expected a power of two"),
    "alignment absurd": (build({"general.alignment": 1 << 31}), "alignment of 2147483648"),
    "alignment negative": (build({"general.alignment": Typed(I32, -32)}), "alignment of -32"),
    "alignment text": (build({"general.alignment": "32"}), "alignment of 32"),
    "alignment bool": (build({"general.alignment": Typed(BOOL, True)}), "alignment of True"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_says_what_is_wrong_and_where(case: str, tmp_path: Path) -> None:
    data, says = CASES[case]
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    with pytest.raises(InvalidFileError, match=says) as caught:
        read_header(path)
    assert caught.value.fix
    assert str(path) in caught.value.message
    with pytest.raises(InvalidFileError):
        read_from(RangedSource(lambda at, length: data[at : at + length]), name="remote")


def test_names_in_messages_are_harmless() -> None:
    data = _key(99, b"", b"\x1b[2Jred\nline" + b"x" * 1000)
    with pytest.raises(InvalidFileError) as caught:
        parse_header(data, name="\x1b]0;title\x07m.gguf")
    assert caught.value.message.startswith("m.gguf has a value of type 99")
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 250


def test_text_that_is_not_utf8_is_shown_as_far_as_it_goes() -> None:
    header = parse_header(_key(STRING, _text(b"a\xffb")))
    assert header.text("k") == "a\ufffdb"


def test_every_cut_of_a_header_is_refused() -> None:
    data = build(
        {"general.architecture": "llama", "numbers": [1, 2, 3], "names": ["a", "bc"]},
        [("a.weight", (32, 2), "Q8_0"), ("b.weight", (5,), "F32")],
    )
    length = parse_header(data).length
    for end in range(length):
        with pytest.raises(InvalidFileError, match=r"cut short|is empty|not a GGUF"):
            parse_header(data[:end])
    assert len(parse_header(data[:length]).tensors) == 2


def test_half_a_download_is_told_from_a_bad_header(tmp_path: Path) -> None:
    path = write_sparse(tmp_path / "m.gguf", {}, [("a", (1024, 1024), "F32")])
    header, size = read_header(path), path.stat().st_size
    check_complete(header, size, name="m.gguf")
    with pytest.raises(InvalidFileError, match=r"m\.gguf is cut short: it has 4,194,399 bytes"):
        check_complete(header, size - 1, name="m.gguf")


def _peak(action: Callable[[], Any]) -> int:
    """Return the most bytes that Python had at once beyond those before."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _refused(data: bytes, arrays: tuple[str, ...] = ()) -> None:
    with pytest.raises(InvalidFileError):
        parse_header(data, size=1 << 50, arrays=arrays)


@pytest.mark.parametrize("item", [U32, STRING, BOOL])
@pytest.mark.parametrize("count", [1 << 20, 1 << 22, 1 << 40, HUGE])
def test_claims_take_no_memory(item: int, count: int) -> None:
    data = _array(item, count, bytes(64))
    assert _peak(lambda: _refused(data, arrays=("k",))) < 1 << 20
    if item == STRING or count > 1 << 22:
        assert _peak(lambda: _refused(data)) < 1 << 20


def test_a_long_text_is_built_only_when_asked_for() -> None:
    data = build({"long": "x" * (1 << 20) + "y", "after": 7})
    assert parse_header(data).metadata == {"long": SkippedArray(U8, (1 << 20) + 1), "after": 7}
    assert parse_header(data, arrays={"long"}).text("long").endswith("xy")


@pytest.mark.parametrize("length", [1 << 30, 1 << 40, HUGE])
def test_long_strings_take_no_memory(length: int) -> None:
    data = _key(STRING, _text(b"x", length))
    assert _peak(lambda: _refused(data)) < 1 << 20


def test_strings_in_all_are_limited() -> None:
    half = _text(bytes(33 << 20))
    entries = [_text(b"k%d" % n) + struct.pack("<I", STRING) + half for n in range(2)]
    with pytest.raises(InvalidFileError, match="more than 64 MiB of text"):
        parse_header(_header(0, 2, b"".join(entries)), arrays={"k0", "k1"})


def test_a_large_vocabulary_is_walked_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(build(vocabulary(150_000, 280_000)))
    assert path.stat().st_size > 6 << 20
    assert _peak(lambda: read_header(path)) < 2 << 20
