"""Downloading what a person names, and watching it come."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from termai.cli.ending import InterruptedWaitError
from termai.cli.progress import Live
from termai.errors import NotFoundError, TermaiError, UsageError
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.downloads.view import Download
    from termai.models.hub import Repository, Variant

_BEGINNINGS = re.compile(r"^(?:hub:|(?:https?://)?(?:hf\.co|(?:www\.)?huggingface\.co)/)")
_MAIN = "main"  # the branch that is meant where none is named
_LISTED = 12  # quantizations that a message names


def parted(reference: str) -> tuple[str, str]:
    """Return repository and quantization, empty where none is named, of ``ORG/NAME[:QUANT]``.

    ``hub:`` before it and the address of its page are taken, too. Raises UsageError.
    """
    from termai.models.hub import is_name

    plain = _BEGINNINGS.sub("", reference.strip()).rstrip("/")
    repo, _, quant = plain.partition(":")
    repo = re.sub(r"/tree/[^/]+$", "", repo)
    if not is_name(repo):
        raise UsageError(
            f"{one_line(reference, 120)!r} is no repository of a hub.",
            fix="Expected ORG/NAME or ORG/NAME:QUANT; `termai search` finds repositories.",
        )
    return repo, quant


def is_reference(text: str) -> bool:
    """Return whether ``parted`` takes a text."""
    try:
        parted(text)
    except UsageError:
        return False
    return True


def chosen(repository: "Repository", quant: str) -> "Variant":
    """Return the quantization that is meant; without a name Q4_K_M, or the only one there is.

    Raises NotFoundError and UsageError naming what there is.
    """
    from termai.models.hub import choose
    from termai.models.resolve import DEFAULT_QUANT

    offered = repository.quantizations
    if quant or not offered:
        return choose(repository, quant)
    if len(offered) == 1:
        return offered[0]
    try:
        return choose(repository, DEFAULT_QUANT)
    except (NotFoundError, UsageError):
        names = ", ".join(one_line(v.name, 60) for v in offered[:_LISTED])
        raise UsageError(
            f"{repository.id} has several quantizations and no {DEFAULT_QUANT}.",
            fix=f"Say which after a colon: {names}.",
        ) from None


def had(
    repo: str, quant: str, paths: Sequence[str] = (), revision: str = _MAIN
) -> "Download | None":
    """Return the finished download that is meant where the hub cannot be asked, or None."""
    from termai.models.downloads.finished import finished
    from termai.models.resolve import DEFAULT_QUANT

    commit = "" if revision == _MAIN else revision
    names = ("",) if paths else (quant,) if quant else (DEFAULT_QUANT, "")
    found = (finished(repo, variant=name, paths=paths, commit=commit) for name in names)
    return next((download for download in found if download), None)


def watch(download: "Download", *, quiet: bool = False) -> "Download":
    """Show a download until it is done and return it; Ctrl-C leaves it going and says so.

    ``quiet`` writes nothing but to a terminal. Raises what it failed with, and TermaiError when
    it was stopped.
    """
    from termai.models.downloads import control

    try:
        with Live(quiet=quiet) as live:
            download = control.wait(download, on_progress=live.show)
    except KeyboardInterrupt as error:
        raise InterruptedWaitError(
            f"{download.name} goes on downloading. `termai downloads` shows how far it is, "
            f"`termai downloads cancel {download.id}` stops it."
        ) from error
    if str(download.status) != "done":
        raise ending(download)
    return download


def ending(download: "Download") -> TermaiError:
    """Return why a download that nobody works on is not done, with its own exit code."""
    kinds = {kind.exit_code: kind for kind in TermaiError.__subclasses__()}
    if download.problem:
        kind = kinds.get(download.exit_code, TermaiError)
        return kind(download.problem, fix=download.fix)
    if str(download.status) == "cancelled":
        return TermaiError(f"The download of {download.name} was cancelled.")
    return TermaiError(
        f"The download of {download.name} is {download.status}.",
        fix=f"`termai downloads resume {download.id}` goes on where it stopped.",
    )
