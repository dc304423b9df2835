"""The text in training/smoke/text, and the words put into it."""

from __future__ import annotations

import string
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "text"


@cache
def load(name: str) -> dict[str, Any]:
    """The tables of text/NAME.toml."""
    with (FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a user or a system prompt tells, and how it is asked for; {x} is its value."""

    id: str
    values: str
    system: list[str]
    tell: list[str]
    reply: str
    ask: list[str]
    answer: str
    unknown: str


@cache
def facts() -> tuple[Fact, ...]:
    """The facts of text/recall.toml."""
    return tuple(Fact(**entry) for entry in load("recall")["fact"])


def value(random: Random, kind: str) -> str:
    """A value to copy: some are from a list, most are made up so that only copying helps."""
    if kind == "number":
        return "".join(random.choices(string.digits, k=random.randint(1, 5)))
    listed: list[str] = load("values")[kind]
    share = random.random()
    if kind in ("day", "colour") or share < 0.3:
        return random.choice(listed)
    made = _syllables(random) if share < 0.75 else _letters(random)
    return made if kind == "word" else made.capitalize()


def _syllables(random: Random) -> str:
    return "".join(random.choices(load("values")["syllable"], k=random.randint(2, 4)))


def _letters(random: Random) -> str:
    return "".join(random.choices(string.ascii_lowercase, k=random.randint(2, 8)))


def echo(random: Random) -> str:
    """Up to seven words to be repeated."""
    kinds = random.choices(["word", "name", "number", "noun", "adjective", "verb"], k=7)
    made = [_drawn(random, kind) for kind in kinds[: random.randint(1, 7)]]
    return " ".join(made)


def unknown_question(random: Random) -> str:
    """Something the model was not taught."""
    share = random.random()
    if share < 0.38:
        return str(random.choice(load("unknown")["sentences"]))
    if share < 0.9:
        kind = "templates" if share < 0.66 else "near"
        return _filled(random, random.choice(load("unknown")[kind]))
    if share < 0.94:
        return " ".join(unknown_question(random) for _ in range(random.randint(2, 5)))
    if share < 0.97:
        return " ".join(_letters(random) for _ in range(random.randint(1, 6)))
    return "".join(random.choices(load("unknown")["scripts"] + " ", k=random.randint(1, 12)))


def _filled(random: Random, template: str) -> str:
    out = ""
    for literal, name, _, _ in string.Formatter().parse(template):
        out += literal
        if name is not None:
            out += _drawn(random, name)
    return out


def _drawn(random: Random, kind: str) -> str:
    if kind in ("name", "word", "number"):
        return value(random, kind)
    return str(random.choice(load("unknown")[kind]))


def said_by_a_person(random: Random, sentence: str) -> str:
    """The sentence as people type it: without capitals or question mark, with words around it."""
    share = random.random()
    if share < 0.5:
        return sentence
    if share < 0.6:
        return f"{random.choice(load('manner')['prefix'])} {sentence}"
    if share < 0.66:
        return f"{sentence} {random.choice(load('manner')['suffix'])}"
    if share < 0.72:
        return sentence.rstrip("?.!") + random.choice(["??", "!", "...", " ?", "!!"])
    if share < 0.76:
        return _mistyped(random, sentence)
    if share < 0.78:
        return sentence.upper()
    if share < 0.88:
        sentence = sentence.rstrip("?.!")
    return sentence.lower() if random.random() < 0.6 else sentence[:1].lower() + sentence[1:]


def _mistyped(random: Random, sentence: str) -> str:
    at = random.randrange(len(sentence))
    return sentence[:at] + random.choice(["", sentence[at] * 2]) + sentence[at + 1 :]
