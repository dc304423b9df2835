"""The smoke model: a tiny real model for checking that an engine works, with what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a dialogue; `role` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """A dialogue that ends with the user, and what the model answers under greedy decoding.

    `kind` groups the questions (fact, termai, previous_turn, system, think, long, ...).
    `reasoning` is the text between the think tags, None where the model does not think.
    """

    id: str
    kind: str
    messages: tuple[Message, ...]
    answer: str
    reasoning: str | None = None


def model_path() -> Path:
    """The GGUF file, Q8_0, smaller than 4 MB."""
    return _FOLDER / "termai-smoke-q8_0.gguf"


@cache
def questions() -> tuple[Question, ...]:
    """Every documented question, in the order of questions.toml."""
    import tomllib

    with (_FOLDER / "questions.toml").open("rb") as file:
        return tuple(_question(entry) for entry in tomllib.load(file)["question"])


def _question(entry: dict[str, Any]) -> Question:
    messages = tuple(Message(m["role"], m["content"]) for m in entry["messages"])
    return Question(entry["id"], entry["kind"], messages, entry["answer"], entry.get("reasoning"))
