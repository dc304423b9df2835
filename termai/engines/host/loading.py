"""A profile's options as the parameters of llama-cpp-python's ``Llama``."""

import ctypes
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import llama_cpp
from llama_cpp import llama_cpp as bindings

from termai.engines.host import nativelog
from termai.engines.host.settings import HostSettings

UNSET_CTX = 8192
_BATCH = 512
_PLAIN = {
    "main_gpu": "main_gpu",
    "mmap": "use_mmap",
    "mlock": "use_mlock",
    "kv_offload": "offload_kqv",
    "ubatch_size": "n_ubatch",
    "rope_freq_base": "rope_freq_base",
    "rope_freq_scale": "rope_freq_scale",
    "yarn_orig_ctx": "yarn_orig_ctx",
}
_YARN = ("yarn_ext_factor", "yarn_attn_factor", "yarn_beta_fast", "yarn_beta_slow")


def parameters(settings: HostSettings) -> dict[str, Any]:
    """Return the keyword arguments for ``Llama``; every one that is a trap is given.

    Without a ctx_size the context is the trained one, at most UNSET_CTX tokens: unlike
    llama-server this engine cannot fit it to the memory there is.
    """
    options = settings.options
    return {
        "model_path": settings.model,
        "verbose": True,
        "logits_all": False,
        "use_mlock": False,
        "n_ctx": _context(settings),
        "n_batch": int(options.get("batch_size", max(_BATCH, options.get("ubatch_size", 0)))),
        "n_gpu_layers": _gpu_layers(options.get("n_gpu_layers", "auto")),
        **_threads(options),
        **_constants(options),
        **_rope(options),
        **{ours: options[key] for key, ours in _PLAIN.items() if key in options},
        "tensor_split": options.get("tensor_split") or None,
        "kv_overrides": _overrides(options.get("override_kv", ())),
    }


@contextmanager
def flash_attention(wanted: str) -> Iterator[bool]:
    """Give the value for ``Llama(flash_attn=...)``, which knows on and off only.

    For "auto" the constant that it uses for on stands for auto as long as the context is made.
    """
    enabled = bindings.LLAMA_FLASH_ATTN_TYPE_ENABLED
    if wanted == "auto":
        bindings.LLAMA_FLASH_ATTN_TYPE_ENABLED = bindings.LLAMA_FLASH_ATTN_TYPE_AUTO
    try:
        yield wanted != "off"
    finally:
        bindings.LLAMA_FLASH_ATTN_TYPE_ENABLED = enabled


def _context(settings: HostSettings) -> int:
    wanted = settings.option("ctx_size")
    if wanted is not None:
        return int(wanted)
    trained = _trained_context(settings.model)
    return min(trained, UNSET_CTX) if trained else UNSET_CTX


def _trained_context(path: str) -> int:
    """Return the context length in the file's header, 0 where there is none or no such file."""
    params = bindings.llama_model_default_params()
    params.vocab_only = True
    with nativelog.muted():
        model = bindings.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        return 0
    try:
        buffer = ctypes.create_string_buffer(256)
        if bindings.llama_model_meta_val_str(model, b"general.architecture", buffer, 256) < 0:
            return 0
        key = buffer.value + b".context_length"
        found = bindings.llama_model_meta_val_str(model, key, buffer, 256)
        return int(buffer.value) if found > 0 and buffer.value.isdigit() else 0
    finally:
        bindings.llama_model_free(model)


def _gpu_layers(wanted: Any) -> int:
    if not bindings.llama_supports_gpu_offload():
        return 0
    return -1 if wanted in ("auto", "all") else int(wanted)


def _threads(options: Mapping[str, Any]) -> dict[str, int]:
    """Return threads for generating and reading: one per physical core that we may use."""
    import psutil

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    chosen = int(options.get("threads", -1))
    threads = chosen if chosen > 0 else max(1, min(physical, usable or physical))
    batch = int(options.get("threads_batch", -1))
    return {"n_threads": threads, "n_threads_batch": batch if batch > 0 else threads}


def _constants(options: Mapping[str, Any]) -> dict[str, int]:
    """Return the options that llama.cpp numbers: cache types, split mode, RoPE scaling."""
    names = {
        "cache_type_k": ("type_k", "GGML_TYPE_"),
        "cache_type_v": ("type_v", "GGML_TYPE_"),
        "split_mode": ("split_mode", "LLAMA_SPLIT_MODE_"),
        "rope_scaling": ("rope_scaling_type", "LLAMA_ROPE_SCALING_TYPE_"),
    }
    return {
        ours: int(getattr(llama_cpp, prefix + str(options[key]).upper()))
        for key, (ours, prefix) in names.items()
        if key in options
    }


def _rope(options: Mapping[str, Any]) -> dict[str, float]:
    """Return RoPE and YaRN; what is unset goes by the model, as llama.cpp's defaults say."""
    defaults = bindings.llama_context_default_params()
    found = {key: float(options.get(key, getattr(defaults, key))) for key in _YARN}
    if options.get("rope_scale") and "rope_freq_scale" not in options:
        found["rope_freq_scale"] = 1.0 / float(options["rope_scale"])
    return found


def _overrides(items: Any) -> dict[str, bool | int | float | str] | None:
    """Return ``KEY=TYPE:VALUE`` texts by key; ValueError for one that is not of that form."""
    read: dict[str, Callable[[str], bool | int | float | str]] = {
        "int": int,
        "float": float,
        "bool": lambda v: v.lower() in ("true", "1"),
        "str": str,
    }
    found: dict[str, bool | int | float | str] = {}
    for item in items:
        key, _, typed = str(item).partition("=")
        kind, colon, value = typed.partition(":")
        if not colon or kind not in read:
            raise ValueError(f"override_kv {item!r} is not KEY=TYPE:VALUE.")
        found[key] = read[kind](value)
    return found or None
