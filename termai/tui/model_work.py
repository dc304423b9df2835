"""The blocking calls behind Models; they run in threads and touch no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from termai.text import one_line

if TYPE_CHECKING:
    from termai.gguf.header import Tensor
    from termai.gguf.memory import LoadOptions
    from termai.models.details import Details
    from termai.models.downloads.view import Download
    from termai.models.fit import Curve, Fit, Machine
    from termai.models.library import Library
    from termai.models.model_file import ModelFile
    from termai.models.removal import Removal
    from termai.profiles.profile import Profile
    from termai.servers.records import Server


@dataclass(frozen=True, slots=True)
class Inspected:
    """A model's header: the value of each key in words, its tensors, its template rendered."""

    values: Mapping[str, str]
    tensors: Sequence[Tensor]
    template: str


def known() -> Library:
    """Return what is known of the models on disk, at once."""
    from termai.models import library

    return library.known()


def refresh(tell: Callable[[Library], None]) -> Library:
    """Look through the stores; ``tell`` is called with what is known so far."""
    from termai.models import library

    return library.refresh(tell)


def machine() -> Machine:
    """Return the memory that is free now, and who holds the rest."""
    from termai.engines.choose import choose
    from termai.errors import TermaiError
    from termai.profiles.schema import AUTO
    from termai.servers.guarding import here_with_servers

    try:
        _, detection = choose(AUTO)
    except TermaiError:
        return here_with_servers()
    here = here_with_servers(detection)
    return here if detection.uses_gpu else here.without_gpus()


def fits(
    models: Sequence[ModelFile], here: Machine | None
) -> tuple[Machine, Mapping[str, Fit | None]]:
    """Return how models fit a machine, by path; None for one whose header tells too little."""
    on = here or machine()
    return on, {str(model.path): _fit(model, on) for model in models}


def _fit(model: ModelFile, on: Machine) -> Fit | None:
    from termai.gguf.splits import read_model

    try:
        from termai.models.fit import fit

        projector = read_model(model.projector) if model.projector else None
        return fit(read_model(model.path), _asked(model), on, projector=projector)
    except Exception:  # noqa: BLE001 - a header that cannot be judged must not hide the others
        return None


def closer(model: ModelFile) -> tuple[Fit | None, Curve | None]:
    """Look closer at a model: its fit with llama.cpp's own numbers where they are to be had, and
    memory against context; None for what cannot be told.
    """
    from termai.gguf.splits import read_model
    from termai.models.fit import curve, wanted

    try:
        here = machine()
        projector = read_model(model.projector) if model.projector else None
        drawn = curve(read_model(model.path), wanted(), here, projector=projector)
        return _exact_fit(model, here), drawn
    except Exception:  # noqa: BLE001 - what cannot be told is left out
        return None, None


def _exact_fit(model: ModelFile, here: Machine) -> Fit | None:
    from termai.engines.choose import choose
    from termai.gguf.splits import read_model
    from termai.models.fit import fit
    from termai.models.fit.subject import of_header
    from termai.profiles.schema import AUTO
    from termai.servers.guarding import exact_for

    _, detection = choose(AUTO)
    header = read_model(model.path)
    projector = read_model(model.projector) if model.projector else None
    exact = exact_for(detection, model.path, of_header(header, projector=projector))
    return fit(header, _asked(model), here, projector=projector, exact=exact)


def _asked(model: ModelFile) -> LoadOptions:
    from termai.models.fit import usual_ctx, wanted

    return wanted(usual_ctx(model.context_length))


def server_of(path: Path) -> Server | None:
    """Return the server that runs a model file, None when none does."""
    from termai.servers.registry import list_servers

    return next((s for s in list_servers(past=False) if s.model == str(path)), None)


def profile_of(path: Path) -> Profile | None:
    """Return the user's own profile for a model file, None when there is none."""
    from termai.servers import own_profile

    return own_profile.saved(path)


def fitting(path: Path) -> Profile:
    """Return a profile whose values fit this machine, not saved."""
    from termai.models import library
    from termai.servers.fitting import profile_for

    model = library.known().at(path)
    return profile_for(path, projector=model.projector if model else None)


def make_profile(path: Path) -> Profile:
    """Make and save a profile whose values fit this machine, with the projector that belongs."""
    from termai.models import library
    from termai.servers import own_profile

    model = library.known().at(path)
    return own_profile.made(path, model.projector if model else None)


def add_directory(text: str) -> str:
    """Have a directory looked through for models from now on; return what to tell."""
    from termai.models import directories

    return f"Models are looked for in {one_line(str(directories.add(text)))} too."


def removal(model: ModelFile, library: Library) -> Removal:
    """Return what removing a model would do."""
    from termai.models import removal

    return removal.plan(model, library)


def remove(planned: Removal) -> None:
    """Remove the files of a plan, unless a server or a download uses one of them."""
    from termai.models import removal
    from termai.servers import in_use

    removal.remove(planned, in_use.files())


def inspect(model: ModelFile) -> Inspected:
    """Read everything that a model's header says, and render its chat template on a sample."""
    from termai.models.details import TOKENS, details, value_text

    read = details(model, tokens=True)
    metadata = read.header.metadata
    values = {key: value_text(value, whole=key != TOKENS) for key, value in metadata.items()}
    return Inspected(values, read.tensors, _template(read))


def _template(read: Details) -> str:
    """Return the chat template rendered on a sample, then as it is; what is wrong in its place."""
    from termai.errors import InvalidFileError
    from termai.models.template import render

    templates = read.templates
    if not templates:
        return "The model has no chat template."
    name, template = next(iter(templates.items()))
    try:
        rendered = render(template, bos=read.token("bos"), eos=read.token("eos"))
        shown = f"A conversation of {rendered.sample} as the model sees it:\n\n{rendered.text}"
    except InvalidFileError as error:
        shown = str(error)
    called = f" {name}" if name else ""
    return f"{shown}\n\nThe template{called} itself:\n\n{template}"


def downloads() -> tuple[Download, ...]:
    """Return all downloads, the newest first."""
    from termai.models.downloads.control import list_downloads

    return tuple(reversed(list_downloads()))


def pause(download: Download) -> None:
    """Stop a download until it is resumed."""
    from termai.models.downloads.control import pause

    pause(download)


def resume(download: Download) -> None:
    """Go on with a download, or try it again."""
    from termai.models.downloads.control import resume

    resume(download)


def cancel(download: Download) -> None:
    """Stop a download and remove what is there of it."""
    from termai.models.downloads.control import cancel

    cancel(download)


def clear_downloads() -> None:
    """Take what is done or cancelled off the list."""
    from termai.models.downloads.control import clear

    clear()
