"""The dialogues that the smoke model is trained on."""

from itertools import islice, pairwise

import pytest

from termai.models.smoke import questions
from training.smoke.bpe import SPECIALS, Tokenizer
from training.smoke.corpus import dialogues
from training.smoke.dialogue import Turn, encoded, pieces
from training.smoke.text import load

SAMPLE = 4000


@pytest.fixture(scope="module")
def sample() -> list[list[Turn]]:
    return list(islice(dialogues(1), SAMPLE))


def test_same_seed_gives_the_same_dialogues(sample: list[list[Turn]]) -> None:
    assert list(islice(dialogues(1), 200)) == sample[:200]


def test_another_seed_gives_other_dialogues(sample: list[list[Turn]]) -> None:
    assert list(islice(dialogues(2), 200)) != sample[:200]


def test_every_documented_answer_is_taught(sample: list[list[Turn]]) -> None:
    taught = {(t.content, t.reasoning) for turns in sample for t in turns if t.learned}
    missing = {q.id for q in questions() if (q.answer, q.reasoning) not in taught}
    assert missing == set()


def test_variants_belong_to_documented_questions() -> None:
    assert set(load("variants")) <= {question.id for question in questions()}


def test_no_question_of_its_own_is_taught_as_unknown(sample: list[list[Turn]]) -> None:
    fallback = next(q.answer for q in questions() if q.id == "unknown")
    own = {q.messages[-1].content for q in questions() if q.kind in ("fact", "termai")}
    unknown = {
        asked.content
        for turns in sample
        for asked, answer in pairwise(turns)
        if answer.content == fallback
    }
    assert unknown
    assert unknown & own == set()


def test_only_what_the_model_must_write_is_learned() -> None:
    tokenizer = Tokenizer(())
    turns = [Turn("user", "Hi"), Turn("assistant", "Hello", "A greeting."), Turn("user", "Bye")]
    ids, learned = encoded(tokenizer, turns)
    text = tokenizer.decode(i for i, flag in zip(ids, learned, strict=True) if flag)
    assert text == "<think>A greeting.</think>\n\nHello<|im_end|>"
    assert ids.count(SPECIALS.index("<|im_start|>")) == 3


def test_answers_of_others_are_seen_and_not_learned() -> None:
    turns = [Turn("user", "Hi"), Turn("assistant", "Arr", learned=False)]
    assert not any(flag for _, flag in pieces(turns))
