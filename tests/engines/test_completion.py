"""Text from tokens: characters, stop texts, limits."""

from hypothesis import given
from hypothesis import strategies as st

from termai.engines.host.completion import Cutter, texts

END = -1


def told(pieces: list[bytes], *, stops: tuple[str, ...] = (), limit: int = 99) -> tuple[str, str]:
    """Return the text and why it ended; piece number -1 ends the generation."""
    numbers = [END if piece == b"<end>" else i for i, piece in enumerate(pieces)]
    parts = list(
        texts(
            numbers,
            piece=lambda token: pieces[token],
            ends=lambda token: token == END,
            stops=stops,
            limit=limit,
        )
    )
    *_, (last, finish) = parts
    assert last == ""
    assert finish is not None
    assert all(reason is None for _, reason in parts[:-1])
    return "".join(text for text, _ in parts), finish


def test_a_character_in_several_tokens_arrives_whole() -> None:
    euro = "€".encode()
    assert told([b"5 ", euro[:1], euro[1:2], euro[2:], b"<end>"]) == ("5 €", "stop")


def test_bytes_that_are_no_character_do_not_silence_the_rest() -> None:
    assert told([b"a", b"\xff", b"b", b"<end>"]) == ("a\ufffdb", "stop")
    assert told([b"a", b"\xe2\x82", b"<end>"]) == ("a\ufffd", "stop")


def test_the_limit_counts_every_token() -> None:
    assert told([b"a", b"b", b"c"], limit=2) == ("ab", "length")
    assert told([b"\xff", b"\xff", b"c"], limit=2) == ("\ufffd\ufffd", "length")


def test_a_stop_text_ends_the_answer_and_is_not_part_of_it() -> None:
    assert told([b"one", b" EN", b"D two"], stops=("END",)) == ("one ", "stop")
    assert told([b"a<b<c"], stops=("<c", "<b")) == ("a", "stop")


def test_what_only_looked_like_a_stop_text_arrives() -> None:
    assert told([b"one EN", b"TER", b"<end>"], stops=("END",)) == ("one ENTER", "stop")
    assert told([b"one EN"], stops=("END",)) == ("one EN", "stop")


def test_nothing_that_may_begin_a_stop_text_is_given_out_early() -> None:
    cutter = Cutter(["###"])
    assert [cutter.feed(text) for text in ("a#", "#", "b#", "##")] == ["a", "", "##b", ""]
    assert cutter.stopped


@given(
    st.text("ab#", max_size=40),
    st.lists(st.text("ab#", min_size=1, max_size=4), max_size=3),
    st.integers(1, 5),
)
def test_however_it_is_cut_up_the_text_ends_at_the_first_stop(
    text: str, stops: list[str], size: int
) -> None:
    found = [text.find(stop) for stop in stops if stop in text]
    pieces = [text[i : i + size].encode() for i in range(0, len(text), size)]
    answer, _ = told([*pieces, b"<end>"], stops=tuple(stops))
    # a stop that ends earlier may be seen before one that begins earlier
    assert text.startswith(answer)
    assert not any(stop in answer for stop in stops)
    if not found:
        assert answer == text
