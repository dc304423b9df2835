"""Searching the hub for repositories with GGUF files."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, get_args

from termai.errors import UsageError
from termai.models.hub.client import pages
from termai.models.hub.fields import count, date, gate, licence, text
from termai.models.hub.place import online
from termai.models.hub.refusals import Subject
from termai.models.hub.repositories import is_repository
from termai.text import one_line

Sort = Literal["downloads", "likes", "trending", "updated"]

SORTS: tuple[str, ...] = get_args(Sort)
MOST = 500

_KEYS = {
    "downloads": "downloads",
    "likes": "likes",
    "trending": "trendingScore",
    "updated": "lastModified",
}
_EXPAND = (
    *("downloads", "likes", "trendingScore", "lastModified", "gated", "private", "tags"),
    *("gguf", "usedStorage"),
)
_LONGEST_QUERY = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository as a search finds it; 0 and empty where the hub does not say.

    downloads: of the last 30 days. updated: ISO 8601. architecture, parameters, context_length:
    as the hub read them from the header of one file. storage: bytes of all files and revisions.
    """

    id: str
    downloads: int = 0
    likes: int = 0
    trending: int = 0
    licence: str = ""
    gated: bool = False
    private: bool = False
    updated: str = ""
    architecture: str = ""
    parameters: int = 0
    context_length: int = 0
    storage: int = 0

    @property
    def author(self) -> str:
        """The user or organization that it belongs to, empty for the hub's oldest ones."""
        return self.id.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The repository's name without its author."""
        return self.id.rpartition("/")[2]


def search(
    query: str, *, sort: Sort = "downloads", limit: int = 50, author: str = ""
) -> tuple[Listed, ...]:
    """Return repositories with GGUF files that match all words, the most of ``sort`` first.

    ``limit`` is from 1 to 500. Raises UsageError, AccessError for a wrong token, UnreachableError
    (OfflineError among them).
    """
    if sort not in SORTS:
        raise UsageError(f"{sort!r} is no order; expected one of {', '.join(SORTS)}.")
    if not 1 <= limit <= MOST:
        raise UsageError(f"A limit of {limit} is not between 1 and {MOST}.")
    place = online()
    params: dict[str, Any] = {
        "filter": "gguf",
        "sort": _KEYS[sort],
        "limit": limit,
        "expand": list(_EXPAND),
    }
    if words := " ".join(query.split())[:_LONGEST_QUERY]:
        params["search"] = words
    if author:
        if "/" in author or not is_repository(author):
            raise UsageError(
                f"{one_line(author, 80)!r} is no author.", fix="Expected a user or organization."
            )
        params["author"] = author
    found: dict[str, Listed] = {}
    for page in pages(place, Subject(what="a search"), "models", params):
        entries = page if isinstance(page, list) else ()
        listed = (_listed(entry) for entry in islice(entries, MOST))
        found |= {one.id: one for one in listed if one is not None and one.id not in found}
        if len(found) >= limit or not entries:
            break
    return tuple(found.values())[:limit]


def _listed(entry: object) -> Listed | None:
    """Return an entry of the answer, None for one that names no repository."""
    if not isinstance(entry, Mapping):
        return None
    name = entry.get("id", entry.get("modelId"))
    if not isinstance(name, str) or not is_repository(name):
        return None
    said = entry.get("gguf")
    gguf = said if isinstance(said, Mapping) else {}
    return Listed(
        id=name,
        downloads=count(entry.get("downloads")),
        likes=count(entry.get("likes")),
        trending=count(entry.get("trendingScore")),
        licence=licence(entry),
        gated=gate(entry.get("gated")),
        private=entry.get("private") is True,
        updated=date(entry.get("lastModified")),
        architecture=text(gguf.get("architecture"), 60),
        parameters=count(gguf.get("total")),
        context_length=count(gguf.get("context_length")),
        storage=count(entry.get("usedStorage")),
    )
