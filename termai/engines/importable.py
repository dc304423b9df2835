"""Settings files of other programs on this machine, so that nobody has to know their paths."""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from termai.models.stores import stores
from termai.paths import expanded

MAX_DEPTH = 5
MAX_DIRECTORIES = 5_000
MAX_FILES = 50
PATIENCE_S = 2.0

_SUFFIXES = (".kcpps", ".kcppt", ".preset.json", ".modelfile")
_NAMES = frozenset({"modelfile"})
_PRESETS = ("~/.lmstudio/config-presets", "~/.cache/lm-studio/config-presets")
_NEVER = frozenset({"node_modules", "site-packages", "__pycache__", "proc", "sys"})


def importable(*, patience_s: float = PATIENCE_S) -> tuple[Path, ...]:
    """Return files that look like KoboldCPP's, LM Studio's or Ollama's settings, newest first.

    Looked for by their names where LM Studio keeps presets, below the directories of models and
    below the home directory, at most MAX_DEPTH deep, links to directories and hidden ones left
    out. At most MAX_FILES; what is not found within ``patience_s`` seconds is left out.
    """
    deadline = time.monotonic() + patience_s
    found: dict[Path, float] = {}
    for path, modified in _files(deadline):
        found.setdefault(path, modified)
        if len(found) == MAX_FILES:
            break
    return tuple(sorted(found, key=lambda path: -found[path]))


def _files(deadline: float) -> Iterator[tuple[Path, float]]:
    """Yield each file with the time of its last change, nearer ones first."""
    waiting = deque((root, 0) for root in _roots())
    been: set[tuple[int, int]] = set()
    while waiting and len(been) < MAX_DIRECTORIES and time.monotonic() < deadline:
        directory, depth = waiting.popleft()
        try:
            status = directory.stat()
            if (status.st_dev, status.st_ino) in been:
                continue
            been.add((status.st_dev, status.st_ino))
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if depth < MAX_DEPTH and _entered(entry.name):
                            waiting.append((Path(entry.path), depth + 1))
                    elif _wanted(entry.name) and entry.is_file():
                        yield Path(entry.path), entry.stat().st_mtime
        except OSError:
            continue


def _roots() -> tuple[Path, ...]:
    presets = (expanded(directory) for directory in _PRESETS)
    return (*presets, *(store.directory for store in stores()), expanded("~"))


def _entered(name: str) -> bool:
    return not name.startswith(".") and name not in _NEVER


def _wanted(name: str) -> bool:
    lower = name.lower()
    return lower in _NAMES or lower.endswith(_SUFFIXES)
