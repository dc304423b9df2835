"""Fields of LM Studio whose values are not those of one option."""

from collections.abc import Callable, Mapping
from typing import Any

from termai.profiles.foreign.lm_studio.document import Said
from termai.profiles.foreign.lm_studio.draft import Draft
from termai.profiles.schema import AUTO

OVERFLOW = "llm.prediction.contextOverflowPolicy"
THINKING = "llm.prediction.reasoning.enableThinking"
TEMPLATE = "llm.prediction.promptTemplate"
LOAD_TEMPLATE = "llm.load.promptTemplate"
RATIO = "llm.load.llama.acceleration.offloadRatio"
AUTO_FIT = "llm.load.llama.autoFit"
EXPERTS = "llm.load.numCpuExpertLayersRatio"
FLASH = "llm.load.llama.flashAttention"
SPLIT = "load.gpuSplitConfig"
ENV = "envVars"
DRAFT_SIMPLE = "llm.load.llama.speculativeDecoding.draftSimple"
DRAFT_MTP = "llm.load.llama.speculativeDecoding.draftMtp"
POLICIES = {"rollingWindow": True, "stopAtLimit": False}
"""What happens when the context is full, as ``context_shift``."""
ENV_ALLOWED = ("HSA_OVERRIDE_GFX_VERSION",)
"""The variables that LM Studio takes (lms-shared-types/src/AllowableEnvVars.ts)."""
_SHARE = "LM Studio takes a share of the layers; set {} to a number of them"


def _overflow(draft: Draft, said: Said) -> None:
    if isinstance(said.value, str) and said.value in POLICIES:
        draft.set("context_shift", POLICIES[said.value], said)
    elif said.value == "truncateMiddle":
        draft.leave(said, "llama.cpp cannot drop the middle; context_shift drops the oldest")
    else:
        raise draft.wrong(said, "one of stopAtLimit, truncateMiddle, rollingWindow")


def _thinking(draft: Draft, said: Said) -> None:
    draft.set("reasoning", "on" if draft.switch(said) else "off", said)


def _template(draft: Draft, said: Said) -> None:
    """Take a Jinja template; one of prefixes and suffixes is kept."""
    if not isinstance(said.value, dict):
        raise draft.wrong(said, "an object with type and a template")
    inside = said.value.get("jinjaPromptTemplate")
    if said.value.get("type") == "jinja" and isinstance(inside, dict):
        if "chat_template" in draft.values:
            draft.leave(said, "the template of the prediction counts")
            return
        draft.set("chat_template", inside.get("template", ""), said)
        stops = said.value.get("stopStrings") or []
        if stops:
            before = draft.values.get("stop", ())
            if not isinstance(stops, list):
                raise draft.wrong(said, "a list of stopStrings")
            draft.set("stop", [*before, *(one for one in stops if one not in before)], said)
        return
    draft.leave(said, "llama-server formats chats by a Jinja template, usually the model's own")


def _ratio(draft: Draft, said: Said) -> None:
    share = _share(draft, said)
    if 0 < share < 1:
        draft.leave(said, _SHARE.format("n_gpu_layers"))
    elif draft.values.get("n_gpu_layers") == AUTO:
        draft.leave(said, "autoFit decides about the layers")
    else:
        draft.set("n_gpu_layers", "all" if share else 0, said)


def _share(draft: Draft, said: Said) -> float:
    """Return a share of the layers, 0 to 1, which has words for its two ends."""
    share = {"max": 1, "off": 0}.get(said.value) if isinstance(said.value, str) else said.value
    if isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1:
        return float(share)
    raise draft.wrong(said, "max, off or a share from 0 to 1")


def _auto_fit(draft: Draft, said: Said) -> None:
    if draft.switch(said):
        draft.set("n_gpu_layers", AUTO, said)


def _experts(draft: Draft, said: Said) -> None:
    share = _share(draft, said)
    if 0 < share < 1:
        draft.leave(said, _SHARE.format("n_cpu_moe"))
    else:
        draft.set("cpu_moe", bool(share), said)


def _flash(draft: Draft, said: Said) -> None:
    draft.set("flash_attn", "on" if draft.switch(said) else "off", said)


def _split(draft: Draft, said: Said) -> None:
    config = said.value
    if not isinstance(config, dict):
        raise draft.wrong(said, "an object with a strategy")
    strategy = config.get("strategy")
    if strategy == "custom":
        draft.set("tensor_split", config.get("customRatio", []), said)
    elif strategy == "tensor" and not config.get("disabledGpus"):
        draft.set("split_mode", "tensor", said)
    elif strategy == "evenly" and not config.get("disabledGpus"):
        draft.quiet(said)
    else:
        draft.leave(said, "device, main_gpu and tensor_split under [load] say which GPUs are used")


def _env(draft: Draft, said: Said) -> None:
    names: Any = said.value
    if not isinstance(names, dict):
        raise draft.wrong(said, "an object with texts")
    allowed = {name: names[name] for name in ENV_ALLOWED if name in names}
    if not all(isinstance(text, str) and text.isprintable() for text in allowed.values()):
        raise draft.wrong(said, "an object with texts")
    draft.env |= allowed
    if len(allowed) != len(names):
        draft.leave(said, f"of these LM Studio takes {', '.join(ENV_ALLOWED)} only")


def _draft_simple(draft: Draft, said: Said) -> None:
    if draft.switch(said):
        draft.set("spec_type", "draft-simple", said)


def _draft_mtp(draft: Draft, said: Said) -> None:
    if draft.switch(said):
        draft.set("spec_type", "draft-mtp", said)


SPECIAL: Mapping[str, Callable[[Draft, Said], None]] = {
    AUTO_FIT: _auto_fit,
    RATIO: _ratio,
    OVERFLOW: _overflow,
    THINKING: _thinking,
    TEMPLATE: _template,
    LOAD_TEMPLATE: _template,
    EXPERTS: _experts,
    FLASH: _flash,
    SPLIT: _split,
    ENV: _env,
    DRAFT_SIMPLE: _draft_simple,
    DRAFT_MTP: _draft_mtp,
}
"""In the order in which they are read: what others depend on first."""
