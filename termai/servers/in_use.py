"""The model files that must not be removed now: what servers have loaded, what downloads fill."""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from termai.engines.host.settings import VARIABLE, decode
from termai.errors import TermaiError
from termai.jobs.records import JobSpec
from termai.models.downloads import control
from termai.models.library import Library, look
from termai.models.resolve import named
from termai.servers import registry

_MODELS = ("path", "mmproj", "model_draft")
_SCALE = re.compile(r":-?[0-9.]+$")


def files() -> tuple[Path, ...]:
    """Return every file that a running server was started with or an active download fills.

    Of a server these are its model, projector, draft model and adapters, as its profile names
    them and as its command line does, and what else that names. They need not exist. Raises
    StorageError where downloads cannot be listed.
    """
    used: list[Path] = []
    references: list[str] = []
    for server in registry.list_servers(past=False):
        used += [*([Path(server.model)] if server.model else []), *_given(server.job.spec)]
        references += _references(server.job.spec.meta.get("values"))
    used += _named(dict.fromkeys(references))
    for download in control.list_downloads():
        if download.status.active:
            plan = download.plan
            used += [path for f in plan.files for path in (plan.target(f), plan.partial(f))]
    return tuple(dict.fromkeys(used))


def _given(spec: JobSpec) -> Iterator[Path]:
    """Yield what may be files in a command line, also ``--flag=FILE`` and ``FILE:0.5,FILE``."""
    for argument in spec.argv:
        value = argument.partition("=")[2] if argument.startswith("-") else argument
        if not value or "\0" in value:
            continue
        for text in {value, *_fields(value)}:
            yield from (Path(spec.cwd, text), Path(spec.cwd, _SCALE.sub("", text)))
    if VARIABLE in spec.env:
        yield from (Path(path) for path, _ in decode(spec.env[VARIABLE]).option("lora", ()))


def _fields(value: str) -> list[str]:
    """Return the fields of a list as llama.cpp reads it, quoted where they hold a comma."""
    try:
        return [field for row in csv.reader([value]) for field in row if field]
    except csv.Error:
        return []


def _references(values: object) -> Iterator[str]:
    """Yield the models that the values of a profile name, as a job's record keeps them."""
    if not isinstance(values, Mapping):
        return
    adapters: Any = values.get("lora")
    given = [values.get(key) for key in _MODELS]
    if isinstance(adapters, list | tuple):
        given += [one.get("path") for one in adapters if isinstance(one, Mapping)]
    yield from (text for text in given if isinstance(text, str) and text.strip())


def _named(references: Mapping[str, None]) -> Iterator[Path]:
    """Yield every file that references may mean now; the disk is looked at once if at all."""
    library: Library | None = None
    for reference in references:
        if reference.startswith("/"):
            yield Path(reference)
            continue
        try:
            library = library or look()
            for model in named(reference, library):
                yield from model.files
        except TermaiError:  # it has gone, and the command line holds where it was
            continue
