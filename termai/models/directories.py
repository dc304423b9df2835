"""The directories that a user has added to those in which models are looked for."""

import os
from pathlib import Path

from termai import settings
from termai.errors import NotFoundError, UsageError
from termai.paths import expanded
from termai.settings import Settings


def add(directory: str) -> Path:
    """Add a directory to ``settings.model_dirs``, once, and return it absolute.

    Raises NotFoundError when there is none, UsageError when its name cannot be kept.
    """
    path = _absolute(directory)
    if not os.path.isdir(path):  # noqa: PTH112  which would raise below a closed directory
        raise NotFoundError(
            f"There is no directory {path}.", fix="Name a directory that holds GGUF files."
        )
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            "The name of the directory is not UTF-8, which config.toml cannot hold.",
            fix="Make a link to it that has another name, and add that.",
        ) from error

    def added(now: Settings) -> dict[str, tuple[str, ...]]:
        kept = now.model_dirs
        return {} if path in map(expanded, kept) else {"model_dirs": (*kept, str(path))}

    settings.update(added)
    return path


def remove(directory: str) -> str:
    """Take a directory out of ``settings.model_dirs`` and return it as it was written there."""
    path = _absolute(directory)
    found: list[str] = []

    def removed(now: Settings) -> dict[str, tuple[str, ...]]:
        kept = now.model_dirs
        found.extend(one for one in kept if one == directory or expanded(one) == path)
        if not found:
            listed = ", ".join(kept) or "none"
            raise NotFoundError(f"{directory} is not among the added directories: {listed}.")
        return {"model_dirs": tuple(one for one in kept if one not in found)}

    settings.update(removed)
    return found[0]


def _absolute(directory: str) -> Path:
    if not directory.strip() or "\0" in directory:
        raise UsageError("No directory is named.")
    return Path(os.path.normpath(expanded(directory).absolute()))
