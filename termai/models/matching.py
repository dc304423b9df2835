"""Which models a name means: the names that lists show, parts of them, Ollama's, the hub's."""

from collections.abc import Callable, Iterable, Sequence

from termai.models import ollama
from termai.models.model_file import Kind, ModelFile
from termai.models.names import quantization

DEFAULT_QUANT = "Q4_K_M"

_SHORTEST = 2  # characters of a part of a name
_ACCOMPANYING = (Kind.PROJECTOR, Kind.OTHER)


def matching(models: Iterable[ModelFile], reference: str) -> tuple[ModelFile, ...]:
    """Return the models that a name means; several when it is ambiguous, none when unknown.

    In turn: the name or label itself, the end of a path, a name as Ollama takes it, a repository
    of the hub with or without ``:QUANT``, a label without its quantization, the beginning of a
    name, any part of it; the last three in any case, the last two not for projectors.
    """
    everything = tuple(models)
    named = tuple(model for model in everything if _is(model, reference))
    if named:
        return tuple(sorted(named, key=lambda model: not model.usable))[:1]
    for tier in (_ends, _as_ollama, _of_repository, _short, _begins, _has):
        if found := tier(everything, reference):
            return found
    return ()


def of_repository(
    models: Iterable[ModelFile], repository: str, quant: str = ""
) -> tuple[ModelFile, ...]:
    """Return the models of a repository with a quantization, or with the usual one, or any."""
    here = tuple(
        model
        for model in models
        if model.kind not in _ACCOMPANYING
        and any(name.startswith(f"{repository}/") for name in _names(model))
    )
    wanted = quant or DEFAULT_QUANT
    stated = tuple(model for model in here if _states(model, wanted))
    return stated or (() if quant else here)


def _names(model: ModelFile) -> tuple[str, ...]:
    return (model.name, *model.aliases)


def _is(model: ModelFile, reference: str) -> bool:
    return reference == model.label or reference in _names(model)


def _ends(models: Sequence[ModelFile], reference: str) -> tuple[ModelFile, ...]:
    endings = (f"/{reference}", f"/{reference}.gguf")
    return tuple(
        model
        for model in models
        if any(name.endswith(endings) or name == f"{reference}.gguf" for name in _names(model))
        or any(path.name == reference for path in model.files)
    )


def _as_ollama(models: Sequence[ModelFile], reference: str) -> tuple[ModelFile, ...]:
    wanted = ollama.spelt(reference).lower()
    return tuple(
        model
        for model in models
        if model.manifest and wanted in (name.lower() for name in _names(model))
    )[:1]


def _of_repository(models: Sequence[ModelFile], reference: str) -> tuple[ModelFile, ...]:
    repository, colon, quant = reference.partition(":")
    if repository.count("/") != 1 or (colon and not quant):
        return ()
    return of_repository(models, repository, quant)


def _short(models: Sequence[ModelFile], reference: str) -> tuple[ModelFile, ...]:
    return tuple(model for model in models if model.short.lower() == reference.lower())


def _begins(models: Sequence[ModelFile], reference: str) -> tuple[ModelFile, ...]:
    return _by_part(models, reference, str.startswith)


def _has(models: Sequence[ModelFile], reference: str) -> tuple[ModelFile, ...]:
    return _by_part(models, reference, str.__contains__)


def _by_part(
    models: Sequence[ModelFile], reference: str, test: Callable[[str, str], bool]
) -> tuple[ModelFile, ...]:
    wanted = reference.lower()
    if len(wanted) < _SHORTEST:
        return ()
    return tuple(
        model
        for model in models
        if model.kind not in _ACCOMPANYING
        and any(test(text.lower(), wanted) for text in (model.label, *_stems(model)))
    )


def _stems(model: ModelFile) -> tuple[str, ...]:
    """Return the names without their ending, which every model has."""
    return tuple(name[:-5] if name.lower().endswith(".gguf") else name for name in _names(model))


def _states(model: ModelFile, quant: str) -> bool:
    wanted = quant.upper().removeprefix("UD-")
    stated = {quantization(name) for name in _names(model)} | {model.quantization.upper()}
    return wanted in {one.removeprefix("UD-") for one in stated}
