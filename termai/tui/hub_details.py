"""What the Hub tab says below its lists: of a repository, of a quantization, of the hub itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import fit_chart, formats, hub_rows, icons, model_rows

if TYPE_CHECKING:
    from termai.models.fit import Curve, Fit
    from termai.models.hub.repositories import Repository
    from termai.models.hub.searching import Listed
    from termai.models.hub.variants import Variant
    from termai.tui.hub_work import Fits

NOTHING = "Nothing with GGUF files matches. Try fewer words, or the name of an author."
NO_MODELS = "There are no GGUF models in this repository. Escape goes back to the results."
ASKING_FOR_ACCESS = (
    "A token of your account opens gated and private repositories; make one that may read under "
    "Settings, Access Tokens on the hub. It is checked first, then kept in a file that only you "
    "can read."
)


def more(listed: Listed) -> Content:
    """Return what the columns of the results leave out."""
    facts = [
        f"{model_rows.parameters(listed.parameters)} parameters" if listed.parameters else "",
        one_line(listed.architecture),
        f"{hub_rows.count(listed.downloads)} downloads",
        f"{hub_rows.count(listed.likes)} likes",
        f"updated {one_line(listed.updated)[:10]}" if listed.updated else "",
        f"licence {one_line(listed.licence)}" if listed.licence else "no licence stated",
    ]
    lines = [
        Content.styled(one_line(listed.id), "bold"),
        Content("   ".join(fact for fact in facts if fact)),
    ]
    if listed.gated:
        lines.append(_gated("Gated: its conditions are to be accepted. Enter says where."))
    return Content("\n").join(lines)


def head(repository: Repository) -> Content:
    """Return one line about a repository, and what of it is left out."""
    facts = [
        f"{model_rows.parameters(repository.parameters)}" if repository.parameters else "",
        one_line(repository.licence) or "no licence stated",
        f"{hub_rows.count(repository.downloads)} downloads",
        one_line(repository.updated)[:10],
        "private" if repository.private else "",
    ]
    line = Content.assemble(
        (one_line(repository.id), "bold"), "  ", "  ".join(fact for fact in facts if fact)
    )
    problems = (Content.styled(one_line(p), "$text-warning") for p in repository.problems)
    return Content("\n").join([line, *problems])


def about(
    repository: Repository,
    variant: Variant,
    fits: Fits | None,
    curve: Curve | None,
    problem: str,
    width: int,
    *,
    tall: bool = False,
) -> Content:
    """Return all about a quantization of a repository, the important first."""
    fit = fits.fits.get(variant.name) if fits else None
    lines = [
        *_standing(repository),
        *_fit(variant, fit, fits, problem),
        *(() if tall else fit_chart.within(curve, width, tall=False)),
        *_quality(variant),
        *_files(repository, variant),
        *(fit_chart.within(curve, width, tall=True) if tall else ()),
    ]
    return Content("\n").join(lines)


def _standing(repository: Repository) -> Iterator[Content]:
    if repository.gated:
        page = one_line(repository.page)
        yield _gated(f"Gated: accept its conditions at {page}, then give a token with t.")


def _fit(variant: Variant, fit: Fit | None, fits: Fits | None, problem: str) -> Iterator[Content]:
    if fit is not None:
        verdict = str(fit.verdict)
        sign = (f"{icons.sign(verdict)} ", icons.STYLES[verdict])
        best = fits is not None and fits.best == variant.name
        told = f"Best here: {fits.reason}" if fits is not None and best else fit.advice
        yield Content.assemble(sign, one_line(told))
    if fits is not None and not fits.headers:
        why = one_line(problem) or "the header is being read from the hub."
        yield Content.styled(f"~ Roughly, from its size: {why}", "$muted")


def _quality(variant: Variant) -> Iterator[Content]:
    from termai.gguf.quantization import named

    known = named(variant.quantization)
    if known is not None:
        yield Content.assemble(
            (f"{one_line(variant.name)}: ", "$muted"),
            one_line("; ".join(t for t in (known.purpose, known.cost) if t)),
        )


def _files(repository: Repository, variant: Variant) -> Iterator[Content]:
    for file in variant.files[:1]:
        rest = f" and {len(variant.files) - 1} more" if len(variant.files) > 1 else ""
        yield _fact("file", f"{one_line(file.path)}{rest}, {formats.size(variant.size)}")
    for projector in variant.projectors:
        size = formats.size(projector.size)
        yield _fact("projector", f"{one_line(projector.path)}, {size}, comes with it")
    yield _fact("commit", one_line(repository.commit)[:12])


def _gated(text: str) -> Content:
    return Content.styled(f"{icons.sign('warning')} {text}", icons.STYLES["warning"])


def _fact(label: str, text: str) -> Content:
    return Content.assemble((f"{label:<9} ", "$muted"), text)
