"""What `models inspect` prints: facts, metadata, tensors, and the chat template at work."""

import sys
from collections.abc import Iterator
from typing import Any

from termai.cli.model_text import as_object, context_text, count_text, size_text
from termai.cli.style import out, out_json, table, warn, width
from termai.errors import InvalidFileError
from termai.models.details import Details, details, plain
from termai.models.model_file import ModelFile
from termai.models.template import Rendered, render
from termai.text import one_line, printable


def inspect(model: ModelFile, *, tensors: bool, template: bool, full: bool, as_json: bool) -> int:
    """Print what the header of a model says; raises NotFoundError and InvalidFileError."""
    read = details(model, arrays=full, tokens=template)
    if as_json:
        out_json(_as_object(read, tensors=tensors, template=template, full=full))
        return 0
    for line in _facts(read):
        out(line)
    if not template:
        out("")
        for line in _metadata(read, full=full):
            out(line)
    if tensors:
        out("")
        for line in _tensors(read):
            out(line)
    if template:
        _print_templates(read)
    return 0


def _facts(read: Details) -> Iterator[str]:
    model = read.model
    yield from (
        f"{'file' if not n else '':12}{one_line(str(f))}" for n, f in enumerate(model.files)
    )
    shown = {
        "size": size_text(model.size),
        "belongs to": model.program or "you",
        "kind": str(model.kind) if model.read else "",
        "title": model.title,
        "architecture": read.header.architecture,
        "parameters": count_text(sum(tensor.elements for tensor in read.tensors)),
        "quantization": model.quantization,
        "context": context_text(read.header.number(read.header.own("context_length"))),
        "projector": str(model.projector) if model.projector else "",
        "trouble": model.trouble,
    }
    for name, value in shown.items():
        if value:
            yield f"{name:14}{one_line(value)}"


def _metadata(read: Details, *, full: bool) -> list[str]:
    rows = list(read.lines(whole=full))
    if full:
        return [f"{one_line(key)} = {printable(value)}" for key, value in rows]
    return table(("KEY", "VALUE"), rows, width(sys.stdout), flexible=(1, 0))


def _tensors(read: Details) -> list[str]:
    rows = [
        (t.name, t.type.name, " × ".join(map(str, t.shape)), size_text(t.size))
        for t in read.tensors
    ]
    heads = ("TENSOR", "TYPE", "SHAPE", "SIZE")
    return table(heads, rows, width(sys.stdout), flexible=(0,))


def _print_templates(read: Details) -> None:
    templates = read.templates
    if not templates:
        out("\nIt has no chat template.")
    for name, text in templates.items():
        called = f"CHAT TEMPLATE {one_line(name)}".rstrip()
        try:
            rendered = _rendered(read, text)
        except InvalidFileError as error:
            out(f"\n{called}")
            warn(str(error))
            continue
        out(f"\n{called} on {rendered.sample}\n")
        out(printable(rendered.text))
        if rendered.cut:
            out("… and more.")
        for reason in rendered.refused:
            warn(f"It refuses a fuller conversation: {reason}")


def _rendered(read: Details, text: str) -> Rendered:
    return render(text, bos=read.token("bos"), eos=read.token("eos"))


def _as_object(read: Details, *, tensors: bool, template: bool, full: bool) -> dict[str, Any]:
    found: dict[str, Any] = as_object(read.model)
    found["metadata"] = {k: plain(v) for k, v in read.header.metadata.items()}
    if tensors:
        found["tensors"] = [
            {"name": t.name, "type": t.type.name, "shape": list(t.shape), "size": t.size}
            for t in read.tensors
        ]
    if template:
        found["metadata"] = {
            k: v for k, v in found["metadata"].items() if full or not isinstance(v, list)
        }
        found["templates"] = [_template(read, *one) for one in read.templates.items()]
    return found


def _template(read: Details, name: str, text: str) -> dict[str, Any]:
    try:
        rendered = _rendered(read, text)
    except InvalidFileError as error:
        return {"name": name, "template": text, "rendered": None, "problem": str(error)}
    return {
        "name": name,
        "template": text,
        "rendered": rendered.text,
        "sample": rendered.sample,
        "refused": list(rendered.refused),
        "problem": None,
    }
