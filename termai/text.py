"""Text from models, logs and file names, made safe to show: data never drives the terminal."""

import re

# Compiled by `re` when first needed and kept there: most runs of termai never need them.
_ANSI = (
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?|[ -/]*[0-~])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_SURROGATE = r"[\ud800-\udfff]"


def printable(text: str) -> str:
    """Return ``text`` without escape sequences, control and bidirectional-override characters.

    Newlines and tabs stay; a carriage return becomes a newline so that nothing is overwritten;
    half a surrogate pair, as in a file name that is not UTF-8, becomes U+FFFD. Escape sequences
    follow ECMA-48 (CSI, OSC, DCS, SOS, PM, APC, in 7-bit and 8-bit form) and end with the line
    at the latest.
    """
    if text.isprintable():
        return text
    text = re.sub(_SURROGATE, "\ufffd", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(_CONTROL, "", re.sub(_ANSI, "", text))


def one_line(text: str, width: int = 0) -> str:
    """Return ``text`` printable on a single line, cut with an ellipsis to ``width`` if above 0."""
    flat = " ".join(printable(text).split())
    return flat if not width or len(flat) <= width else flat[: width - 1] + "…"


def without_user(address: str) -> str:
    """Return an address without what may hold a password: user, query and fragment.

    All before the last ``@`` counts as user, since a password may have any sign in it.
    """
    scheme, separator, rest = address.partition("://") if "://" in address else ("", "", address)
    return f"{scheme}{separator}{re.split('[?#]', rest.rpartition('@')[2])[0]}"


def decode(raw: bytes) -> str:
    """Return UTF-8 bytes as printable text; a byte that is not UTF-8 shows as U+FFFD."""
    return printable(raw.decode("utf-8", "replace"))
