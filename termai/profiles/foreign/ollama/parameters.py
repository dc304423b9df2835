"""Ollama's parameters and the options that mean the same.

Names and types are those of ``Options`` and ``Runner`` in Ollama's api/types.go (2026-08), with
those that older versions had.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from termai.profiles.schema import AUTO

ALL_LAYERS = 999
"""How ``num_gpu`` is written to mean every layer: more than any model has."""

DRAFTING = "draft-simple"
"""The ``spec_type`` with which llama-server drafts by ``model_draft``, as Ollama does by DRAFT."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})  # strconv.ParseBool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter and the option it is.

    read: its text as a value to check, ValueError for another kind. write: a value as its text,
    None for one that Ollama cannot hold. expected: what ``read`` takes.
    """

    key: str
    read: Callable[[str], Any]
    write: Callable[[Any], str | None]
    expected: str


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


def _switch(text: str) -> bool:
    if text not in _TRUE | _FALSE:
        raise ValueError(text)
    return text in _TRUE


def _layers(text: str) -> int | str:
    number = _whole(text)
    return AUTO if number == -1 else "all" if number == ALL_LAYERS else number


def _written_layers(value: Any) -> str:
    return {AUTO: "-1", "all": str(ALL_LAYERS)}.get(value, str(value))


def _threads(text: str) -> int:
    return _whole(text) or -1


def _written_threads(value: Any) -> str:
    return "0" if value == -1 else str(value)


def _written_switch(value: Any) -> str:
    return "true" if value else "false"


def _is_whole(key: str) -> Parameter:
    return Parameter(key, _whole, str, "a whole number")


def _is_number(key: str) -> Parameter:
    return Parameter(key, _number, repr, "a number")


PARAMETERS: Mapping[str, Parameter] = {
    "num_ctx": _is_whole("ctx_size"),
    "num_batch": _is_whole("batch_size"),
    "num_gpu": Parameter("n_gpu_layers", _layers, _written_layers, "a whole number"),
    "main_gpu": _is_whole("main_gpu"),
    "num_thread": Parameter("threads", _threads, _written_threads, "a whole number"),
    "use_mmap": Parameter("mmap", _switch, _written_switch, "true or false"),
    "draft_num_predict": _is_whole("spec_draft_n_max"),
    "temperature": _is_number("temperature"),
    "top_k": _is_whole("top_k"),
    "top_p": _is_number("top_p"),
    "min_p": _is_number("min_p"),
    "typical_p": _is_number("typical_p"),
    "repeat_penalty": _is_number("repeat_penalty"),
    "repeat_last_n": _is_whole("repeat_last_n"),
    "presence_penalty": _is_number("presence_penalty"),
    "frequency_penalty": _is_number("frequency_penalty"),
    "seed": _is_whole("seed"),
    "num_predict": _is_whole("max_tokens"),
}
"""What Ollama reads now; ``stop`` may be given several times and is read apart."""

OLDER: Mapping[str, Parameter] = {
    "use_mlock": Parameter("mlock", _switch, _written_switch, "true or false"),
    "rope_frequency_base": _is_number("rope_freq_base"),
    "rope_frequency_scale": _is_number("rope_freq_scale"),
}
"""What it read once and an option still means."""

WHY: Mapping[str, str] = {
    "num_keep": "termai has no option for it; --keep under [args] is llama-server's",
    "numa": "it is numa under [load] here, by llama.cpp's names",
    "num_gqa": "the GGUF says it",
    "low_vram": "kv_offload under [load] is what it did",
    "f16_kv": "cache_type_k and cache_type_v under [load] say it",
    "logits_all": "llama-server needs it for nothing",
    "vocab_only": "llama-server cannot serve a vocabulary",
    "penalize_newline": "llama.cpp has it no more",
    "tfs_z": "llama.cpp has it no more",
    "mirostat": "termai has no option for it; --mirostat under [args] is llama-server's",
    "mirostat_tau": "termai has no option for it; --mirostat-ent under [args] is llama-server's",
    "mirostat_eta": "termai has no option for it; --mirostat-lr under [args] is llama-server's",
}
UNKNOWN = "it is no parameter that termai knows"

DEFAULTS: Mapping[str, str] = {"top_p": "0.9", "min_p": "0"}
"""Where an unset sampler is not the same in Ollama as in llama.cpp, with Ollama's value."""
