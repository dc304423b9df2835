"""Files that are not what their name says are refused before a server starts."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from termai.errors import InvalidFileError, NotFoundError
from termai.gguf.magic import check_magic


@pytest.mark.parametrize("version", [2, 3])
def test_accepts_readable_versions(tmp_path: Path, version: int) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF" + version.to_bytes(4, "little"))
    check_magic(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"GGUF\x03", "cut short after 5 bytes"),
        (b"GGUF\x01\0\0\0", "version 1"),
        (b"GGUF\0\0\0\x03", "big-endian"),
        (b"ggjt rest", "not a GGUF file"),
        (b"tjgg rest", "before August 2023"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
        (b"<!DOCTYPE html>", "web page"),
        (b"PK\x03\x04....", "ZIP"),
        (b"<?xml version='1.0'?><Error>", "error message"),
        (b'{"error": "Repository not found"}', "error message"),
        (bytes(4096), "room that a download has reserved"),
    ],
)
def test_says_what_the_file_is_instead(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    with pytest.raises(InvalidFileError, match=says):
        check_magic(path)


def test_missing_file_and_directory(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        check_magic(tmp_path / "no.gguf")
    with pytest.raises(InvalidFileError, match="is a directory"):
        check_magic(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(content=st.binary(max_size=16))
def test_any_bytes_are_accepted_or_refused_with_a_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    try:
        check_magic(path)
    except InvalidFileError:
        return
    assert content[:4] == b"GGUF"
    assert int.from_bytes(content[4:8], "little") in (2, 3)
