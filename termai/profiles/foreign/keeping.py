"""Keeping what another program's file says and no option holds: bounded, and never unsaid."""

from termai.profiles.foreign.base import Left
from termai.profiles.kept import HIDDEN, hides
from termai.profiles.reading import KEPT_KEYS, KEPT_LIMIT, can_keep
from termai.text import one_line

KEPT_TOTAL = 512 * 1024
"""Bytes that a profile keeps of one file; what comes after that is listed and left out."""

SHORT = 60  # characters shown of a value
_KEY_LIMIT = 200
_NOT_ASKED_FOR = "it is a secret, and secrets are only written when they are asked for"


class Keeping:
    """What is kept so far of one file of the format ``name``, in its order, and what is listed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.texts: dict[str, str] = {}
        self.left: list[Left] = []
        self._total = 0

    def keep(
        self, key: str, text: str, why: str = "", value: str | None = None, called: str = ""
    ) -> None:
        """Keep a text; with a ``why`` it is listed as having no counterpart, too.

        value: what the list shows of it, the text itself unless given; a secret never shows.
        called: what the list calls it, its key unless given.
        """
        trouble = self._trouble(key, text)
        if not trouble:
            self.texts[key] = text
            self._total += _size(key) + _size(text)
        if why or trouble:
            shown = shown_value(key, text if value is None else value)
            said = "; ".join(filter(None, (why, trouble)))
            name = one_line(called or key, SHORT)
            self.left.append(Left(name, shown, said, kept=not trouble))

    def as_kept(self) -> dict[str, dict[str, str]]:
        """Return it as ``Profile.kept`` holds it."""
        return {self.name: dict(self.texts)} if self.texts else {}

    def _trouble(self, key: str, text: str) -> str:
        if len(text) > KEPT_LIMIT or self._total + _size(key) + _size(text) > KEPT_TOTAL:
            return "it is too long to be kept in a profile"
        if len(self.texts) >= KEPT_KEYS:
            return f"a profile keeps at most {KEPT_KEYS} keys of another program"
        if len(key) > _KEY_LIMIT or not can_keep(key) or not can_keep(text):
            return "its name or text has characters that a profile cannot keep"
        return ""


def shown_value(key: str, text: str) -> str:
    """Return a value as a list shows it: short, on one line, and hidden if it is a secret."""
    if hides(key, text):
        return HIDDEN
    return one_line(text[: SHORT * 4], SHORT)


def withheld(key: str, text: str, *, with_secrets: bool) -> Left | None:
    """Return the mention of a kept secret that an export leaves out, None for what it may write."""
    if with_secrets or not hides(key, text):
        return None
    return Left(one_line(key, SHORT), HIDDEN, _NOT_ASKED_FOR)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
