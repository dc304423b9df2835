"""What a model, an engine and a port are, as the clashes of a profile ask it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from termai.engines.base import Detection
from termai.engines.drift.buffers import buffers_of
from termai.gguf.facts import Kind, facts
from termai.gguf.facts import ModelFacts as Facts
from termai.gguf.header import Header
from termai.gguf.memory.hparams import hparams
from termai.profiles.clashes import A_PROJECTOR, AN_ADAPTER, EngineFacts, ModelFacts
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED, LLAMA_CPP
from termai.text import one_line

VISIBLE = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
           "GGML_VK_VISIBLE_DEVICES")  # fmt: skip
_LIST_DEVICES, _SPEC_TYPE, _LAST_N = "--list-devices", "--spec-type", "--repeat-last-n"
# Positions of several dimensions cannot be shifted, nor these caches (get_can_shift and
# llama_model_rope_type in llama.cpp's src/).
_NOT_SHIFTING = frozenset(
    {
        "step35", "deepseek4", "qwen2vl", "paddleocr", "qwen3vl", "qwen3vlmoe", "qwen35",
        "qwen35moe", "qwen4exp", "qwen3tts",
    }
)  # fmt: skip
_BY_SECTIONS = frozenset({"bailingmoe3", "glm4", "glm4moe", "hunyuan_vl"})
_ONE_TYPE = frozenset({"deepseek4"})
_TOKENS = "tokenizer.ggml.tokens"
_VOCABULARIES = {"llama": "SPM", "gpt2": "BPE", "bert": "WPM", "t5": "UGM", "rwkv": "RWKV"}
_KEPT = 64  # models remembered
_DIFFERENCE = 128  # tokens; SPEC_VOCAB_MAX_SIZE_DIFFERENCE in common/speculative.cpp
_CUDA = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class ModelNote:
    """A model in a few words.

    layers: the output layer counted. trained: tokens of context, 0 where unknown. size: bytes of
    all tensors. experts: of a layer, 0 for a dense model.
    """

    name: str
    architecture: str
    layers: int
    trained: int
    quantization: str
    size: int
    experts: int


def note_of(header: Header, name: str) -> ModelNote:
    """Return a model in a few words; ``name`` is used where its file does not tell one."""
    known = _known(header)
    return ModelNote(
        name=one_line(known.name or name),
        architecture=one_line(known.architecture),
        layers=header.layers + 1,
        trained=known.context_length,
        quantization=one_line(known.quantization),
        size=known.size,
        experts=known.expert_count,
    )


@lru_cache(_KEPT)
def _known(header: Header) -> Facts:
    return facts(header)


def no_model(header: Header) -> str:
    """Return what a file is that cannot be started by itself, empty for a model."""
    kind = _known(header).kind
    return {Kind.ADAPTER: AN_ADAPTER, Kind.PROJECTOR: A_PROJECTOR}.get(kind, "")


def kind_of(header: Header) -> str:
    """Return what a file is in words for a sentence, empty where it cannot be told."""
    kind = _known(header).kind
    if kind is Kind.OTHER:
        return ""
    return no_model(header) or "a model"


def facts_of(header: Header, draft: Header | None, locked: int) -> ModelFacts:
    """Return what decides whether options go with a model; raises InvalidFileError.

    draft: the header of the profile's draft model. locked: bytes that mlock would keep in RAM.
    """
    model = replace(_facts_of(header), locked=locked)
    if draft is None:
        return model
    return replace(model, draft=_drafting(draft), other_vocabulary=_differ(header, draft))


@lru_cache(_KEPT)
def _facts_of(header: Header) -> ModelFacts:
    model = hparams(header)
    return ModelFacts(
        architecture=model.architecture,
        layers=model.layers_all + 1,
        trained=model.trained,
        experts=header.number(header.own("expert_count")),
        heads_k=tuple(dict.fromkeys(model.head_k)),
        heads_v=tuple(dict.fromkeys(model.head_v)),
        window=model.window,
        same_cache=model.mla or model.architecture in _ONE_TYPE,
        shifts=_shifts(header),
        rope_scaling=header.text(header.own("rope.scaling.type"), "linear"),
        rope_scale=_own_scale(header),
        original=header.number(header.own("rope.scaling.original_context_length")),
        nextn=header.number(header.own("nextn_predict_layers")),
    )


def engine_of(detection: Detection, profile: Profile) -> EngineFacts:
    """Return what decides whether options go with an engine."""
    drafting = detection.help.get(_SPEC_TYPE)
    penalties = detection.help.get(_LAST_N)
    return EngineFacts(
        name=detection.engine,
        devices=_devices(detection, profile.env),
        names_drafting=drafting is not None
        and "draft-simple" in f"{drafting.takes}{drafting.text}",
        looks_back=penalties is not None and "-1" in penalties.text,
        buffers=buffers_of(detection, profile),
    )


def _devices(detection: Detection, env: Mapping[str, str]) -> int | None:
    """Return how many GPUs the engine can use, None where it or the profile leaves that open."""
    if detection.engine not in LLAMA_CPP:
        return None
    if detection.engine != EMBEDDED and _LIST_DEVICES not in detection.options:
        return None
    count = len(detection.devices)
    hidden = [name for name in VISIBLE if name in env]
    if not hidden or not count:
        return count
    if hidden == [_CUDA] and all(name.startswith("CUDA") for name in detection.devices):
        return _visible(env[_CUDA], count)
    return None


def _visible(listed: str, count: int) -> int | None:
    """Return how many GPUs a list leaves, which ends at the first entry that is none."""
    seen = 0
    for entry in (part.strip() for part in listed.split(",")):
        if entry.upper().startswith(("GPU-", "MIG-")):
            return None
        if not entry.isascii() or not entry.isdecimal() or int(entry) >= count:
            break
        seen += 1
    return seen


def _shifts(header: Header) -> bool:
    name = header.architecture
    sections = header.metadata.get(header.own("rope.dimension_sections"))
    several = (
        isinstance(sections, tuple)
        and len(sections) > 1
        and all(isinstance(part, int) and part > 0 for part in sections[:2])
    )
    return name not in _NOT_SHIFTING and not (name in _BY_SECTIONS and several)


def _own_scale(header: Header) -> float:
    """Return how many times the model itself stretches positions (rope_freq_scale_train)."""
    old = header.real(header.own("rope.scale_linear"))
    return header.real(header.own("rope.scaling.factor"), old) or 1.0


@lru_cache(_KEPT)
def _drafting(draft: Header) -> str:
    """Return the type of drafting that llama-server knows by the draft model's file itself.

    common_speculative_types_from_gguf in common/speculative.cpp; empty for an ordinary model.
    """
    names = {tensor.name for tensor in draft.tensors}
    if draft.architecture == "dflash":
        return "draft-dspark" if "markov_w1.weight" in names else "draft-dflash"
    return "draft-mtp" if f"blk.{draft.layers - 1}.nextn.eh_proj.weight" in names else ""


def _differ(header: Header, draft: Header) -> bool:
    """Return whether two vocabularies are certain to differ too much to draft.

    common_speculative_are_compatible in common/speculative.cpp also compares the tokens.
    """
    kinds = [_VOCABULARIES.get(one.text("tokenizer.ggml.model")) for one in (header, draft)]
    if all(kinds) and kinds[0] != kinds[1]:
        return True
    sizes = [_length(one) for one in (header, draft)]
    return all(sizes) and abs(sizes[0] - sizes[1]) > _DIFFERENCE


def _length(header: Header) -> int:
    """Return the number of tokens of a vocabulary, 0 where it is not told."""
    tokens = header.metadata.get(_TOKENS)
    return len(tokens) if isinstance(tokens, tuple) else getattr(tokens, "count", 0)
