"""Writing a profile as other programs' files; calls that block, for threads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from termai.profiles.foreign.base import Exported
    from termai.profiles.profile import Profile


class Target(NamedTuple):
    """One thing to export to: its name in ``exchange``, and what people call it."""

    name: str
    title: str


class Written(NamedTuple):
    """An export before it is saved, and the path proposed for it."""

    exported: Exported
    path: Path


def targets() -> tuple[Target, ...]:
    """Return what can be exported to."""
    from termai.engines import exchange

    return tuple(Target(found.name, found.title) for found in exchange.EXPORTS)


def write(profile: Profile, target: str, *, with_secrets: bool = False) -> Written:
    """Return a profile as the text of another program's file, not saved.

    Raises UsageError where the format cannot hold it.
    """
    from termai.engines import exchange

    exported = exchange.write(profile, target, with_secrets=with_secrets)
    return Written(exported, Path.cwd() / exchange.file_name(profile, target))


def save(exported: Exported, text: str, *, overwrite: bool = False) -> Path:
    """Save an export at the path that was typed; raises UsageError when there is a file."""
    from termai.engines import exchange

    return exchange.save_export(exported, place(text), overwrite=overwrite)


def place(text: str) -> Path:
    """Return where a path that was typed is, in full."""
    from termai.paths import expanded

    return expanded(text).absolute()


def exists(text: str) -> bool:
    """Tell whether there is a file at the path that was typed."""
    return place(text).is_file()
