"""What a user is told of an imported command, beside what became of its flags."""

import re
from collections.abc import Sequence

from termai.profiles import flags
from termai.profiles.foreign.shell_words import Word
from termai.profiles.kept import HIDDEN, hides, masked_words
from termai.text import one_line

_SHOWN = 120
_NAMED = 5  # lines that a note names at most
_HARMLESS = frozenset({"taskset", "numactl", "nice", "ionice", "chrt", "timeout", "stdbuf"})
"""Programs that take no secrets."""


def notes_on(
    words: Sequence[Word], before: Sequence[str], others: Sequence[int], *, redirected: bool
) -> list[str]:
    """Return sentences on a command: what of it is not kept, and what is not filled in.

    words: behind the program. before: in front of it. others: lines of further commands.
    """
    notes = []
    if before:
        shown = _shown_before(before)
        notes.append(f"What stands in front of llama-server is not kept: {shown}.")
    if redirected:
        notes.append("Where its output went is not kept; termai keeps a log of every server.")
    masked = masked_words([word.text for word in words])
    notes += [
        f"{one_line(shown, _SHOWN)} holds a variable or a command, which is not filled in: "
        "put in what you mean."
        for word, shown in zip(words, masked, strict=True)
        if word.unresolved and shown != HIDDEN
    ]
    if others:
        lines = ", ".join(map(str, others[:_NAMED]))
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        notes.append(
            f"Only the first command that runs llama-server is read; also in line {lines}{more} "
            "there is one: import it by itself."
        )
    return notes


def _shown_before(words: Sequence[str]) -> str:
    """Return what a list shows of words that are not kept: programs' and flags' names.

    All else may be a password, except for programs that take none.
    """
    if re.split(r"[/\\\\]", words[0])[-1] in _HARMLESS and HIDDEN not in masked_words(words):
        return one_line(" ".join(words), _SHOWN)
    shown = [HIDDEN if hides("", words[0]) or "=" in words[0] else words[0]]
    for word in words[1:]:
        name = flags.shown_flag(word) if word.startswith("--") else word[:2]
        name = name if word.startswith("-") else "…"
        if name != "…" or shown[-1] != "…":
            shown.append(name)
    return one_line(" ".join(shown), _SHOWN)
