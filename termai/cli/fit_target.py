"""What ``fit`` is asked about: a file, a profile, a model of the library, or one on the hub."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from termai.cli import pulling
from termai.cli.targets import is_path
from termai.errors import NotFoundError, TermaiError, UsageError
from termai.gguf.facts import Kind, facts
from termai.gguf.header import Header
from termai.gguf.splits import read_model
from termai.models.fit import Candidate, projector_of
from termai.models.library import look
from termai.models.resolve import BUILTIN, HUB, resolve
from termai.paths import expanded
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.hub import Repository, Variant

_SERVED = (Kind.MODEL, Kind.EMBEDDING, Kind.RERANKER)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be fitted.

    header: of the model, None where a whole repository is meant. path: of a local file.
    alternatives: the quantizations of its repository, itself among them. projector: what is
    downloaded with the model, or lies beside it in the library; a profile names its own.
    """

    label: str
    header: Header | None
    path: Path | None = None
    profile: Profile | None = None
    alternatives: tuple[Candidate, ...] = ()
    projector: Header | None = None


def find(name: str) -> Target:
    """Return what ``name`` means: what is on this machine comes before the hub.

    Raises NotFoundError, InvalidFileError, UsageError and what the hub raises.
    """
    if name.startswith(HUB):
        return _on_hub(name)
    path = expanded(name)
    if os.path.isfile(path):  # noqa: PTH113  which would raise below a closed directory
        return _local(path.absolute(), name)
    profile = None if is_path(name) else _profile(name)
    if profile is not None:
        found = resolve(profile.model_reference())
        return Target(name, _checked(read_model(found), name), found, profile)
    if not name.startswith((".", "~")) and pulling.is_reference(name) and not _is_gguf(name):
        return _on_hub(name)
    try:
        return _of_library(name, name)
    except NotFoundError as error:
        if name.startswith(("/", "~", BUILTIN)):
            raise
        raise _unknown(name) from error


def _unknown(name: str) -> NotFoundError:
    looked = len(look().stores)
    return NotFoundError(
        f"There is no profile, model or file called {one_line(name, 100)}: "
        f"looked in {looked} director{'y' if looked == 1 else 'ies'} of models.",
        fix="`termai models` shows what is there; `termai search` finds models on the hub.",
    )


def _is_gguf(name: str) -> bool:
    return name.lower().endswith(".gguf")


def _local(path: Path, label: str) -> Target:
    return Target(label, _checked(read_model(path), label), path)


def _of_library(reference: str, label: str) -> Target:
    """Return a model of the library with the projector that lies beside it."""
    found = _local(resolve(reference), label)
    known = look().at(found.path) if found.path else None
    try:
        projector = read_model(known.projector) if known and known.projector else None
    except TermaiError:
        projector = None
    return replace(found, projector=projector)


def _checked(header: Header, label: str) -> Header:
    """Return the header of what can be served; UsageError for what only goes with a model."""
    kind = facts(header).kind
    if kind not in _SERVED:
        raise UsageError(
            f"{one_line(label)} is no model ({kind}): it is loaded beside one.",
            fix="Name the model; a profile's projector, draft model and adapters are counted.",
        )
    return header


def _profile(name: str) -> Profile | None:
    try:
        return load_profile(name)
    except (NotFoundError, UsageError):
        return None


def _on_hub(name: str) -> Target:
    """Return a model of a repository, the file itself where it is downloaded already."""
    repo, quant = pulling.parted(name)
    if quant:
        try:
            return _of_library(f"{HUB}{repo}:{quant}", name)
        except NotFoundError:
            pass
    from termai.models import hub

    repository = hub.repository(repo)
    sizes = [Candidate(variant.name, variant.size) for variant in repository.quantizations]
    if not quant:
        beside = next((v for v in repository.quantizations if v.projectors), None)
        projector = projector_of(repository, beside) if beside else None
        return Target(name, None, alternatives=_with_headers(repository), projector=projector)
    variant = hub.choose(repository, quant)
    header = _checked(hub.remote_header(repository, variant), name)
    known = (Candidate(c.name, c.size, header if c.name == variant.name else None) for c in sizes)
    projector = projector_of(repository, variant)
    return Target(name, header, alternatives=tuple(known), projector=projector)


def _with_headers(repository: "Repository") -> tuple[Candidate, ...]:
    """Return the quantizations with their headers; where none can be read, what went wrong."""
    from termai.models import hub

    read: dict[str, Header | TermaiError] = {}

    def keep(variant: "Variant", found: Header | TermaiError) -> None:
        read[variant.name] = found

    hub.remote_headers(repository, repository.quantizations, keep)
    headers = {name: found for name, found in read.items() if isinstance(found, Header)}
    failures = [found for found in read.values() if isinstance(found, TermaiError)]
    if failures and not headers:
        raise failures[0]
    return tuple(Candidate(v.name, v.size, headers.get(v.name)) for v in repository.quantizations)
