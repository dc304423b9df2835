"""What a model is, in the words of its header: kind, size, quantization, abilities."""

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from termai.gguf.header import Header
from termai.gguf.quantization import Precision, by_file_type, named, precision_of
from termai.gguf.tensor_types import TensorType, type_named
from termai.gguf.tensors import Tensor
from termai.text import one_line

_LONGEST = 200
_SANE = 1 << 40
_RANK = 4
_POOLED = frozenset({1, 2, 3, _RANK})

# Encoders of llama.cpp that make embeddings even where no pooling is named.
_ENCODERS = frozenset(
    {
        "bert",
        "eurobert",
        "gemma-embedding",
        "jina-bert-v2",
        "jina-bert-v3",
        "llama-embed",
        "modern-bert",
        "neo-bert",
        "nomic-bert",
        "nomic-bert-moe",
        "t5encoder",
    }
)

# Heads that draft tokens for another model and answer nothing alone, and a vocoder.
_DRAFTS = frozenset({"dflash", "eagle3", "gemma4-assistant"})
_VOCODERS = frozenset({"wavtokenizer-dec"})

_THINKS = re.compile(
    r"</?think>|\[THINK\]|◁/?think▷|<seed:think>|<\|START_THINKING\|>|<\|channel\|?>|<\|think"
    r"|\[BEGIN FINAL RESPONSE\]|reasoning_content|reasoning_effort|enable_thinking|thinking_budget"
)
_TOOLS = re.compile(r"(?<![A-Za-z])tools(?![A-Za-z])|tool_calls")

# What a quantization becomes where rows are no multiple of 256 (tensor_type_fallback in
# src/llama-quant.cpp).
_FALLBACKS = {
    "Q2_K": ("Q4_0",),
    "Q3_K": ("Q4_0", "IQ4_NL"),
    "Q4_K": ("Q5_0",),
    "Q5_K": ("Q5_1",),
    "Q6_K": ("Q8_0",),
    "TQ1_0": ("Q4_0",),
    "TQ2_0": ("Q4_0",),
}


