"""Repositories and quantizations of the hub in tables and in JSON."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from termai.cli.model_text import context_text, count_text, size_text
from termai.cli.style import Look, table, width
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.fit import Fit
    from termai.models.hub import Listed, RepoFile, Repository, Variant

_FOUND: "Mapping[str, Callable[[Listed], str]]" = {
    "REPOSITORY": lambda one: one.id,
    "PARAMS": lambda one: count_text(one.parameters),
    "DOWNLOADS": lambda one: count_text(one.downloads) or "0",
    "LIKES": lambda one: count_text(one.likes) or "0",
    "UPDATED": lambda one: one.updated[:10],
    "LICENCE": lambda one: one.licence,
    "": lambda one: "private" if one.private else "gated" if one.gated else "",
}
_FITS: Mapping[str, tuple[str, Look]] = {
    "full": ("wholly", "good"),
    "partial": ("partly", "busy"),
    "none": ("no", "bad"),
}


def found_lines(found: "Sequence[Listed]", sort: str) -> list[str]:
    """Return what a search found as aligned lines that fit the terminal.

    Where names would be cut, likes and dates give way, unless it is sorted by them.
    """
    columns = [(head, [cell(one) for one in found]) for head, cell in _FOUND.items()]
    for head in ("LIKES", "UPDATED"):
        needed = sum(max(map(len, (name, *cells))) + 2 for name, cells in columns)
        if needed > width(sys.stdout) and head.lower() != sort:
            columns = [column for column in columns if column[0] != head]
    heads = [head for head, _ in columns]
    rows = list(zip(*(cells for _, cells in columns), strict=True))
    flexible = (0, heads.index("LICENCE"))
    return table(heads, rows, width(sys.stdout), flexible=flexible)


def repository_lines(
    repository: "Repository", fits: "Mapping[str, Fit]", best: str
) -> Iterator[str]:
    """Yield what is known of a repository, and its quantizations, the best one marked."""
    yield one_line(repository.id)
    about = [
        repository.parameters and f"{count_text(repository.parameters)} parameters",
        repository.architecture,
        repository.context_length and f"{context_text(repository.context_length)} context",
        repository.licence,
        repository.updated[:10],
        f"{count_text(repository.downloads) or '0'} downloads",
    ]
    yield one_line(" · ".join(str(word) for word in about if word), width(sys.stdout))
    if repository.gated:
        yield f"Gated: accept its conditions at {repository.page} before you download it."
    yield ""
    yield from _quantizations(repository, fits, best)
    for projector in repository.projectors:
        yield f"with {one_line(projector.path, 100)} ({size_text(projector.size)})"


def _quantizations(repository: "Repository", fits: "Mapping[str, Fit]", best: str) -> list[str]:
    variants = repository.quantizations
    columns = {
        "": ["*" if variant.name == best else "" for variant in variants],
        "QUANTIZATION": [variant.name for variant in variants],
        "SIZE": [size_text(variant.size) for variant in variants],
        "CLASS": [str(variant.precision or "") for variant in variants],
        "FILES": [
            str(len(variant.files)) if len(variant.files) > 1 else "" for variant in variants
        ],
        "FITS": [_FITS[str(fits[v.name].verdict)][0] if fits else "" for v in variants],
    }
    shown = {head: cells for head, cells in columns.items() if not head or any(cells)}
    looks = [
        {len(shown) - 1: _FITS[str(fits[v.name].verdict)][1]} if fits else {} for v in variants
    ]
    rows = list(zip(*shown.values(), strict=True))
    return table(list(shown), rows, width(sys.stdout), flexible=(1,), looks=looks)


def found_json(one: "Listed") -> dict[str, Any]:
    """Return a repository that a search found; null where the hub does not say."""
    return {
        "id": one.id,
        "author": one.author or None,
        "downloads": one.downloads,
        "likes": one.likes,
        "trending": one.trending,
        "licence": one.licence or None,
        "gated": one.gated,
        "private": one.private,
        "updated": one.updated or None,
        "architecture": one.architecture or None,
        "parameters": one.parameters or None,
        "context_length": one.context_length or None,
        "storage": one.storage or None,
    }


def repository_json(
    repository: "Repository", fits: "Mapping[str, Fit]", best: str, reason: str
) -> dict[str, Any]:
    """Return everything about a repository; sizes in bytes."""
    return {
        "id": repository.id,
        "page": repository.page,
        "commit": repository.commit,
        "revision": repository.revision,
        "licence": repository.licence or None,
        "gated": repository.gated,
        "private": repository.private,
        "downloads": repository.downloads,
        "likes": repository.likes,
        "updated": repository.updated or None,
        "architecture": repository.architecture or None,
        "parameters": repository.parameters or None,
        "context_length": repository.context_length or None,
        "best": best or None,
        "reason": reason or None,
        "quantizations": [_variant_json(v, fits.get(v.name)) for v in repository.quantizations],
        "projectors": [_file_json(file) for file in repository.projectors],
        "problems": list(repository.problems),
    }


def _variant_json(variant: "Variant", fit: "Fit | None") -> dict[str, Any]:
    return {
        "name": variant.name,
        "quantization": variant.quantization or None,
        "class": str(variant.precision) if variant.precision else None,
        "size": variant.size,
        "files": [_file_json(file) for file in variant.files],
        "fit": None
        if fit is None
        else {
            "verdict": str(fit.verdict),
            "n_gpu_layers": fit.n_gpu_layers,
            "n_layers": fit.n_layers,
            "ctx_size": fit.ctx_size,
            "max_ctx_size": fit.max_ctx_size,
            "total": fit.estimate.total,
            "source": fit.source,
        },
    }


def _file_json(file: "RepoFile") -> dict[str, Any]:
    return {"path": file.path, "size": file.size, "sha256": file.sha256 or None}
