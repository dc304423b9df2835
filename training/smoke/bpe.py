"""Byte-level BPE as llama.cpp runs it with `tokenizer.ggml.pre = "smollm"`.

The pre-tokenizer is `\\p{N}` and then GPT-2's expression (llama-vocab.cpp, PRE_TYPE_SMOLLM, and
unicode_regex_split_custom_gpt2 in unicode.cpp), which the standard library's `re` cannot express.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Final

PRE_TOKENIZER: Final = "smollm"
SPECIALS: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
_SPLIT_SPECIALS: Final = re.compile("(" + "|".join(map(re.escape, SPECIALS)) + ")")
_SPACES: Final = frozenset(
    map(chr, [*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)])
) | frozenset("\u2028\u2029\u202f\u205f\u3000")


def _printable_bytes() -> tuple[str, ...]:
    """GPT-2's table from byte to printable character."""
    kept = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = (byte for byte in range(256) if byte not in kept)
    shifted = {byte: chr(256 + index) for index, byte in enumerate(others)}
    return tuple(shifted.get(byte, chr(byte)) for byte in range(256))


BYTES: Final = _printable_bytes()
_BYTE_OF: Final = {character: byte for byte, character in enumerate(BYTES)}


@cache
def _kind(character: str) -> str:
    """space, L (letter), N (number) or other."""
    if character in _SPACES:
        return "space"
    category = unicodedata.category(character)[0]
    return category if category in "LN" else "other"


def _single_numbers(text: str) -> Iterator[str]:
    start = 0
    for index, character in enumerate(text):
        if _kind(character) == "N":
            if start < index:
                yield text[start:index]
            yield character
            start = index + 1
    if start < len(text):
        yield text[start:]


def _contraction(text: str, start: int) -> int:
    """Length of one of 's 't 'm 'd 're 've 'll at `start`, else 0."""
    if text[start] != "'":
        return 0
    if text[start + 1 : start + 2] in ("s", "t", "m", "d"):
        return 2
    return 3 if text[start + 1 : start + 3] in ("re", "ve", "ll") else 0


def _run_end(text: str, start: int, kind: str) -> int:
    end = start
    while end < len(text) and _kind(text[end]) == kind:
        end += 1
    return end


def _next_word(text: str, start: int) -> int:
    """End of the word of GPT-2's expression that begins at `start`."""
    if length := _contraction(text, start):
        return start + length
    first = start + (text[start] == " ")
    if first < len(text) and _kind(text[first]) != "space":
        return _run_end(text, first, _kind(text[first]))
    end = _run_end(text, start, "space")
    return end - 1 if end < len(text) and end - start > 1 else end


def words(text: str) -> Iterator[str]:
    """The words that BPE merges within; no merge crosses their borders."""
    for part in _single_numbers(text):
        start = 0
        while start < len(part):
            end = _next_word(part, start)
            yield part[start:end]
            start = end


def _symbols(word: str) -> tuple[str, ...]:
    return tuple(BYTES[byte] for byte in word.encode())


def _merged(symbols: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out: list[str] = []
    index = 0
    while index < len(symbols):
        if symbols[index : index + 2] == pair:
            out.append(pair[0] + pair[1])
            index += 2
        else:
            out.append(symbols[index])
            index += 1
    return tuple(out)


def learn_merges(texts: Iterable[str], count: int) -> tuple[tuple[str, str], ...]:
    """The `count` most frequent merges, in order; ties go to the pair that sorts first."""
    frequencies = Counter(word for text in texts for word in words(text))
    splits: dict[str, tuple[str, ...]] = {word: _symbols(word) for word in frequencies}
    merges: list[tuple[str, str]] = []
    while len(merges) < count:
        pairs = _pair_counts(splits, frequencies)
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        splits = {
            word: _merged(symbols, best) if best[0] in symbols else symbols
            for word, symbols in splits.items()
        }
    return tuple(merges)


def _pair_counts(
    splits: Mapping[str, tuple[str, ...]], frequencies: Mapping[str, int]
) -> Counter[tuple[str, str]]:
    pairs: Counter[tuple[str, str]] = Counter()
    for word, symbols in splits.items():
        for pair in pairwise(symbols):
            pairs[pair] += frequencies[word]
    return pairs


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """A vocabulary of the special tokens, the 256 bytes and one token per merge, in this order."""

    merges: tuple[tuple[str, str], ...]
    tokens: tuple[str, ...] = field(init=False)
    _ids: dict[str, int] = field(init=False)
    _ranks: dict[tuple[str, str], int] = field(init=False)
    _cache: dict[str, tuple[int, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        tokens = (*SPECIALS, *BYTES, *(left + right for left, right in self.merges))
        object.__setattr__(self, "tokens", tokens)
        object.__setattr__(self, "_ids", {token: index for index, token in enumerate(tokens)})
        object.__setattr__(self, "_ranks", {pair: rank for rank, pair in enumerate(self.merges)})

    def special(self, token: str) -> int:
        """The id of one of SPECIALS."""
        return SPECIALS.index(token)

    def encode(self, text: str) -> list[int]:
        """Token ids; special tokens in the text are recognised."""
        ids: list[int] = []
        for part in _SPLIT_SPECIALS.split(text):
            if part in SPECIALS:
                ids.append(self.special(part))
            else:
                for word in words(part):
                    ids.extend(self._word(word))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Text of the ids; bytes that are no UTF-8 become U+FFFD."""
        raw = bytearray()
        for index in ids:
            token = self.tokens[index]
            raw += token.encode() if index < len(SPECIALS) else bytes(_BYTE_OF[c] for c in token)
        return raw.decode(errors="replace")

    def _word(self, word: str) -> tuple[int, ...]:
        if (known := self._cache.get(word)) is not None:
            return known
        symbols = _symbols(word)
        while ranked := [
            (self._ranks[pair], pair) for pair in pairwise(symbols) if pair in self._ranks
        ]:
            symbols = _merged(symbols, min(ranked)[1])
        ids = tuple(self._ids[symbol] for symbol in symbols)
        self._cache[word] = ids
        return ids
