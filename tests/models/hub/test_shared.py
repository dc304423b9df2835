"""What headers share: either the header comes out as if it were read whole, or not at all."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.gguf.header import Header, read_from
from termai.gguf.source import RangedSource
from termai.models.hub import shared
from termai.models.hub.shared import Donor, donor, read_shared
from tests.gguf.building import ARRAY, F32, I32, Typed, build

WORDS = st.lists(st.text("abcdé", max_size=6), min_size=30, max_size=60)
ARRAYS = {
    "t.tokens": [f"word {n}" for n in range(400)],
    "t.types": Typed(ARRAY, [1] * 5000, I32),
    "t.merges": [f"a b {n}" for n in range(400)],
    "t.scores": Typed(ARRAY, [0.5] * 5000, F32),
}
SCALARS = {"general.architecture": "llama", "a.text": "x", "b.number": 7, "c.flag": True}
KEYS = (*SCALARS, *ARRAYS)
TENSORS = [("blk.0.a.weight", (32, 8), "Q8_0"), ("blk.1.a.weight", (32, 8), "F32")]
DATA = 32 * 8 // 32 * 34 + 32 * 8 * 4


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share arrays that are short, so that examples are."""
    monkeypatch.setattr(shared, "_LEAST", 256)
    monkeypatch.setattr(shared, "_SAMPLE", 64)
    monkeypatch.setattr(shared, "_ROOM", 128)


def model(keys: list[str], changes: dict[str, Any], *, big_endian: bool = False) -> bytes:
    """Return a whole file whose metadata is in the order of ``keys``."""
    known = {**SCALARS, **ARRAYS, **changes}
    head = build({key: known[key] for key in keys}, TENSORS, big_endian=big_endian)
    return head + bytes(-(-DATA // 32) * 32)


def whole(data: bytes) -> tuple[Header, Donor | None]:
    """Read a header whole, and what it may share."""
    pieces: dict[int, bytes] = {}

    def fetch(offset: int, length: int) -> bytes:
        pieces[offset] = data[offset : offset + length]
        return pieces[offset]

    header = read_from(RangedSource(fetch, len(data), first=512), name="x")
    return header, donor(header, pieces)


def same(one: Header, other: Header) -> bool:
    """Whether two headers say the same."""
    keys = ("version", "big_endian", "metadata", "tensors", "alignment", "length", "file_size")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


ORDERS = st.permutations(KEYS).map(
    lambda keys: ["general.architecture", *(k for k in keys if k != "general.architecture")]
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "a.text": st.text(max_size=300),
        "b.number": st.integers(-100, 1 << 40),
        "t.tokens": WORDS | st.just([f"WORD {n}" for n in range(400)]),
        "t.merges": WORDS,
        "t.types": st.integers(0, 5000).map(lambda n: Typed(ARRAY, [2] * n, I32)),
    },
)
SLOWLY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@SLOWLY
@given(ORDERS, ORDERS | st.none(), CHANGES, st.booleans())
def test_a_shared_header_is_the_one_that_is_there(
    order: list[str], other: list[str] | None, changes: dict[str, Any], big_endian: bool
) -> None:
    _, known = whole(model(order, {}, big_endian=big_endian))
    data = model(other or order, changes, big_endian=big_endian)
    expected, _ = whole(data)
    if known is None:
        return
    try:
        found = read_shared(known, lambda o, n: data[o : o + n], len(data), name="x")
    except InvalidFileError:
        return
    assert found is None or same(found, expected)


def test_the_usual_case_is_shared() -> None:
    order = [*KEYS[:3], *ARRAYS, "c.flag"]
    _, known = whole(model(order, {}))
    assert known
    data = model(order, {"a.text": "another", "b.number": 1 << 40})
    fetched = []

    def fetch(offset: int, length: int) -> bytes:
        fetched.append(length)
        return data[offset : offset + length]

    found = read_shared(known, fetch, len(data), name="x")
    assert found
    assert same(found, whole(data)[0])
    assert sum(fetched) < 2000 < len(data)


@SLOWLY
@given(st.data(), ORDERS)
def test_broken_bytes_end_in_bounded_time_and_no_other_error(
    data: st.DataObject, order: list[str]
) -> None:
    _, known = whole(model(order, {}))
    broken = bytearray(model(order, {}))
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(broken[: data.draw(st.integers(0, len(broken)))])
    if known is None:
        return
    try:
        read_shared(known, lambda o, n: cut[o : o + n], len(cut), name="x")
    except InvalidFileError:
        return


def test_arrays_of_the_same_length_with_another_count_are_not_taken() -> None:
    order = [*KEYS[:3], *ARRAYS, "c.flag"]
    _, known = whole(model(order, {}))
    words = list(ARRAYS["t.tokens"])  # type: ignore[call-overload]
    words[-2:] = [words[-2] + words[-1] + "x" * 8]
    data = model(order, {"t.tokens": words})
    assert known
    assert len(data) == len(model(order, {}))
    assert read_shared(known, lambda o, n: data[o : o + n], len(data), name="x") is None


def test_a_file_that_is_longer_than_its_tensors_is_not_believed() -> None:
    order = [*KEYS[:3], *ARRAYS, "c.flag"]
    _, known = whole(model(order, {}))
    data = model(order, {}) + bytes(64)
    assert known
    assert read_shared(known, lambda o, n: data[o : o + n], len(data), name="x") is None


def test_short_arrays_are_not_worth_it() -> None:
    header, known = whole(
        build({"general.architecture": "llama", "a": ["x"], "b": 1}, TENSORS) + bytes(DATA)
    )
    assert header.architecture == "llama"
    assert known is None