class Kind(StrEnum):
    """What a GGUF file is for."""

    MODEL = "model"
    EMBEDDING = "embedding"
    RERANKER = "reranker"
    ADAPTER = "adapter"
    PROJECTOR = "projector"
    DRAFT = "draft"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model; empty, 0 or False where its header does not say.

    ``size`` is the bytes of all tensors, ``parameters`` their elements, ``quantization`` what
    most of them really are, ``size_label`` such as "8B" or "8x7B". ``vision`` and ``audio`` are
    what a projector takes. All texts are fit to show on one line.
    """

    kind: Kind
    name: str
    architecture: str
    size_label: str
    parameters: int
    size: int
    quantization: str
    bits_per_weight: float
    precision: Precision | None
    context_length: int
    block_count: int
    embedding_length: int
    expert_count: int
    expert_used_count: int
    has_template: bool
    reasoning: bool
    tools: bool
    vision: bool
    audio: bool
    licence: str
    base_model: str


def facts(header: Header) -> ModelFacts:
    """Gather what a header says, of a split set the merged one; values of odd types are absent."""
    parameters = sum(tensor.elements for tensor in header.tensors)
    size = sum(tensor.size for tensor in header.tensors)
    quantization, precision = _quantization(header)
    templates = _templates(header)
    return ModelFacts(
        kind=_kind(header),
        name=_line(header, "general.name") or _line(header, "general.basename"),
        architecture=_line(header, "general.architecture"),
        size_label=_line(header, "general.size_label") or _size_label(parameters),
        parameters=parameters,
        size=size,
        quantization=quantization,
        bits_per_weight=8 * size / parameters if parameters else 0.0,
        precision=precision,
        context_length=_count(header, "context_length"),
        block_count=header.layers,
        embedding_length=_count(header, "embedding_length"),
        expert_count=_count(header, "expert_count"),
        expert_used_count=_count(header, "expert_used_count"),
        has_template=bool(templates),
        reasoning=bool(_THINKS.search(templates)),
        tools=bool(_TOOLS.search(templates)),
        vision=_sees(header, "vision", "v."),
        audio=_sees(header, "audio", "a."),
        licence=_line(header, "general.license") or _line(header, "general.license.name"),
        base_model=_line(header, "general.base_model.0.name"),
    )


def _line(header: Header, key: str) -> str:
    return one_line(header.text(key), _LONGEST)


def _count(header: Header, key: str) -> int:
    """Return a number of the architecture, 0 for one that no model has."""
    number = header.number(header.own(key))
    return number if 0 <= number < _SANE else 0


def _kind(header: Header) -> Kind:
    """Tell the kind by general.type, the architecture and the pooling; source: gguf-py GGUFType."""
    said, architecture = header.text("general.type"), header.architecture
    if said == "adapter":
        return Kind.ADAPTER
    if said == "mmproj" or architecture == "clip":
        return Kind.PROJECTOR
    if said not in ("", "model") or not header.tensors or not header.layers:
        return Kind.OTHER
    return _kind_of_model(architecture, header.number(header.own("pooling_type")))


def _kind_of_model(architecture: str, pooling: int) -> Kind:
    if architecture in _DRAFTS:
        return Kind.DRAFT
    if architecture in _VOCODERS:
        return Kind.OTHER
    if pooling == _RANK:
        return Kind.RERANKER
    return Kind.EMBEDDING if pooling in _POOLED or architecture in _ENCODERS else Kind.MODEL


def _templates(header: Header) -> str:
    """Return all chat templates, of which a model may have several for different uses."""
    keys = (k for k in header.metadata if k.startswith("tokenizer.chat_template"))
    return "\n".join(header.text(key) for key in keys).strip()


def _sees(header: Header, sense: str, prefix: str) -> bool:
    """Tell whether a projector has an encoder, by its flag or, in old files, its tensors."""
    if header.architecture != "clip":
        return False
    key = f"clip.has_{sense}_encoder"
    if key in header.metadata:
        return header.flag(key)
    return any(tensor.name.startswith(prefix) for tensor in header.tensors)


def _quantization(header: Header) -> tuple[str, Precision | None]:
    """Return what most weights are: the file type if it is true of them, else their own type."""
    kind = main_type(header)
    if kind is None:
        return "", None
    said = by_file_type(header.number("general.file_type", -1))
    if said is not None and kind.name in _possible(said.tensors):
        return said.name, said.precision
    plain = named(kind.name)
    return kind.name, plain.precision if plain else precision_of(kind)


def main_type(header: Header) -> TensorType | None:
    """Return the type of most weights, by elements; None for a header without tensors.

    Embeddings, output, norms and biases, which have types of their own, count only where there is
    nothing else.
    """
    inner = [tensor for tensor in header.tensors if _is_inner(tensor)]
    elements: Counter[str] = Counter()
    for tensor in inner or header.tensors:
        elements[tensor.type.name] += tensor.elements
    return type_named(elements.most_common(1)[0][0]) if elements else None


def _is_inner(tensor: Tensor) -> bool:
    return len(tensor.shape) > 1 and not tensor.name.startswith(
        ("token_embd", "output", "per_layer_token_embd")
    )


def _possible(types: tuple[str, ...]) -> set[str]:
    fallbacks = {f for name in types for f in _FALLBACKS.get(name, ())}
    low = {"IQ4_NL"} if any(name.startswith("IQ") for name in types) else set()
    return {*types, *fallbacks, *low}


def _size_label(parameters: int) -> str:
    """Return a count in the words of size labels: 2M, 8.0B, 1.0T."""
    for unit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if parameters >= unit:
            scaled = parameters / unit
            return f"{scaled:.1f}{letter}" if scaled < 10 else f"{scaled:.0f}{letter}"
    return ""
