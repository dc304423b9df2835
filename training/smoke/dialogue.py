"""A dialogue as the chat template writes it, and as tokens with the ones to learn marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.smoke.bpe import Tokenizer

TEMPLATE: Final = (Path(__file__).parent / "template.jinja").read_text(encoding="utf-8").strip()
NO_THINKING: Final = "<think></think>\n\n"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message.

    `learned` is False for an answer that the model sees but must not imitate. `no_think` is an
    answer behind the empty think section that the template writes when thinking is switched off.
    """

    role: str
    content: str
    reasoning: str | None = None
    learned: bool = True
    no_think: bool = False


def pieces(turns: Sequence[Turn]) -> Iterator[tuple[str, bool]]:
    """The rendered text in pieces, each with whether it is learned."""
    for turn in turns:
        head = f"<|im_start|>{turn.role}\n" + (NO_THINKING if turn.no_think else "")
        thought = f"<think>{turn.reasoning}</think>\n\n" if turn.reasoning else ""
        learned = turn.role == "assistant" and turn.learned
        yield head, False
        yield f"{thought}{turn.content.strip()}<|im_end|>", learned
        yield "\n", False


def encoded(tokenizer: Tokenizer, turns: Sequence[Turn]) -> tuple[list[int], list[bool]]:
    """Token ids of the dialogue, and for each whether it is learned."""
    ids: list[int] = []
    learned: list[bool] = []
    for text, flag in pieces(turns):
        tokens = tokenizer.encode(text)
        ids += tokens
        learned += [flag] * len(tokens)
    return ids, learned
