"""Names of profiles, which are also names of files."""

import re
import unicodedata

from termai.errors import UsageError
from termai.text import one_line

_NAME = re.compile(r"\w[^/\\:\x00-\x1f\x7f-\x9f]*")
_LENGTH = 64


def composed(name: str) -> str:
    """Return a name in the spelling that counts, where Unicode has several (NFC)."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def check_name(name: str) -> str:
    """Return ``name``, ``composed``, if a profile can have it; raises UsageError.

    1 to 64 printable characters that begin with a letter, a digit or an underscore, hold no
    slash, backslash or colon, and do not end with a space or a dot: so it never leaves its
    directory, is never taken for an option, and shows as it is.
    """
    name = composed(name)
    fits = _NAME.fullmatch(name) and name.isprintable() and name.rstrip(" .") == name
    if fits and len(name) <= _LENGTH and len(name.encode()) <= 200:
        return name
    raise UsageError(
        f"{one_line(name, 60)!r} cannot be the name of a profile.",
        fix="Use letters, digits, dots, dashes and underscores, at most 64 characters.",
    )
