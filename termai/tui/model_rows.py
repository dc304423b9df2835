"""What lists of model files say of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, icons
from termai.tui.columns import Cell, Column

if TYPE_CHECKING:
    from termai.models.fit import Fit
    from termai.models.model_file import ModelFile

COLUMNS = (
    Column("Name", 46, flexible=True),
    Column("Params", 6, 4, right=True),
    Column("Quant", 10, 3),
    Column("Size", 5, 2, right=True),
    Column("Context", 7, 5, right=True),
    Column("Fits", 9, 1),
    Column("Where", 12, 6),
)
_BROKEN = "problem"


def cells(
    model: ModelFile, fit: Fit | None, *, known: bool = True, filled: str = ""
) -> Sequence[Cell]:
    """Return what the columns of the library say of a model.

    fit: None where it cannot be told. known: whether that was looked into. filled: how far it is
    for one that is being downloaded.
    """
    return (
        Content.styled(name(model), "bold" if model.usable else ""),
        parameters(model.parameters),
        one_line(model.quantization) or "-",
        formats.size(model.size),
        formats.tokens(model.context_length) if model.context_length else "-",
        Content(filled) if filled else _state(model, fit, known=known),
        Content.styled(one_line(model.where), "$muted"),
    )


def name(model: ModelFile) -> str:
    """Return what a model is called in a list, with the number of its files above one."""
    parts = f" ({model.parts} parts)" if model.parts > 1 else ""
    return f"{one_line(model.label or model.name)}{parts}"


def parameters(count: int) -> str:
    """Return a number of weights: ``8.2B``, ``630M``, ``-`` where it is not known."""
    if not count:
        return "-"
    for limit, divisor, unit in ((1e6, 1e3, "K"), (1e9, 1e6, "M"), (1e12, 1e9, "B")):
        if count < limit:
            return _short(count / divisor, unit)
    return _short(count / 1e12, "T")


def fit_cell(fit: Fit | None, *, known: bool = True) -> Content:
    """Return sign and layers of a fit: ``● 29/29``, ``◐ 11/81``, ``✖ no``, ``● in RAM``."""
    if fit is None:
        return Content.styled("?" if known else "…", "$muted")
    verdict = str(fit.verdict)
    words = "no"
    if verdict != "none":
        words = f"{fit.n_gpu_layers}/{fit.n_layers}" if fit.n_gpu_layers else "in RAM"
    return Content.styled(f"{icons.sign(verdict)} {words}", icons.STYLES[verdict])


def _state(model: ModelFile, fit: Fit | None, *, known: bool) -> Content:
    """Return the fit, or in a word why there is none."""
    if not model.usable:
        word = "half" if model.incomplete else "missing" if model.missing else "broken"
        return Content.styled(f"{icons.sign(_BROKEN)} {word}", icons.STYLES[_BROKEN])
    if not model.startable:
        return Content.styled(str(model.kind), "$muted")
    return fit_cell(fit, known=known)


def _short(count: float, unit: str) -> str:
    return f"{count:.1f}{unit}" if count < 100 else f"{count:.0f}{unit}"


def row(model: ModelFile, width: int) -> Content:
    """Return one line about a model: what is wrong, name, quantization, size, where."""
    trouble = f"{icons.sign(_BROKEN)} {one_line(model.trouble)}  " if model.trouble else ""
    where = one_line(model.where, 16)
    room = max(16, width - 38 - len(trouble))
    return Content.assemble(
        (trouble, icons.STYLES[_BROKEN]),
        (f"{_end(one_line(model.name), room):<{room}} ", "bold"),
        f"{one_line(model.quantization, 12):<12} {formats.size(model.size):>6}  ",
        (where, "$muted"),
    )


def _end(text: str, width: int) -> str:
    """Cut a name from the left: its end says which file of a repository it is."""
    return text if len(text) <= width else f"…{text[1 - width :]}"
