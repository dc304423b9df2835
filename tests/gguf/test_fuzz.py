"""Whatever the bytes, a header is read or refused with a reason, in bounded memory."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.gguf.facts import facts
from termai.gguf.header import Header, parse_header, read_from
from termai.gguf.source import RangedSource
from termai.models.smoke import model_path
from termai.text import one_line
from tests.gguf.building import ARRAY, BOOL, F32, F64, I64, U8, U64, TensorSpec, Typed, build

SMOKE = model_path().read_bytes()[: 64 << 10]
LENGTH = parse_header(SMOKE).length
MODEST = 4 << 20


def _read(data: bytes) -> Header | None:
    """Read ``data`` and everything made of it; None when it is refused with a reason."""
    reason = ""
    try:
        header = parse_header(data, arrays={"tokenizer.ggml.tokens"})
    except InvalidFileError as error:
        reason = error.message
    if reason:
        assert one_line(reason) == reason
        assert len(reason) < 400
        return None
    assert facts(header).size == sum(tensor.size for tensor in header.tensors)
    assert header.file_size >= header.length
    return header


def _bounded(data: bytes) -> Header | None:
    tracemalloc.start()
    try:
        header = _read(data)
        assert tracemalloc.get_traced_memory()[1] < MODEST
        return header
    finally:
        tracemalloc.stop()


@settings(max_examples=300)
@given(data=st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    _bounded(b"GGUF\x03\0\0\0" + data)
    _bounded(b"GGUF\0\0\0\x02" + data)
    _bounded(data)


@settings(max_examples=300)
@given(
    changes=st.lists(
        st.tuples(st.integers(8, LENGTH - 1), st.binary(min_size=1, max_size=8)),
        min_size=1,
        max_size=4,
    )
)
def test_a_real_header_with_bytes_overwritten(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(SMOKE)
    for offset, raw in changes:
        data[offset : offset + len(raw)] = raw
    _bounded(bytes(data))


@settings(max_examples=200)
@given(start=st.integers(0, LENGTH), length=st.integers(1, 64), raw=st.binary(max_size=64))
def test_a_real_header_with_bytes_lost_or_put_in(start: int, length: int, raw: bytes) -> None:
    _bounded(SMOKE[:start] + raw + SMOKE[start + length :])


@settings(max_examples=100)
@given(end=st.integers(0, LENGTH - 1))
def test_a_real_header_that_is_cut_is_never_read(end: int) -> None:
    assert _read(SMOKE[:end]) is None


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
SCALARS = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(-(1 << 63), (1 << 64) - 1),
    st.floats(width=32, allow_nan=False),
    st.integers(0, 255).map(lambda number: Typed(U8, number)),
    st.floats(allow_nan=False).map(lambda number: Typed(F64, number)),
)
ARRAYS = st.one_of(
    st.lists(TEXT, max_size=20),
    st.lists(st.booleans(), max_size=20).map(lambda items: Typed(ARRAY, items, BOOL)),
    st.lists(st.integers(0, (1 << 64) - 1), max_size=20).map(lambda i: Typed(ARRAY, i, U64)),
    st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=20).map(
        lambda items: Typed(ARRAY, items, I64)
    ),
    st.lists(st.floats(width=32, allow_nan=False), max_size=20).map(
        lambda items: Typed(ARRAY, items, F32)
    ),
)
METADATA = st.dictionaries(TEXT.filter(bool), st.one_of(SCALARS, ARRAYS), max_size=10)
SHAPES = st.lists(st.integers(1, 9), max_size=3).map(lambda rest: (256, *rest))
TENSORS = st.lists(
    st.tuples(TEXT.filter(bool), SHAPES, st.sampled_from(["F32", "Q4_K", "IQ2_XXS", "NVFP4"])),
    max_size=8,
    unique_by=lambda spec: spec[0],
)


@settings(max_examples=200)
@given(metadata=METADATA, tensors=TENSORS, big_endian=st.booleans(), first=st.integers(8, 4096))
def test_what_is_written_is_read(
    metadata: dict[str, object], tensors: list[TensorSpec], big_endian: bool, first: int
) -> None:
    data = build(metadata, tensors, big_endian=big_endian)
    header = parse_header(data, arrays=metadata.keys())
    for key, value in metadata.items():
        content = value.value if isinstance(value, Typed) else value
        expected = tuple(content) if isinstance(content, list) else content
        assert header.metadata[key] == expected
    assert [(t.name, t.shape, t.type.name) for t in header.tensors] == tensors
    source = RangedSource(lambda at, length: data[at : at + length], first=first, most=first)
    fetched = read_from(source, name="remote", arrays=metadata.keys())
    assert fetched.metadata == header.metadata
    assert fetched.tensors == header.tensors


@pytest.mark.slow
@settings(max_examples=5000)
@given(
    changes=st.lists(
        st.tuples(st.integers(8, LENGTH - 1), st.sampled_from([0, 1, 7, 8, 9, 127, 128, 255])),
        min_size=1,
        max_size=8,
    )
)
def test_a_real_header_with_telling_bytes(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SMOKE)
    for offset, value in changes:
        data[offset] = value
    _read(bytes(data))
