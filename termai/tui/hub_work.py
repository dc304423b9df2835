"""The blocking calls behind the Hub tab; they run in threads and touch no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from termai.errors import AccessError, TermaiError
from termai.text import one_line
from termai.tui.model_work import machine

if TYPE_CHECKING:
    from termai.gguf.header import Header
    from termai.models.downloads.view import Download
    from termai.models.fit import Curve, Fit, Machine
    from termai.models.hub.repositories import Repository
    from termai.models.hub.searching import Listed
    from termai.models.hub.variants import Variant

_AT_ONCE = 4  # headers that are read before it is asked again whether anybody waits for them


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    listed: Sequence[Listed]


@dataclass(frozen=True, slots=True)
class Fits:
    """How the quantizations of a repository fit this machine, each by its name.

    best: the name of the one to take, empty where none fits. reason: why that one. headers: those
    that were read; the fits of others follow from them by size, and with none all are rough.
    projector: what is downloaded with each.
    """

    fits: Mapping[str, Fit]
    best: str = ""
    reason: str = ""
    headers: Mapping[str, Header] = field(default_factory=dict)
    projector: Header | None = None


def fits(repository: Repository, wanted: Callable[[], bool], tell: Callable[[Fits], None]) -> None:
    """Tell how the quantizations fit: by their sizes, by the header of one, by all headers.

    wanted: asked in between whether to go on. tell: called in this thread. Raises what
    ``hub.remote_header`` raises for the first header; others that cannot be read are left out.
    """
    from termai.models.fit import projector_of
    from termai.models.hub import remote_header, remote_headers

    here = machine()
    headers: dict[str, Header] = {}
    variants = {variant.name: variant for variant in repository.quantizations}
    told = _fits(repository, headers, here)
    tell(told)
    first = variants.pop(told.best or next(iter(variants)))
    headers[first.name] = remote_header(repository, first)
    projector = projector_of(repository, first)
    if wanted():
        tell(_fits(repository, headers, here, projector))

    def take(variant: Variant, header: Header | TermaiError) -> None:
        if not isinstance(header, TermaiError):
            headers[variant.name] = header

    rest = list(variants.values())
    for start in range(0, len(rest), _AT_ONCE):
        if not wanted():
            return
        remote_headers(repository, rest[start : start + _AT_ONCE], take)
    if rest and wanted():
        tell(_fits(repository, headers, here, projector))


def _fits(
    repository: Repository,
    headers: Mapping[str, Header],
    here: Machine,
    projector: Header | None = None,
) -> Fits:
    from termai.models.fit import Asked, Candidate, best, usual_ctx, wanted, with_advice
    from termai.models.fit.candidates import subjects

    trained = max((h.number(h.own("context_length")) for h in headers.values()), default=0)
    options = wanted(usual_ctx(trained or repository.context_length))
    candidates = [Candidate(v.name, v.size, headers.get(v.name)) for v in repository.quantizations]
    answer = best(candidates, options, here, projector=projector)
    found = {ranked.candidate.name: ranked.fit for ranked in answer.ranked}
    models = subjects(candidates, projector=projector)
    advised = {
        candidate.name: with_advice(
            found[candidate.name], Asked(subject, options, here, alternatives=candidates)
        )
        for candidate, subject in zip(candidates, models, strict=True)
    }
    chosen = answer.chosen.candidate.name if answer.chosen else ""
    return Fits(advised, chosen, answer.reason, dict(headers), projector)


def curve(header: Header, projector: Header | None = None) -> Curve:
    """Return memory against context on this machine now, for a model whose header is known."""
    from termai.models.fit import curve, wanted

    return curve(header, wanted(), machine(), projector=projector)


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


def card(repo: str) -> str:
    """Return the model card of a repository as Markdown."""
    from termai.models import hub

    return hub.card(repo)


def store_token(text: str) -> str:
    """Ask the hub whose token it is, keep it, and return what to tell."""
    from termai.models.hub import accounts

    try:
        account = accounts.login(text)
    except AccessError as error:
        fix = error.fix.partition(", then `termai")[0].rstrip(".")
        raise AccessError(error.message, fix=f"{fix}, and type that one.") from error
    told = f"{account.host} knows you as {account.name}."
    if account.shadowed_by:
        told += f" But {account.shadowed_by} holds another token in this shell, which is used."
    return one_line(told)
