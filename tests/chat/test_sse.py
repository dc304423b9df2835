"""Server-sent events out of bytes split anywhere."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.chat.sse import Event, SseParser
from termai.errors import UnreachableError
from tests.fakes.openai_server import events, recorded


def parse(*chunks: bytes, limit: int = 1 << 20) -> list[Event]:
    parser = SseParser(limit)
    return [e for chunk in chunks for e in parser.feed(chunk)] + parser.flush()


def reference(raw: bytes) -> list[tuple[bytes, bytes]]:
    """The rules of the HTML standard, written as plainly as they can be."""
    found: list[tuple[bytes, bytes]] = []
    name, data = b"", list[bytes]()
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for line in [*lines, b""]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                found.append((name, b"\n".join(data)))
            name, data = b"", []
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
        elif field == b"error":
            name = field
            data.append(value)
    return found


def test_a_recorded_stream_gives_its_events() -> None:
    found = parse(recorded("llama-server-answer.sse"))
    assert len(found) == len(events("llama-server-answer.sse"))
    assert found[-1] == (b"", b"[DONE]")


def test_comments_and_unknown_fields_are_left_out() -> None:
    assert parse(b": ping\n\nid: 1\nretry: 5\ndata: x\n\n") == [(b"", b"x")]


def test_lines_of_data_are_joined_and_events_have_names() -> None:
    assert parse(b"event: error\ndata: a\ndata: b\n\n") == [(b"error", b"a\nb")]


def test_llama_servers_error_field_is_an_event() -> None:
    assert parse(b'error: {"code":500}\n\n') == [(b"error", b'{"code":500}')]


def test_the_last_event_needs_no_empty_line() -> None:
    assert parse(b"data: [DONE]") == [(b"", b"[DONE]")]


@pytest.mark.parametrize("chunk", [b"data: " + b"x" * 100, b"data: " + b"x" * 50 + b"\n"])
def test_an_endless_event_is_refused_before_it_fills_the_memory(chunk: bytes) -> None:
    with pytest.raises(UnreachableError, match="single event"):
        parse(*[chunk] * 100, limit=1000)


@given(
    st.lists(
        st.sampled_from([b"data", b":", b" ", b"x", b"\n", b"\r", b"\r\n", b"event", b"\xff"])
    ),
    st.lists(st.integers(0, 40)),
)
def test_splitting_never_changes_the_events(words: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(words)
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    chunks = [raw[a:b] for a, b in itertools.pairwise(places)]
    assert parse(*chunks) == reference(raw)


@given(st.binary(max_size=300))
def test_any_bytes_parse_like_the_standard_says(raw: bytes) -> None:
    assert parse(*(raw[i : i + 1] for i in range(len(raw)))) == reference(raw)
