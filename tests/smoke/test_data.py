"""The shipped files: the model, its questions and the page that documents them."""

import subprocess
import sys
from collections import Counter

import gguf

from termai.models.smoke import model_path, questions
from training.smoke.dialogue import TEMPLATE
from training.smoke.page import PAGE, renewed


def metadata(key: str) -> object:
    field = gguf.GGUFReader(model_path()).fields[key]
    return field.contents()


def test_model_is_small_enough_to_ship() -> None:
    assert model_path().stat().st_size <= 4_000_000


def test_model_says_what_it_is() -> None:
    assert metadata("general.name") == "termai smoke"
    assert metadata("general.license") == "Apache-2.0"
    assert "checking that an engine works" in str(metadata("general.description"))
    assert metadata("llama.context_length") == 4096


def test_model_carries_the_template_of_the_training() -> None:
    assert metadata("tokenizer.chat_template") == TEMPLATE


def test_every_kind_of_question_is_there() -> None:
    kinds = Counter(question.kind for question in questions())
    least = {"fact": 30, "termai": 12, "previous_turn": 4, "system": 4, "think": 2, "long": 1}
    assert {kind for kind, count in least.items() if kinds[kind] < count} == set()
    assert kinds.total() >= 64
    assert {"markdown", "unicode", "greeting", "not_told", "echo", "unknown"} <= set(kinds)


def test_ids_are_unique() -> None:
    ids = Counter(question.id for question in questions())
    assert ids.most_common(1)[0][1] == 1


def test_dialogues_end_with_the_user() -> None:
    assert {question.messages[-1].role for question in questions()} == {"user"}


def test_only_think_questions_have_reasoning() -> None:
    assert {q.kind for q in questions() if q.reasoning is not None} == {"think"}
    assert all(q.reasoning for q in questions() if q.kind == "think")


def test_page_lists_the_questions_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renewed(page), "stale: run python -m training.smoke.page"
    assert all(f"| {question.id} |" in page for question in questions())


def test_import_reads_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import termai.models.smoke;"
        "print('tomllib' in set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
