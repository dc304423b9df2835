"""What lists of model files say of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, icons

if TYPE_CHECKING:
    from termai.models.library import ModelFile


def row(model: ModelFile, width: int) -> Content:
    """Return one line about a model: what is missing, name, quantization, size, where."""
    missing = f"{icons.sign('problem')} {model.missing} of {model.parts} parts missing  "
    where = one_line(model.where, 16)
    name = max(16, width - 38 - (len(missing) if model.missing else 0))
    return Content.assemble(
        (missing if model.missing else "", icons.STYLES["problem"]),
        (f"{_end(one_line(model.name), name):<{name}} ", "bold"),
        f"{one_line(model.quantization, 12):<12} {formats.size(model.size):>6}  ",
        (where, "$muted"),
    )


def _end(name: str, width: int) -> str:
    """Cut a name from the left: its end says which file of a repository it is."""
    return name if len(name) <= width else f"…{name[1 - width :]}"
