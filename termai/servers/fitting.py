"""A profile made for a model on this machine: context, cache and layers that fit."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from termai.engines.base import Detection
from termai.engines.choose import choose
from termai.gguf.facts import facts
from termai.gguf.header import Header
from termai.gguf.memory import LoadOptions
from termai.gguf.splits import read_model
from termai.models.fit import AUTO as AS_NEEDED
from termai.models.fit import USUAL_CTX, Fit, Machine, Verdict
from termai.models.fit.subject import Subject
from termai.models.fit.verdict import fit_subject
from termai.models.fit.words import tokens
from termai.models.resolve import HUB, resolve
from termai.paths import expanded
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, EMBEDDED, option
from termai.servers.guarding import here_with_servers
from termai.servers.loading import load_of
from termai.servers.naming import free_name, name_for
from termai.text import one_line

MOST_CTX = 32_768
"""Tokens beyond which a context is left to those who ask for it: it costs memory and time."""

_STEPS = (
    16_384,
    USUAL_CTX,
)  # tokens below which a smaller type of cache, then fewer layers, are taken
_ROUNDED = 1024
_QUANTIZED = "q8_0"


@dataclass(frozen=True, slots=True)
class _Choice:
    """A context and a type of cache, with how they fit."""

    ctx_size: int
    cache_type: str
    fit: Fit


def profile_for(
    reference: str | Path,
    *,
    header: Header | None = None,
    here: Machine | None = None,
    most_ctx: int = MOST_CTX,
    projector: str | Path | None = None,
    name: str = "",
) -> Profile:
    """Return a profile for a model with values that fit this machine, not saved yet.

    reference: a path, a name in the library, or ``hub:REPO:QUANT``. header: the model's, where it
    is not on disk yet. here: the machine to fit, this one as it is now unless given. The profile's
    name is free, its description says what it was made for. Raises what ``resolve``,
    ``read_model`` and ``choose`` raise.
    """
    text = str(expanded(str(reference)).absolute()) if isinstance(reference, Path) else reference
    model = header or read_model(resolve(text))
    _, detection = choose(AUTO)
    beside = str(projector) if projector and takes_projectors(detection) else None
    base = Profile(name=free_name(name_for(name or _title(text, model)))).with_values(
        path=text, mmproj=beside
    )
    load = load_of(base, detection, model, here or here_with_servers(detection))
    if load is None:
        values = _unknowable(model, most_ctx)
        words = f"{_model(model)}, made where the GPU does not tell its memory"
    else:
        subject = load.subject(model)
        experts = 0 if detection.engine == EMBEDDED else AS_NEEDED
        options = replace(load.options, n_gpu_layers=AS_NEEDED, n_cpu_moe=experts)
        chosen = _choose(subject, options, load.machine, most_ctx)
        values = _values(chosen, detection, load.machine)
        words = f"{_model(model)}, made for {_place(load.machine)}: {_outcome(chosen)}"
    return replace(base.with_values(**values), description=one_line(words, 200))


def takes_projectors(detection: Detection) -> bool:
    """Return whether an engine can load a projector; a profile with one would not start else."""
    return option("mmproj").known_to(detection.engine)


def _choose(subject: Subject, options: LoadOptions, here: Machine, most_ctx: int) -> _Choice:
    """Return the largest sensible context that fits wholly, else the least one partly.

    A context of 16k is worth a quantized cache, and one of 8k layers on the CPU.
    """
    most = min(most_ctx, subject.trained or most_ctx)
    caches = ("f16", _QUANTIZED) if subject.quantizable and options.flash_attn else ("f16",)
    tried = [_tried(subject, options, here, most, cache) for cache in caches]
    for step in _STEPS:
        enough = min(step, most)
        for choice in tried:
            if choice.fit.verdict is Verdict.FULL and choice.ctx_size >= enough:
                return choice
    least = min(USUAL_CTX, most)
    return _Choice(least, "f16", _fitted(subject, options, here, least, "f16"))


def _tried(subject: Subject, options: LoadOptions, here: Machine, most: int, cache: str) -> _Choice:
    """Return the largest context up to ``most`` with which everything fits, or ``most``."""
    found = _fitted(subject, options, here, most, cache)
    granted = min(most, found.max_full_ctx_size)
    if granted < most:
        granted -= granted % _ROUNDED
    if not granted or granted == most:
        return _Choice(most, cache, found)
    return _Choice(granted, cache, _fitted(subject, options, here, granted, cache))


def _fitted(
    subject: Subject, options: LoadOptions, here: Machine, ctx_size: int, cache: str
) -> Fit:
    wanted = replace(options, ctx_size=ctx_size, cache_type_k=cache, cache_type_v=cache)
    return fit_subject(subject, wanted, here)


def _values(chosen: _Choice, detection: Detection, here: Machine) -> dict[str, Any]:
    """Return the options to set.

    Layers are left to llama-server, which looks anew at every start what fits; an engine that
    does not gets their number.
    """
    values: dict[str, Any] = {"ctx_size": chosen.ctx_size, "flash_attn": "auto"}
    if chosen.cache_type != "f16":
        values |= {"cache_type_k": chosen.cache_type, "cache_type_v": chosen.cache_type}
    if not here.gpus:
        return values
    partly = chosen.fit.verdict is Verdict.PARTIAL
    if partly and "--fit" not in detection.options:
        values |= {"n_gpu_layers": chosen.fit.n_gpu_layers}
        return values | ({"n_cpu_moe": moe} if (moe := chosen.fit.n_cpu_moe) else {})
    return {**values, "n_gpu_layers": AUTO}


def _unknowable(model: Header, most_ctx: int) -> dict[str, Any]:
    """Return the options for a GPU of which nothing is known; llama-server fits them itself."""
    trained = facts(model).context_length
    return {"ctx_size": min(trained, most_ctx) if trained else USUAL_CTX, "n_gpu_layers": AUTO}


def _title(reference: str, model: Header) -> str:
    """Return what the profile is called: the file, or the repository and the quantization."""
    if reference.startswith(HUB):
        repository, _, quant = reference.removeprefix(HUB).partition(":")
        short = repository.rpartition("/")[2].removesuffix("-GGUF").removesuffix("-gguf")
        return f"{short}-{quant}" if quant else short
    return Path(reference).stem or facts(model).name


def _model(model: Header) -> str:
    known = facts(model)
    return " ".join(text for text in (known.name or known.architecture, known.quantization) if text)


def _place(here: Machine) -> str:
    if not here.gpus:
        return f"{here.ram_free / (1 << 30):.0f} GiB of free RAM"
    names = [gpu.name for gpu in here.gpus]
    label = names[0] if len(set(names)) == 1 else "+".join(names)
    count = f"{len(names)} x " if len(names) > 1 and len(set(names)) == 1 else ""
    return f"{count}{label} with {here.vram_free / (1 << 30):.0f} GiB free"


def _outcome(chosen: _Choice) -> str:
    found, context = chosen.fit, f"{tokens(chosen.ctx_size)} context"
    if found.verdict is Verdict.NONE:
        return f"{context}, which does not fit"
    if len(found.rooms) == 1:
        return f"{context} in RAM"
    if found.n_cpu_moe:
        return f"{context}, experts of {found.n_cpu_moe} layers in RAM"
    return f"{context}, {found.n_gpu_layers} of {found.n_layers} layers on the GPU"
