"""All that is known of a model of the library, the important first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import fit_chart, formats, icons, model_rows

if TYPE_CHECKING:
    from termai.models.fit import Curve, Fit
    from termai.models.library import Library
    from termai.models.model_file import ModelFile

_LABEL = 9


def details(
    model: ModelFile,
    fit: Fit | None,
    curve: Curve | None,
    width: int,
    *,
    tall: bool = False,
    pending: bool = False,
) -> Content:
    """Return what is known of a model, ``width`` cells wide; ``tall`` draws the curve too.

    pending: whether the curve is still to come, whose line is kept free then.
    """
    waiting = [Content.styled("… (v)", "$muted")] if pending and not tall else []
    lines = [
        Content.styled(one_line(model.title or model.label or model.name), "bold"),
        *([_trouble(model)] if model.trouble else []),
        Content("  ").join(_facts(model)),
        *([_advice(fit)] if fit else []),
        *(_files(model) if tall else ()),
        *(waiting or fit_chart.within(curve, width, tall=tall)),
        *(() if tall else _files(model)),
    ]
    return Content("\n").join(lines)


def nothing(library: Library) -> Content:
    """Return where was looked in vain, and what to do next."""
    places = [f"  {formats.place(store.directory)}" for store in library.stores]
    lines = [
        "No model files were found. These places were looked through:",
        *places,
        *(one_line(problem) for problem in library.problems),
        "",
        "2 goes to the Hub, where models are searched and downloaded; a adds a directory.",
        "The profile smoke runs a tiny model that comes with termai: F3, then Enter.",
    ]
    return Content("\n").join(Content(line) for line in lines)


def _trouble(model: ModelFile) -> Content:
    why = model.trouble.replace(str(model.path), model.path.name)
    text = f"{icons.sign('problem')} It cannot be started. {one_line(why)}"
    return Content.styled(text, icons.STYLES["problem"])


def _facts(model: ModelFile) -> Iterator[Content]:
    """Yield architecture, parameters, quantization, context, and what the model can do."""
    if not model.read:
        if not model.problem:
            yield Content.styled("its header is still to be read", "$muted")
        return
    experts = f" {model.expert_count} experts" if model.expert_count else ""
    yield Content(f"{one_line(model.architecture)}{experts}")
    yield Content(f"{model_rows.parameters(model.parameters)} parameters")
    yield Content(_quantization(model))
    if model.context_length:
        yield Content(f"{formats.tokens(model.context_length)} context")
    for word in _abilities(model):
        yield Content.styled(word, "$text-success")


def _quantization(model: ModelFile) -> str:
    """Return ``Q4_K_M (low precision, 4.9 bits)``."""
    more = [f"{model.precision} precision"] if model.precision else []
    more += [f"{model.bits_per_weight:.1f} bits"] if model.bits_per_weight else []
    told = f" ({', '.join(more)})" if more else ""
    return f"{one_line(model.quantization) or 'unknown quantization'}{told}"


def _abilities(model: ModelFile) -> Iterator[str]:
    sign = icons.sign("ok")
    if model.has_template:
        yield f"{sign}template"
    if model.reasoning:
        yield f"{sign}reasoning"
    if model.vision:
        yield f"{sign}vision"
    if model.audio:
        yield f"{sign}audio"


def _advice(fit: Fit) -> Content:
    verdict = str(fit.verdict)
    return Content.assemble(
        (f"{icons.sign(verdict)} ", icons.STYLES[verdict]), one_line(fit.advice)
    )


def _files(model: ModelFile) -> Iterator[Content]:
    from termai.models.stores import OWN

    foreign = model.program not in ("", OWN)
    whose = f"  of {one_line(model.program)}" if foreign else ""
    yield _fact("file", f"{formats.place(model.path)}{whose}")
    if model.projector:
        yield _fact("projector", _beside(model.projector))
    for adapter in model.adapters:
        yield _fact("adapter", _beside(adapter))
    for alias in model.aliases:
        yield _fact("also", one_line(alias))


def _beside(path: Path) -> str:
    return one_line(path.name)


def _fact(label: str, text: str) -> Content:
    return Content.assemble((f"{label:<{_LABEL}} ", "$muted"), text)
