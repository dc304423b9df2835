"""Markdown of a model parsed so that every character is shown and nothing in it can act."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class Block:
    """One top-level Markdown block: its source, its token type, and whether a fence is open."""

    source: str
    kind: str
    open_fence: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The top-level blocks of a text; ``linked`` when link definitions tie them together."""

    blocks: tuple[Block, ...]
    linked: bool


def parse(text: str) -> list[Token]:
    """Return the tokens of ``text`` with links and images turned into plain words.

    CommonMark 0.31 with tables and strikethrough, raw HTML taken as text, at most 20 levels
    deep. A line break in a paragraph stays a line break.
    """
    tokens = _parser().parse(text)
    for token in tokens:
        if token.children:
            token.children = list(_plain(token.children))
    return tokens


def split(text: str) -> Document:
    """Cut ``text`` into its top-level blocks, in order and without losing a line of content."""
    env: dict[str, Any] = {}
    tokens = _parser().parse(text, env)
    lines = text.split("\n")
    blocks = []
    for token in tokens:
        if token.level or token.map is None:
            continue
        start, end = token.map
        source = "\n".join(lines[start:end])
        blocks.append(Block(source, token.type, token.type == "fence" and _is_open(token, lines)))
    return Document(tuple(blocks), bool(env.get("references")))


def last_block_line(text: str) -> int:
    """Return the line on which the last top-level block of ``text`` begins, 0 for none."""
    starts = [t.map[0] for t in _parser().parse(text) if not t.level and t.map is not None]
    return starts[-1] if starts else 0


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _is_open(token: Token, lines: list[str]) -> bool:
    start, end = token.map or (0, 0)
    closing = lines[end - 1].strip() if end <= len(lines) else ""
    fence = token.markup
    return end - start < 2 or not (closing.startswith(fence) and not closing.strip(fence[0]))


def _plain(children: list[Token]) -> Iterator[Token]:
    """Yield inline tokens with a link as ``words (address)`` and an image as its words."""
    shown = ""
    address = ""
    for token in children:
        if token.type == "link_open":
            shown, address = "", str(token.attrs.get("href", ""))
            yield Token("link_words_open", "a", 1)
        elif token.type == "link_close":
            yield Token("link_words_close", "a", -1)
            if address and address not in (shown, f"mailto:{shown}"):
                yield Token("text", "", 0, content=f" ({address})")
        elif token.type == "image":
            source = str(token.attrs.get("src", ""))
            yield Token("text", "", 0, content=f"[image: {token.content}] ({source})")
        elif token.type == "softbreak":
            yield Token("hardbreak", "br", 0)
        else:
            shown += token.content
            yield token
