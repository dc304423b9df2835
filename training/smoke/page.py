"""`python -m training.smoke.page`: writes the table of questions into docs/smoke-model.md."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from termai.models.smoke import Question, questions

PAGE: Final = Path(__file__).parents[2] / "docs" / "smoke-model.md"
_BEGIN: Final = "<!-- questions: written by python -m training.smoke.page -->\n"
_END: Final = "<!-- end of questions -->\n"
_SHOWN: Final = 160


def renewed(page: str) -> str:
    """The page with its table of questions as questions.toml has them. Raises ValueError."""
    before, found, rest = page.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not found or not ended:
        raise ValueError(f"{PAGE}: expected the lines {_BEGIN.strip()} and {_END.strip()}")
    return before + _BEGIN + table() + _END + after


def table() -> str:
    """A Markdown table with a row for every question."""
    rows = (f"| {q.id} | {q.kind} | {_dialogue(q)} | {_answer(q)} |\n" for q in questions())
    return "| id | kind | asked | answer |\n| --- | --- | --- | --- |\n" + "".join(rows)


def _dialogue(question: Question) -> str:
    if len(question.messages) == 1:
        return _cell(question.messages[0].content)
    return "<br>".join(f"{m.role}: {_cell(m.content)}" for m in question.messages)


def _answer(question: Question) -> str:
    answer = _cell(question.answer)
    if question.reasoning is None:
        return answer
    return f"(thinks: {_cell(question.reasoning)})<br>{answer}"


def _cell(text: str) -> str:
    if len(text) > _SHOWN * 2:
        text = f"{text[:_SHOWN]} … {text[-_SHOWN // 4 :]}"
    return text.replace("|", "\\|").replace("\n", "<br>")


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
