"""Presets of LM Studio 0.2: ``load_params`` and ``inference_params``.

The keys are those of schema.json in lmstudio-ai/configs. -1 layers are all of them, and 0 or an
empty list in many places says nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from termai.profiles.foreign.lm_studio.document import Said
from termai.profiles.foreign.lm_studio.draft import Draft
from termai.profiles.foreign.rawjson import members
from termai.profiles.schema import Adapter

SECTIONS = ("load_params", "inference_params")

_SAME: Mapping[str, str] = {
    "n_ctx": "ctx_size",
    "n_batch": "batch_size",
    "main_gpu": "main_gpu",
    "use_mmap": "mmap",
    "use_mlock": "mlock",
    "cache_type_k": "cache_type_k",
    "cache_type_v": "cache_type_v",
    "n_threads": "threads",
    "n_predict": "max_tokens",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "typical_p": "typical_p",
    "temp": "temperature",
    "repeat_penalty": "repeat_penalty",
    "repeat_last_n": "repeat_last_n",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "pre_prompt": "system_prompt",
}
_FORMAT = "llama-server formats chats by the model's template"
_WHY: Mapping[str, str] = {
    "input_prefix": _FORMAT,
    "input_suffix": _FORMAT,
    "pre_prompt_prefix": _FORMAT,
    "pre_prompt_suffix": _FORMAT,
    "tfs_z": "llama.cpp has it no more",
    "n_keep": "termai has no option for it; --keep under [args] is llama-server's",
    "mirostat": "termai has no option for it; --mirostat under [args] is llama-server's",
    "num_experts_used": "llama.cpp takes it as an override_kv of ARCHITECTURE.expert_used_count",
    "grammar": "termai asks for no grammar",
    "logit_bias": "termai biases no tokens",
    "lora_base": "llama.cpp applies adapters to the model itself",
}
_UNKNOWN = "it is no key that termai knows"
_NOTHING: Mapping[str, tuple[Any, ...]] = {
    "f16_kv": (True,),
    "memory_f16": (True,),
    "tfs_z": (1, 1.0),
    "penalize_nl": (True, False),
    "multiline_input": (True, False),
    "mirostat_tau": (5, 5.0),
    "mirostat_eta": (0.1,),
    "seed": (-1,),
}
_EMPTY: tuple[Any, ...] = (None, "", [], {}, 0, False)


def read(draft: Draft, section: Said) -> None:
    """Read one of ``SECTIONS``; raises InvalidFileError for a value of the wrong type."""
    if not isinstance(section.value, dict):
        raise draft.wrong(section, "an object")
    for key, member in members(section.raw, draft.source.name)[0].items():
        _one(draft, Said(section.key, key, *member))


def _one(draft: Draft, said: Said) -> None:
    if said.key in _SPECIAL:
        _SPECIAL[said.key](draft, said)
    elif said.value is None:
        draft.quiet(said)
    elif said.key in _SAME:
        draft.set(_SAME[said.key], said.value, said)
    elif said.value in _EMPTY or said.value in _NOTHING.get(said.key, ()):
        draft.quiet(said)
    else:
        draft.leave(said, _WHY.get(said.key, _UNKNOWN))


def _layers(draft: Draft, said: Said) -> None:
    draft.set("n_gpu_layers", "all" if said.value == -1 else said.value, said)


def _split(draft: Draft, said: Said) -> None:
    if isinstance(said.value, list) and not any(said.value):
        draft.quiet(said)
    else:
        draft.set("tensor_split", said.value, said)


def _no_kv_offload(draft: Draft, said: Said) -> None:
    draft.set("kv_offload", not draft.switch(said), said)


def _flash(draft: Draft, said: Said) -> None:
    draft.set("flash_attn", "on" if draft.switch(said) else "off", said)


def _rope(wanted: str) -> Callable[[Draft, Said], None]:
    def take(draft: Draft, said: Said) -> None:
        if said.value == 0:
            draft.quiet(said)
        else:
            draft.set(wanted, said.value, said)

    return take


def _stops(draft: Draft, said: Said) -> None:
    texts = said.value
    if isinstance(texts, list):
        texts = [text for text in texts if text != ""]
    draft.set("stop", texts, said)


def _adapter(draft: Draft, said: Said) -> None:
    if said.value == "":
        return
    if not isinstance(said.value, str):
        raise draft.wrong(said, "a path")
    draft.set("lora", [Adapter(said.value)], said)


def _seed(draft: Draft, said: Said) -> None:
    """Take the seed of the requests; that of the load is no other."""
    if said.section == SECTIONS[0] or said.value == -1:
        draft.quiet(said)
    else:
        draft.set("seed", said.value, said)


_SPECIAL: Mapping[str, Callable[[Draft, Said], None]] = {
    "n_gpu_layers": _layers,
    "tensor_split": _split,
    "no_kv_offload": _no_kv_offload,
    "flash_attn": _flash,
    "rope_freq_base": _rope("rope_freq_base"),
    "rope_freq_scale": _rope("rope_freq_scale"),
    "antiprompt": _stops,
    "lora_adapter": _adapter,
    "seed": _seed,
}
