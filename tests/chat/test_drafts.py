"""What was written and not sent is there again, and a broken file stops nothing."""

from pathlib import Path

import pytest

from termai.chat.drafts import LIMIT_BYTES, load_draft, save_draft
from termai.errors import StorageError
from termai.paths import data_dir


def test_a_draft_comes_back_word_for_word() -> None:
    save_draft("one\n\ttwo 한 ", 7)
    save_draft("new")
    assert load_draft(7) == "one\n\ttwo 한 "
    assert load_draft() == "new"
    assert load_draft(8) == ""


def test_an_empty_draft_leaves_no_file() -> None:
    save_draft("x", 7)
    save_draft("", 7)
    save_draft("", 9)
    assert list((data_dir() / "drafts").iterdir()) == []


def test_a_file_that_is_no_text_is_an_empty_draft() -> None:
    save_draft("x", 7)
    (data_dir() / "drafts" / "7.txt").write_bytes(b"\xff\xfe\x00")
    assert load_draft(7) == ""


def test_a_huge_text_does_not_replace_the_last_draft() -> None:
    save_draft("kept", 7)
    save_draft("x" * (LIMIT_BYTES + 1), 7)
    assert load_draft(7) == "kept"


def test_a_disk_that_refuses_is_a_storage_error(tmp_path: Path) -> None:
    data_dir().parent.mkdir(parents=True, exist_ok=True)
    data_dir().write_text("a file where the directory should be")
    with pytest.raises(StorageError):
        save_draft("x", 7)
