"""Which projector goes with which model, of the files in one directory."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from termai.models.model_file import Kind, ModelFile
from termai.models.names import quantization

_WORD = re.compile(r"[a-z]+|\d+(?:\.\d+)?[a-z]?")
# Words that projectors and models have in their names without telling which model they are of.
_EMPTY = frozenset(
    {"mmproj", "model", "ggml", "gguf", "f", "proj", "projector", "vision", "clip", "encoder"}
)
_PREFERRED = ("F16", "BF16", "Q8_0", "F32")


def paired(models: Iterable[ModelFile], projections: dict[Path, int]) -> list[ModelFile]:
    """Give each model the projector beside it that its name comes nearest to.

    ``projections`` holds for each projector the length of the embeddings it makes, 0 where it
    does not say. A projector named after another model than those beside it goes with none.
    """
    found = list(models)
    beside: dict[Path, list[ModelFile]] = {}
    mains: dict[Path, list[ModelFile]] = {}
    for model in found:
        if model.kind is Kind.PROJECTOR and model.usable and model.manifest is None:
            beside.setdefault(model.path.parent, []).append(model)
        elif model.kind is Kind.MODEL:
            mains.setdefault(model.path.parent, []).append(model)
    chosen: dict[Path, ModelFile] = {}
    for directory, projectors in beside.items():
        chosen |= _pairs(mains.get(directory, ()), projectors, projections)
    return [
        with_projector(model, chosen[model.path])
        if model.path in chosen and model.projector is None
        else model
        for model in found
    ]


def with_projector(model: ModelFile, projector: ModelFile) -> ModelFile:
    """Return the model with its projector and what that lets it take in."""
    sees = projector.vision or not projector.audio
    return replace(
        model,
        projector=projector.path,
        vision=model.vision or sees,
        audio=model.audio or projector.audio,
    )


def _pairs(
    models: Sequence[ModelFile], projectors: Sequence[ModelFile], projections: dict[Path, int]
) -> dict[Path, ModelFile]:
    """Return the projector for each model of a directory that has one, by the model's path."""
    words = {model.path: _words(model) for model in models}
    alone = len(set(words.values())) == 1  # they differ in quantization only
    best: dict[Path, tuple[tuple[int, ...], ModelFile]] = {}
    for projector in projectors:
        own = _words(projector)
        length = projections.get(projector.path, 0)
        named = {model.path for model in models if own and set(own) <= set(words[model.path])}
        for model in models:
            alike = len(set(own) & set(words[model.path]))
            known = length and model.embedding_length
            fits = bool(known) and length == model.embedding_length
            near = alike and not named and (alone or fits) and not (known and not fits)
            if not (model.path in named or near or (alone and not own)):
                continue
            rank = (fits, model.path in named, alike, -len(own), -_preference(projector))
            if model.path not in best or rank > best[model.path][0]:
                best[model.path] = (rank, projector)
    return {path: projector for path, (_, projector) in best.items()}


def _words(model: ModelFile) -> tuple[str, ...]:
    """Return the words of a file's name that tell which model it is of."""
    name = model.name.rpartition("/")[2].lower().removesuffix(".gguf")
    if stated := quantization(model.name).lower():
        name = name.replace(stated, "")
    return tuple(word for word in _WORD.findall(name) if word not in _EMPTY)


def _preference(projector: ModelFile) -> int:
    quant = quantization(projector.name)
    return _PREFERRED.index(quant) if quant in _PREFERRED else len(_PREFERRED)
