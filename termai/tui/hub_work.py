"""The blocking calls behind the Hub tab; they run in threads and touch no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from termai.errors import TermaiError
from termai.tui.model_work import CTX_SIZE, machine

if TYPE_CHECKING:
    from termai.gguf.header import Header
    from termai.models.downloads.view import Download
    from termai.models.fit import Curve, Fit, Machine
    from termai.models.hub.repositories import Repository
    from termai.models.hub.searching import Listed
    from termai.models.hub.variants import Variant


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    listed: Sequence[Listed]


@dataclass(frozen=True, slots=True)
class Fits:
    """How the quantizations of a repository fit this machine, each by its name.

    best: the name of the one to take, empty where none fits. reason: why that one. headers: those
    that were read, of which the others' fits follow by their sizes; with none, all fits are rough.
    """

    fits: Mapping[str, Fit]
    best: str = ""
    reason: str = ""
    headers: Mapping[str, Header] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)


def fits_by_size(repository: Repository) -> Fits:
    """Return how the quantizations fit as far as their sizes tell."""
    return _fits(repository, {}, machine())


def fits_by_header(repository: Repository, variant: str, known: Mapping[str, Header]) -> Fits:
    """Return how the quantizations fit, after the header of one more was read from the hub.

    variant: its name; empty for the one that seems the best by its size.
    """
    from termai.models.hub import remote_header

    here = machine()
    wanted = variant or _fits(repository, known, here).best or repository.quantizations[0].name
    chosen = next(v for v in repository.quantizations if v.name == wanted)
    return _fits(repository, {**known, wanted: remote_header(repository, chosen)}, here)


def _fits(repository: Repository, headers: Mapping[str, Header], here: Machine) -> Fits:
    from termai.models.fit import Asked, Candidate, best, curve, wanted, with_advice
    from termai.models.fit.candidates import subjects

    options = wanted(CTX_SIZE)
    candidates = [Candidate(v.name, v.size, headers.get(v.name)) for v in repository.quantizations]
    answer = best(candidates, options, here)
    found = {ranked.candidate.name: ranked.fit for ranked in answer.ranked}
    advised = {
        candidate.name: with_advice(
            found[candidate.name], Asked(subject, options, here, alternatives=candidates)
        )
        for candidate, subject in zip(candidates, subjects(candidates), strict=True)
    }
    curves = {name: curve(header, wanted(), here) for name, header in headers.items()}
    chosen = answer.chosen.candidate.name if answer.chosen else ""
    return Fits(advised, chosen, answer.reason, headers, curves)


def standing() -> tuple[str, bool]:
    """Return which hub is asked, or why none is, and whether that is a problem; asks nobody."""
    from termai.models.hub.place import online

    try:
        return f"Searches {online().host} for repositories with GGUF files.", False
    except TermaiError as error:
        return str(error), True


def search(query: str, sort: str) -> Found:
    """Search the hub; raises what ``hub.search`` raises."""
    from typing import cast

    from termai.models.hub.searching import Sort, search

    return Found(search(query, sort=cast("Sort", sort)))


def repository(repo: str) -> Repository:
    """Ask the hub for a repository."""
    from termai.models import hub

    return hub.repository(repo)


def get(repository: Repository, variant: Variant) -> Download:
    """Begin to download a quantization, or join the download that does already."""
    from termai.models.downloads.control import add

    return add(repository, variant)
