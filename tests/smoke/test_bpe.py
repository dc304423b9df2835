"""Our tokenizer and llama.cpp's agree on every string."""

import random
import subprocess
from itertools import islice

import gguf
import llama_cpp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from termai.models.smoke import model_path, questions
from tests.support import native_bin
from training.smoke.bpe import BYTES, SPECIALS, Tokenizer, learn_merges, words
from training.smoke.corpus import dialogues
from training.smoke.dialogue import pieces

TRICKY = "ab zA'sstrevell  \n\t\r19²½٣.,!?-—…äßΩж你好한\u00a0\u3000\u200b\u0301\x1f😀_/\\\"<>|{}"


@pytest.fixture(scope="module")
def ours() -> Tokenizer:
    merges = gguf.GGUFReader(model_path()).fields["tokenizer.ggml.merges"].contents()
    pairs = (merge.split(" ") for merge in merges)
    return Tokenizer(tuple((left, right) for left, right in pairs))


@pytest.fixture(scope="module")
def theirs() -> llama_cpp.Llama:
    return llama_cpp.Llama(str(model_path()), vocab_only=True, verbose=False)


def tokens_of(llama: llama_cpp.Llama, text: str) -> list[int]:
    return list(llama.tokenize(text.encode(), add_bos=False, special=True))


def test_dialogues_are_tokenized_alike(ours: Tokenizer, theirs: llama_cpp.Llama) -> None:
    for turns in islice(dialogues(5), 300):
        text = "".join(piece for piece, _ in pieces(turns))
        assert ours.encode(text) == tokens_of(theirs, text)


def test_tricky_strings_are_tokenized_alike(ours: Tokenizer, theirs: llama_cpp.Llama) -> None:
    source = random.Random(3)  # noqa: S311
    for _ in range(1000):
        text = "".join(source.choices(TRICKY, k=source.randint(1, 25)))
        assert ours.encode(text) == tokens_of(theirs, text)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cn"])))
def test_any_text_is_tokenized_alike_and_comes_back(
    ours: Tokenizer, theirs: llama_cpp.Llama, text: str
) -> None:
    ids = ours.encode(text)
    assert ids == tokens_of(theirs, text)
    assert ours.decode(ids) == text


def test_llama_tokenize_agrees(ours: Tokenizer) -> None:
    text = "".join(question.answer + "\n" for question in questions()) + "12 <|im_start|>'ll"
    argv = [
        str(native_bin("llama-tokenize")),
        "-m",
        str(model_path()),
        "--stdin",
        "--ids",
        "--log-disable",
    ]
    done = subprocess.run(argv, input=text.encode(), capture_output=True, check=True)
    ids = [int(part) for part in done.stdout.decode().strip().strip("[]").split(",")]
    assert ids == ours.encode(text)


def test_words_join_to_the_text() -> None:
    text = "I've 12  words,\n\n and that's it.  "
    assert "".join(words(text)) == text
    assert list(words(text))[:4] == ["I", "'ve", " ", "1"]


def test_vocabulary_begins_with_the_special_tokens_and_bytes(ours: Tokenizer) -> None:
    assert ours.tokens[: len(SPECIALS)] == SPECIALS
    assert ours.tokens[len(SPECIALS) :][:256] == BYTES
    assert len(ours.tokens) == 768


def test_most_frequent_pair_is_merged_first_and_ties_are_sorted() -> None:
    assert learn_merges(["abab cdab"], 2) == (("a", "b"), ("ab", "ab"))
