"""What the Hub tab says of repositories, and of the quantizations in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, model_rows
from termai.tui.columns import Cell, Column

if TYPE_CHECKING:
    from termai.models.hub.searching import Listed
    from termai.models.hub.variants import Variant
    from termai.tui.hub_work import Fits

RESULTS = (
    Column("Repository", 40, flexible=True),
    Column("Params", 6, 3, right=True),
    Column("Got", 5, 1, right=True),
    Column("Likes", 5, 4, right=True),
    Column("Updated", 10, 5),
    Column("Licence", 12, 6),
    Column("", 5, 2),
)
VARIANTS = (
    Column("Quantization", 18, flexible=True),
    Column("Precision", 9, 4),
    Column("Bits", 4, 5, right=True),
    Column("Size", 5, 3, right=True),
    Column("Files", 5, 6, right=True),
    Column("Fits", 9, 1),
    Column("", 4, 2),
)


def result_cells(listed: Listed) -> Sequence[Cell]:
    """Return what the columns of the results say of a repository."""
    author, _, name = one_line(listed.id).rpartition("/")
    shown = Content.assemble((f"{author}/" if author else "", "$muted"), (name, "bold"))
    gated = Content.styled("gated" if listed.gated else "", "$text-warning")
    return (
        shown,
        model_rows.parameters(listed.parameters),
        count(listed.downloads),
        count(listed.likes),
        one_line(listed.updated)[:10],
        one_line(listed.licence),
        gated,
    )


def count(number: int) -> str:
    """Return a count of downloads or likes: ``940``, ``12k``, ``3.4M``."""
    if number < 1000:
        return str(number)
    amount, unit = (number / 1000, "k") if number < 1_000_000 else (number / 1_000_000, "M")
    return f"{amount:.1f}{unit}" if amount < 10 else f"{amount:.0f}{unit}"


def variant_cells(variant: Variant, fits: Fits | None) -> Sequence[Cell]:
    """Return what the columns say of a quantization; ``fits`` is None until they are known."""
    from termai.gguf.quantization import named

    known = named(variant.quantization)
    bits = f"{known.bits_per_weight:.1f}" if known and known.bits_per_weight else ""
    best = fits is not None and fits.best == variant.name
    fit = fits.fits.get(variant.name) if fits else None
    rough = fits is not None and not fits.headers
    shown = model_rows.fit_cell(fit, known=fits is not None)
    return (
        Content.styled(one_line(variant.name), "bold"),
        str(variant.precision or ""),
        bits,
        formats.size(variant.size),
        str(len(variant.files)),
        Content("~") + shown if rough else shown,
        Content.styled("best" if best else "", "bold $text-success"),
    )
