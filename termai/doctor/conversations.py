"""Whether the conversations that are kept can be relied on."""

from pathlib import Path

from termai.chat import integrity
from termai.environment.finding import Finding, Verdict
from termai.errors import TermaiError
from termai.paths import chats_db
from termai.text import one_line

NAME = "conversations"


def look(path: Path | None = None) -> Finding:
    """Return what SQLite's own check says of ``chats.db``; nothing is changed."""
    path = path or chats_db()
    try:
        there = path.exists()
    except OSError as error:
        return _closed(path, error)
    if not there:
        sentence = "There is none yet; chats are kept from the first one on."
        return Finding(NAME, Verdict.OK, sentence, path=str(path))
    try:
        found = integrity.examine(path)
    except TermaiError as error:
        return Finding(NAME, Verdict.WARNING, error.message, error.fix, path=str(path))
    if found.damage:
        return _damaged(path, found.damage)
    return Finding(NAME, Verdict.OK, _sound(path, found), path=str(path))


def _closed(path: Path, error: OSError) -> Finding:
    return Finding(
        NAME,
        Verdict.WARNING,
        f"{one_line(str(path), 200)} cannot be looked at: {error.strerror}.",
        "Mend the permissions of its directory, or set TERMAI_DATA_DIR to one of yours.",
        path=str(path),
    )


def _sound(path: Path, found: integrity.Soundness) -> str:
    if not found.whole:
        size = path.stat().st_size / (1 << 30)
        return f"{size:.1f} GiB of them; as far as could be looked at, nothing is wrong."
    count = found.conversations or 0
    return f"{count} conversation{'s' * (count != 1)}, and the file is sound."


def _damaged(path: Path, damage: str) -> Finding:
    return Finding(
        NAME,
        Verdict.WARNING,
        f"The file of the conversations is damaged: {one_line(damage, 120)}.",
        "Copy it away, then save what can be read with `sqlite3 chats.db .recover`; without "
        "the file, termai begins an empty one.",
        path=str(path),
        cause="The disk lost what was written, or another program wrote into it.",
    )
