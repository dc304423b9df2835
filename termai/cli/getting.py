"""A model of the hub as something to run: downloaded if need be, with a profile of its own."""

import os
from pathlib import Path

from termai.cli import pulling
from termai.cli.style import warn
from termai.errors import NotFoundError
from termai.models.resolve import HUB, resolve
from termai.paths import expanded
from termai.profiles.profile import Profile
from termai.servers import own_profile
from termai.text import one_line


def is_of_hub(target: str) -> bool:
    """Return whether ``target`` is ORG/NAME[:QUANT] and not the path of something on this disk."""
    if target.startswith(("/", "./", "../", "~")) or target.lower().endswith(".gguf"):
        return False
    if os.path.lexists(expanded(target)):
        return False
    return pulling.is_reference(target)


def profile_of(target: str) -> Profile:
    """Return the profile to run a model of the hub with; what is missing is got or made first.

    Raises what the hub, the download, ``resolve`` and ``own_profile`` raise.
    """
    model, projector = _here(target) or _downloaded(target)
    profile, new = own_profile.ensured(model, projector)
    if new:
        warn(f"Made the profile {profile.name}: {one_line(profile.description)}")
    return profile


def _here(target: str) -> tuple[Path, Path | None] | None:
    """Return model and projector where they are on this disk already, whoever got them."""
    from termai.models.library import look

    repo, quant = pulling.parted(target)
    try:
        path = resolve(f"{HUB}{repo}:{quant}" if quant else f"{HUB}{repo}")
    except NotFoundError:
        return None
    known = look().at(path)
    return path, known.projector if known else None


def _downloaded(target: str) -> tuple[Path, Path | None]:
    from termai.models import hub
    from termai.models.downloads import control

    repo, quant = pulling.parted(target)
    repository = hub.repository(repo)
    variant = pulling.chosen(repository, quant)
    download = pulling.watch(control.add(repository, variant))
    placed = [download.directory / file.path for file in download.files]
    beside = {file.name for file in variant.projectors}
    return download.path, next((path for path in placed if path.name in beside), None)
