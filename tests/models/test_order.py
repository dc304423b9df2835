"""Ordering and filtering models."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.models.model_file import Kind, ModelFile
from termai.models.order import SortKey, filtered, ordered


def made(name: str, **values: Any) -> ModelFile:
    return ModelFile(Path(f"/{name}.gguf"), f"{name}.gguf", **{"size": 1, "where": "w", **values})


SMALL = made(
    "a-small", size=1, parameters=1_000, bits_per_weight=8.5, architecture="qwen3", modified=3.0
)
LARGE = made(
    "B-large",
    size=9,
    parameters=9_000,
    bits_per_weight=4.5,
    context_length=8192,
    architecture="llama",
    quantization="Q4_K_M",
    where="Ollama",
    modified=2.0,
    vision=True,
)
UNREAD = made("c-unread", size=5, where="LM Studio", incomplete=True)
ALL = (UNREAD, LARGE, SMALL)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (SortKey.NAME, (SMALL, LARGE, UNREAD)),
        (SortKey.SIZE, (LARGE, UNREAD, SMALL)),
        (SortKey.PARAMS, (LARGE, SMALL, UNREAD)),
        (SortKey.QUANT, (SMALL, LARGE, UNREAD)),
        (SortKey.CONTEXT, (LARGE, SMALL, UNREAD)),
        (SortKey.ARCHITECTURE, (LARGE, SMALL, UNREAD)),
        (SortKey.WHERE, (UNREAD, LARGE, SMALL)),
        (SortKey.MODIFIED, (SMALL, LARGE, UNREAD)),
    ],
)
def test_models_are_ordered(key: SortKey, expected: tuple[ModelFile, ...]) -> None:
    assert ordered(ALL, key) == expected


def test_what_is_not_known_comes_last_in_both_directions() -> None:
    assert ordered(ALL, SortKey.PARAMS, reverse=True) == (SMALL, LARGE, UNREAD)
    assert ordered(ALL, SortKey.NAME, reverse=True) == (UNREAD, LARGE, SMALL)


@given(st.sampled_from(SortKey), st.booleans(), st.permutations(ALL))
def test_the_order_does_not_depend_on_what_it_was(
    key: SortKey, reverse: bool, models: list[ModelFile]
) -> None:
    assert ordered(models, key, reverse=reverse) == ordered(ALL, key, reverse=reverse)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        *(("", ALL), ("  ", ALL), ("SMALL", (SMALL,)), ("llama q4", (LARGE,)), ("llama q8", ())),
        *(("ollama", (LARGE,)), ("lm studio", (UNREAD,)), ("vision", (LARGE,))),
        *(("incomplete", (UNREAD,)), ("gguf", ALL), ("model", ALL)),
    ],
)
def test_every_word_must_occur(words: str, expected: tuple[ModelFile, ...]) -> None:
    assert filtered(ALL, words) == expected


def test_no_word_spans_two_properties() -> None:
    assert filtered([made("abc", architecture="def")], "abc.ggufdef") == ()


def test_other_names_of_a_file_are_looked_through() -> None:
    assert len(filtered([made("x", aliases=("qwen3:latest",), kind=Kind.EMBEDDING)], "latest")) == 1
