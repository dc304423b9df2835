"""The entries of one directory, sorted, links followed to tell files from directories."""

import os
from dataclasses import dataclass
from pathlib import Path

MAX_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A directory's names: those of directories, and all others; hidden directories too.

    cut: whether there are more than MAX_ENTRIES, of which the rest is left out.
    """

    directory: Path
    directories: tuple[str, ...]
    files: tuple[str, ...]
    cut: bool = False


def listing(directory: Path) -> Listing:
    """List a directory; raises OSError."""
    directories: list[str] = []
    files: list[str] = []
    cut = False
    with os.scandir(directory) as entries:
        for number, entry in enumerate(entries):
            cut = number >= MAX_ENTRIES
            if cut:
                break
            (directories if _is_directory(entry) else files).append(entry.name)
    return Listing(directory, tuple(sorted(directories)), tuple(sorted(files)), cut)


def listed(directory: Path) -> Listing:
    """List a directory, as empty where it cannot be."""
    try:
        return listing(directory)
    except (OSError, ValueError):
        return Listing(directory, (), ())


def beginning(path: Path, length: int) -> bytes:
    """Return the first bytes of a file, without waiting; empty where it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read(length) or b""
    except (OSError, ValueError):
        return b""


def small_text(path: Path, limit: int = 1 << 20) -> bytes:
    """Return what a file holds, empty when it is larger than ``limit`` or cannot be read."""
    data = beginning(path, limit + 1)
    return data if len(data) <= limit else b""


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
