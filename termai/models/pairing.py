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
    if not beside:
        return found
    alone = {d: len({_words(m) for m in ms}) == 1 for d, ms in mains.items()}
    by_path = {model.path: model for model in found}
    result = []
    for model in found:
        here = beside.get(model.path.parent, ())
        if here and model.kind is Kind.MODEL and model.projector is None:
            chosen = _nearest(model, here, projections, alone=alone[model.path.parent])
            if chosen is not None:
                model = with_projector(model, by_path[chosen])
        result.append(model)
    return result


def with_projector(model: ModelFile, projector: ModelFile) -> ModelFile:
    """Return the model with its projector and what that lets it take in."""
    sees = projector.vision or not projector.audio
    return replace(
        model,
        projector=projector.path,
        vision=model.vision or sees,
        audio=model.audio or projector.audio,
    )


def _nearest(
    model: ModelFile, projectors: Sequence[ModelFile], projections: dict[Path, int], *, alone: bool
) -> Path | None:
    """Return the projector of a model, None where all belong to other models.

    ``alone`` says that the models of the directory differ in quantization only, so that a
    projector whose name tells nothing is theirs.
    """
    words = _words(model)
    ranked = []
    for projector in projectors:
        own = _words(projector)
        alike = _common(words, own)
        length = projections.get(projector.path, 0)
        fits = bool(length) and length == model.embedding_length
        named = bool(own) and set(own) <= set(words)
        if named or (alone and (not own or alike)) or (fits and (alike or not own)):
            ranked.append((fits, named, alike, -len(own), -_preference(projector), projector.path))
    return max(ranked)[-1] if ranked else None


def _words(model: ModelFile) -> tuple[str, ...]:
    """Return the words of a file's name that tell which model it is of."""
    name = model.name.rpartition("/")[2].lower().removesuffix(".gguf")
    if stated := quantization(model.name).lower():
        name = name.replace(stated, "")
    return tuple(word for word in _WORD.findall(name) if word not in _EMPTY)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words both begin with."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _preference(projector: ModelFile) -> int:
    quant = quantization(projector.name)
    return _PREFERRED.index(quant) if quant in _PREFERRED else len(_PREFERRED)
