"""Ollama's Modelfile as instructions, and an instruction as its text.

The grammar is that of Ollama's parser/parser.go (2026-08): an instruction is a word, then its
arguments to the end of the line, or over lines up to a closing quote that ends one. As in older
versions a quote may follow the word at once.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from termai.errors import InvalidFileError
from termai.text import one_line

INSTRUCTIONS = (
    *("FROM", "PARAMETER", "TEMPLATE", "SYSTEM", "ADAPTER", "DRAFT", "LICENSE", "MESSAGE"),
    *("RENDERER", "PARSER", "REQUIRES"),
)
ROLES = ("system", "user", "assistant")
MOST = 4096  # instructions in one file

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_WORD = re.compile(r"[ \t]*(?P<word>[A-Za-z]*)")
_PARAMETER = re.compile(r"[ \t]*(?P<name>[A-Za-z0-9_]+)[ \t]")
_ROLE = re.compile(r"[ \t]*(?P<name>[A-Za-z]+)[ \t]")
_ENDS = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LONG, _SHORT = '"""', '"'


class Instruction(NamedTuple):
    """One instruction.

    word: one of ``INSTRUCTIONS``. name: the parameter's, or the role of a message. args: without
    their quotes, line ends as ``\\n``. line: where it begins, from 1. raw: its text in the file,
    without the last line end.
    """

    word: str
    name: str
    args: str
    line: int
    raw: str


class Modelfile(NamedTuple):
    """The instructions of a file in order, and its comments without their ``#``."""

    instructions: tuple[Instruction, ...]
    comments: tuple[str, ...]


def parse(text: str, name: str) -> Modelfile:
    """Return what a Modelfile says; ``name`` is how errors call it.

    Raises InvalidFileError that names line and expectation.
    """
    lines = [found[0] for found in _LINE.finditer(text.removeprefix("\ufeff")) if found[0]]
    found: list[Instruction] = []
    comments: list[str] = []
    at = 0
    while at < len(lines):
        plain = lines[at].strip()
        if not plain or plain.startswith("#"):
            comments += [plain.removeprefix("#").strip()] if plain else []
            at += 1
            continue
        instruction, at = _instruction(lines, at, name)
        found.append(instruction)
        if len(found) > MOST:
            raise InvalidFileError(f"{name}: expected at most {MOST} instructions.")
    return Modelfile(tuple(found), tuple(comments))


def written(word: str, args: str, name: str = "") -> str | None:
    """Return the text of an instruction, None where no quotes can hold its arguments."""
    quoted = _quoted(args)
    return None if quoted is None else " ".join(part for part in (word, name, quoted) if part)


def _instruction(lines: list[str], at: int, name: str) -> tuple[Instruction, int]:
    """Return the instruction that begins at a line, and the line behind it."""
    where = f"{name}, line {at + 1}"
    begin = _WORD.match(lines[at])
    word = begin["word"] if begin else ""
    if word.upper() not in INSTRUCTIONS:
        known = ", ".join(INSTRUCTIONS)
        found = one_line(lines[at].split(maxsplit=1)[0], 40)
        raise InvalidFileError(f"{where}: expected one of {known}, found {found!r}.")
    word = word.upper()
    rest = lines[at][begin.end() :] if begin else ""
    named = {"PARAMETER": _PARAMETER, "MESSAGE": _ROLE}.get(word)
    about = ""
    if named:
        about_it = named.match(rest)
        if about_it is None or (word == "MESSAGE" and about_it["name"] not in ROLES):
            first = "the name of a parameter" if word == "PARAMETER" else "one of " + _listed(ROLES)
            raise InvalidFileError(f"{where}: expected {word} with {first} and a value behind it.")
        about, rest = about_it["name"], rest[about_it.end() :]
    elif rest[:1] not in (" ", "\t", _SHORT):
        raise InvalidFileError(f"{where}: expected {word} with a value behind it.")
    value, behind = _value(lines, at, rest)
    if value is None:
        raise InvalidFileError(
            f"{where}: expected the quote that {word} begins with to end, at the end of a line."
        )
    raw = "".join(lines[at:behind]).rstrip("\r\n")
    return Instruction(word, about, value, at + 1, raw), behind


def _value(lines: list[str], at: int, rest: str) -> tuple[str | None, int]:
    """Return the arguments that begin with ``rest`` and the line behind them, None if unended."""
    begin = rest.strip()
    quote = next((mark for mark in (_LONG, _SHORT) if begin.startswith(mark)), "")
    if not quote:
        return _clean(begin), at + 1
    length, behind = len(begin), at + 1
    parts = [rest]
    while not (parts[-1].rstrip().endswith(quote) and length >= 2 * len(quote)):
        if behind == len(lines):
            return None, behind
        parts.append(lines[behind])
        length += len(lines[behind])
        behind += 1
    text = "".join(parts).strip()
    return _clean(text[len(quote) : -len(quote)]), behind


def _clean(text: str) -> str:
    """Return text with plain line ends and without characters that Ollama drops."""
    return _CONTROL.sub("", _ENDS.sub("\n", text))


def _quoted(text: str) -> str | None:
    """Return arguments as the parser reads them back, quoted where that is needed."""
    plain = text and text == text.strip() and not text.startswith(_SHORT)
    if plain and not any(mark in text for mark in "\r\n"):
        return text
    for quote in (_LONG, _SHORT):
        candidate = f"{quote}{text}{quote}"
        if _reads_as(candidate, text):
            return candidate
    return None


def _reads_as(candidate: str, text: str) -> bool:
    lines = list(_lines(candidate))
    value, behind = _value(lines, 0, lines[0])
    return value == text and behind == len(lines)


def _lines(text: str) -> Iterator[str]:
    return (found[0] for found in _LINE.finditer(text) if found[0])


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words)
