"""A repository of the hub at one commit, and which of its quantizations is meant."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from termai.errors import NotFoundError, UnreachableError, UsageError
from termai.gguf.quantization import named
from termai.models.hub.client import ask, pages
from termai.models.hub.fields import count, date, gate, licence, text
from termai.models.hub.files import Listing, RepoFile, read_siblings
from termai.models.hub.place import Place, online
from termai.models.hub.refusals import Subject, odd
from termai.models.hub.variants import Variant, grouped
from termai.text import one_line

_REPO = re.compile(
    r"(?!.*(?:\.\.|--))[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAMED = 12  # quantizations that a message names


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit.

    endpoint: address of the hub. gated: whether conditions must be accepted. updated: ISO 8601,
    empty where unknown. files: all that can be taken; quantizations: the smallest first.
    parameters, context_length: as the hub read them from a header, 0 where it did not. problems:
    sentences about what is left out.
    """

    id: str
    commit: str
    endpoint: str
    revision: str = "main"
    licence: str = ""
    gated: bool = False
    private: bool = False
    downloads: int = 0
    likes: int = 0
    updated: str = ""
    architecture: str = ""
    parameters: int = 0
    context_length: int = 0
    files: tuple[RepoFile, ...] = ()
    quantizations: tuple[Variant, ...] = ()
    projectors: tuple[RepoFile, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The address of the repository's page, to show to a person."""
        return Place(self.endpoint).page(self.id)


def repository(repo: str, revision: str = "main") -> Repository:
    """Ask the hub for a repository and group its files.

    Raises UsageError for a name that is none, NotFoundError, AccessError, UnreachableError
    (OfflineError among them).
    """
    checked_name(repo)
    place = online()
    subject = Subject(repo, revision)
    said = _info(place, subject)
    commit = text(said.get("sha"), 40).lower()
    if not _COMMIT.fullmatch(commit):
        raise UnreachableError(
            f"{place.host} does not say at which commit {repo} is, so its files cannot be pinned.",
            fix="Use another hub or mirror: HF_ENDPOINT or hub_endpoint in config.toml.",
        )
    name = text(said.get("id"), 200)
    found = _listing(place, subject, said, commit)
    variants = grouped(found.files)
    gguf = said["gguf"] if isinstance(said.get("gguf"), Mapping) else {}
    return Repository(
        id=name if is_repository(name) else repo,
        commit=commit,
        endpoint=place.endpoint,
        revision=revision,
        licence=licence(said),
        gated=gate(said.get("gated")),
        private=said.get("private") is True,
        downloads=count(said.get("downloads")),
        likes=count(said.get("likes")),
        updated=date(said.get("lastModified")),
        architecture=text(gguf.get("architecture"), 60),
        parameters=count(gguf.get("total")),
        context_length=count(gguf.get("context_length")),
        files=found.files,
        quantizations=variants.found,
        projectors=variants.projectors,
        problems=(*found.problems, *variants.problems),
    )


def choose(repository: Repository, quant: str) -> Variant:
    """Return the quantization called ``quant``: exactly, in any case, or by a unique beginning.

    Raises NotFoundError naming what there is, UsageError for a beginning of several.
    """
    offered = repository.quantizations
    wanted = quant.strip().lower()
    same = [v for v in offered if v.name.lower() == wanted] or _alias(offered, quant)
    if len(same) == 1:
        return same[0]
    begun = [v for v in offered if wanted and v.name.lower().startswith(wanted)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise UsageError(
            f"{one_line(quant, 60)} of {repository.id} may be {_list(begun)}.",
            fix="Give more of the name.",
        )
    if not offered:
        raise NotFoundError(
            f"{repository.id} has no GGUF model.",
            fix=f"`termai search {repository.id.rpartition('/')[2]}` finds repositories that do.",
            detail=repository.problems,
        )
    raise NotFoundError(
        f"{repository.id} has no quantization {one_line(quant, 60)}.",
        fix=f"It has: {_list(offered)}.",
        detail=repository.problems,
    )


def checked_name(repo: str) -> str:
    """Return ``ORG/NAME``; raises UsageError for what cannot be a repository's name."""
    if not is_repository(repo):
        raise UsageError(
            f"{one_line(repo, 120)!r} is no repository of a hub.",
            fix="Expected ORG/NAME, such as ggml-org/gemma-3-4b-it-GGUF.",
        )
    return repo


def is_repository(repo: str) -> bool:
    """Whether a text could be the name of a repository."""
    return _REPO.fullmatch(repo) is not None


def is_name(repo: str) -> bool:
    """Whether a text could be the full name of a repository, ORG/NAME."""
    return "/" in repo and is_repository(repo)


def _info(place: Place, subject: Subject) -> Mapping[str, Any]:
    path = f"models/{subject.repo}"
    if subject.revision != "main":
        path += f"/revision/{subject.revision.replace('/', '%2F')}"
    said = ask(place, subject, path, {"blobs": "true"})
    if not isinstance(said, Mapping):
        raise odd(subject, place)
    return said


def _listing(place: Place, subject: Subject, said: Mapping[str, Any], commit: str) -> Listing:
    """Return the files; where sizes are missing the tree is asked, which may know them."""
    found = read_siblings(said.get("siblings"))
    if not found.unsized:
        return found
    path = f"models/{subject.repo}/tree/{commit}"
    entries = pages(place, subject, path, {"recursive": "true"})
    better = read_siblings([e for page in entries if isinstance(page, list) for e in page])
    if len(better.files) > len(found.files):
        return better
    problem = f"{found.unsized} GGUF files are left out: {place.host} does not tell their sizes."
    return Listing(found.files, (*found.problems, problem), found.unsized)


def _alias(offered: tuple[Variant, ...], quant: str) -> list[Variant]:
    """Return what goes by another name of the same quantization, such as FP16 for F16."""
    known = named(quant)
    if known is None:
        return []
    return [v for v in offered if (other := named(v.name)) and other.name == known.name]


def _list(variants: list[Variant] | tuple[Variant, ...]) -> str:
    names = [one_line(v.name, 80) for v in variants[:_NAMED]]
    more = len(variants) - _NAMED
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
