"""The fields of an LM Studio preset and the options that mean the same.

Keys, kinds and bounds are those of lmstudio-js, packages/lms-kv-config/src/schema.ts (2026-08).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OPERATION, LOAD = "operation", "load"
"""The two lists of fields: what goes with each request, and what a model is loaded with."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field whose value is that of one option.

    box: whether it is written ``{"checked": …, "value": …}``. off: what an unchecked one sets,
    None for nothing. low, high: what LM Studio takes of a number.
    """

    key: str
    option: str
    box: bool = False
    off: Any = None
    low: float | None = None
    high: float | None = None

    @property
    def section(self) -> str:
        """The list that it stands in."""
        return OPERATION if self.key.startswith("llm.prediction.") else LOAD

    def takes(self, value: Any) -> bool:
        """Return whether LM Studio takes an option's value."""
        low = self.low is None or value >= self.low
        return low and (self.high is None or value <= self.high)


def _box(key: str, option: str, off: Any = None, **bounds: float) -> Field:
    return Field(key, option, True, off, **bounds)


_PREDICTION, _LLAMA = "llm.prediction.", "llm.prediction.llama."
_LOAD, _LOAD_LLAMA = "llm.load.", "llm.load.llama."
_DRAFT = "llm.prediction.speculativeDecoding."

FIELDS: tuple[Field, ...] = (
    Field(f"{_PREDICTION}systemPrompt", "system_prompt"),
    Field(f"{_PREDICTION}temperature", "temperature"),
    Field(f"{_PREDICTION}topKSampling", "top_k", low=0, high=500),
    _box(f"{_PREDICTION}topPSampling", "top_p", 1.0),
    _box(f"{_PREDICTION}minPSampling", "min_p", 0.0),
    _box(f"{_PREDICTION}repeatPenalty", "repeat_penalty", 1.0),
    _box(f"{_PREDICTION}maxPredictedTokens", "max_tokens", -1, low=1),
    _box(f"{_PREDICTION}seed", "seed"),
    Field(f"{_PREDICTION}stopStrings", "stop"),
    _box(f"{_LLAMA}frequencyPenalty", "frequency_penalty"),
    _box(f"{_LLAMA}presencePenalty", "presence_penalty"),
    _box(f"{_LLAMA}xtcProbability", "xtc_probability"),
    _box(f"{_LLAMA}xtcThreshold", "xtc_threshold"),
    _box(f"{_LLAMA}locallyTypicalSampling", "typical_p"),
    _box(f"{_PREDICTION}reasoning.budgetTokens", "reasoning_budget", -1, low=0),
    Field(f"{_LLAMA}cpuThreads", "threads", low=1),
    Field(f"{_DRAFT}draftModel", "model_draft"),
    Field(f"{_DRAFT}maxTokensToDraft", "spec_draft_n_max", low=1),
    Field(f"{_DRAFT}minDraftLengthToConsider", "spec_draft_n_min"),
    Field(f"{_DRAFT}minContinueDraftingProbability", "spec_draft_p_min"),
    Field(f"{_LOAD}contextLength", "ctx_size", low=1),
    Field(f"{_LOAD}offloadKVCacheToGpu", "kv_offload"),
    Field(f"{_LOAD}numParallelSessions", "parallel", low=1),
    Field(f"{_LOAD}useUnifiedKvCache", "kv_unified"),
    Field(f"{_LOAD_LLAMA}evalBatchSize", "batch_size"),
    Field(f"{_LOAD_LLAMA}physicalBatchSize", "ubatch_size"),
    _box(f"{_LOAD_LLAMA}ropeFrequencyBase", "rope_freq_base"),
    _box(f"{_LOAD_LLAMA}ropeFrequencyScale", "rope_freq_scale"),
    Field(f"{_LOAD_LLAMA}keepModelInMemory", "mlock"),
    Field(f"{_LOAD_LLAMA}tryMmap", "mmap"),
    _box(f"{_LOAD_LLAMA}kCacheQuantizationType", "cache_type_k"),
    _box(f"{_LOAD_LLAMA}vCacheQuantizationType", "cache_type_v"),
)

AGAIN: Mapping[str, Field] = {
    field.key: field
    for field in (
        Field(f"{_LOAD_LLAMA}cpuThreadPoolSize", "threads"),
        Field(f"{_LOAD_LLAMA}speculativeDecoding.draftModel", "model_draft"),
        Field(f"{_LOAD_LLAMA}speculativeDecoding.draftMaxTokens", "spec_draft_n_max"),
        Field(f"{_LOAD_LLAMA}speculativeDecoding.draftMinTokens", "spec_draft_n_min"),
        Field(f"{_LOAD_LLAMA}speculativeDecoding.draftMinContinueProbability", "spec_draft_p_min"),
    )
}
"""Fields that say the same as one of ``FIELDS``, which counts where both are there."""

BY_KEY: Mapping[str, Field] = {field.key: field for field in FIELDS}

WHY: Mapping[str, str] = {
    f"{_PREDICTION}structured": "termai asks for no structured answers",
    f"{_PREDICTION}tools": "termai gives models no tools",
    f"{_PREDICTION}contextPrefill": "a profile holds no conversation",
    f"{_PREDICTION}logProbs": "termai asks for no probabilities",
    f"{_PREDICTION}reasoning.parsing": "llama-server finds out how a model marks its thoughts",
    f"{_LLAMA}mirostatSampling": "termai has no option for it; --mirostat under [args] is "
    "llama-server's",
    f"{_LLAMA}tailFreeSampling": "llama.cpp has it no more",
    f"{_LLAMA}logitBias": "termai biases no tokens",
    f"{_LOAD}seed": "a seed goes with each request, see seed under [sampling]",
    f"{_LOAD}numExperts": "llama.cpp takes it as an override_kv of ARCHITECTURE.expert_used_count",
    f"{_LOAD_LLAMA}tryDirectIO": "termai has no option for it; --load-mode dio under [args] is "
    "llama-server's",
    f"{_LOAD_LLAMA}contextCheckpoints": "llama-server takes it as --ctx-checkpoints under [args]",
    "load.gpuStrictVramCap": "termai has memory_guardrails in its settings",
}
UNKNOWN = "it is no field that termai knows"

_NOTHING: Mapping[str, tuple[Any, ...]] = {
    f"{_PREDICTION}toolCallStopStrings": ([],),
    f"{_PREDICTION}toolChoice": ({"type": "generic", "mode": "auto"},),
    f"{_PREDICTION}toolNaming": ("removeSpecial",),
    f"{_PREDICTION}vision.userMaxImageDimensionPixels": ({"checked": True, "value": 1024},),
    f"{_PREDICTION}vision.ignoreModelPreferredMaxImageDimension": (False,),
    f"{_PREDICTION}speculativeDecoding.numReuseTokens": (256,),
    f"{_LOAD_LLAMA}contextCheckpoints": (32,),
    f"{_LOAD_LLAMA}useFp16ForKVCache": (True,),
    f"{_LOAD_LLAMA}reasoningBudgetMessage": ("",),
}
_EMPTY: tuple[Any, ...] = ("", [], {}, None, False, 0)


def says_nothing(key: str, value: Any) -> bool:
    """Return whether a field without an option leaves everything as it is without it."""
    if key not in WHY and key not in _NOTHING:
        return value is None
    if key.endswith("reasoning.parsing"):
        return isinstance(value, dict) and value.get("enabled") is True
    off = isinstance(value, dict) and (
        value.get("checked") is False or value.get("type") == "none" or value.get("version") == 0
    )
    return off or value in _EMPTY or value in _NOTHING.get(key, ())
