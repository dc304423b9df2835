"""What KoboldCPP 1.117 would load by a file: its own defaults and conversions, told apart by hand.

It follows ``convert_invalid_args``, ``set_backend_props`` and ``load_model`` and shares no code
with the conversions under test. Left out is what an import changes on purpose and says so: who
can reach a server without ``host``.
"""

import json
from typing import Any

Config = dict[str, Any]

_CACHE = {"0": "f16", "1": "q8_0", "2": "q4_0", "3": "bf16"}
_TEXT = {
    "temperature": ("temperature",),
    "top_k": ("top_k",),
    "min_p": ("min_p",),
    "typical": ("typical",),
    "rep_pen_range": ("rep_pen_range",),
    "dry_multiplier": ("dry_multiplier",),
    "seed": ("seed", "sampler_seed"),
    "stop": ("stop", "stop_sequence"),
}
_PENALTIES = ("rep_pen", "repeat_penalty", "repetition_penalty")
_LENGTHS = ("max_tokens", "max_length")


def meaning(config: Config) -> Config:
    """Return what a file makes KoboldCPP do, in one form for everything that means the same."""
    c = _converted(dict(config))
    slots = max(c.get("parallelrequests", 1), 1)
    off = bool(c.get("noflashattention"))
    cache = str(c.get("quantkv") or "f16")
    cache = _CACHE.get(cache, cache)
    narrow = off and cache != "bf16"
    scale, base = [*(c.get("ropeconfig") or [0.0]), 10000.0][:2]
    threads = c.get("threads") or 0
    reading = c.get("blasthreads") or 0
    return {
        **_devices(c),
        **_requests(c),
        "model": c.get("model_param"),
        "context": c.get("contextsize"),
        "threads": max(threads, 0),
        "reading": max(reading, 0),
        "batch": c.get("batchsize", 512),
        "mmap": c.get("usemmap"),
        "mlock": bool(c.get("usemlock")),
        "flash": not off,
        "cache": (cache, "f16" if narrow else cache),
        "full_windows": bool(c.get("noswa")),
        "slots": slots,
        "shift": not (c.get("noshift") or c.get("nofastforward") or slots > 1),
        "rope": (scale, base) if scale > 0 and not c.get("overridenativecontext") else None,
        "padding": c.get("autofitpadding", 1024),
        "drafting": _drafting(c),
        "lora": (c["lora"][0], c.get("loramult", 1.0)) if c.get("lora") else None,
        "mmproj": (c.get("mmproj") or None, bool(c.get("mmprojcpu"))),
        "template": c.get("jinjatemplate") or None,
        "told": json.loads(c["jinja_kwargs"]) if c.get("jinja_kwargs") else {},
        "effort": c.get("reasoningeffort", "default"),
        "think": c.get("jinjathink", "default"),
        "port": c.get("port", 5001),
        "no_bos": bool(c.get("nobostoken")),
        "overrides": (c.get("overridekv") or "", c.get("overridetensors") or ""),
    }


def _converted(c: Config) -> Config:
    if "usecuda" not in c and c.get("usecublas"):
        c["usecuda"] = c["usecublas"]
    words = c.get("usecuda") or ()
    c["lowvram"] = bool(c.get("lowvram") or "lowvram" in words)
    c["nommq"] = bool(c.get("nommq") or "nommq" in words)
    if "rowsplit" in words:
        c["splitmode"] = "row"
    if "batchsize" not in c and c.get("blasbatchsize"):
        c["batchsize"] = c["blasbatchsize"]
    if c.get("noblas"):
        c["usecpu"] = True
    model = c.get("model")
    if not c.get("model_param") and model:
        c["model_param"] = model if isinstance(model, str) else model[0]
    if c.get("port_param") and c["port_param"] != 5001:
        c["port"] = c["port_param"]
    if "flashattention" in c and "noflashattention" not in c:
        c["noflashattention"] = not c["flashattention"]
    if "useswa" in c and "noswa" not in c:
        c["noswa"] = not c["useswa"]
        c["noshift"] = c.get("noshift") or c["useswa"]  # of the versions that had useswa
    if "usemmap" not in c and c.get("nommap"):
        c["usemmap"] = False
    return c


def _devices(c: Config) -> Config:
    words, split = c.get("usecuda") or (), c.get("tensor_split") or None
    cpu = bool(c.get("usecpu"))
    gpu = next((number for number in ("0", "1", "2", "3") if number in words), None)
    main = c.get("maingpu", -1)
    if split and main < 0 and gpu:
        main = int(gpu)
    layers = c.get("gpulayers", -1) or 0
    return {
        "cpu": cpu,
        "cuda": None if cpu else c.get("usecuda") is not None,
        "vulkan": None if cpu else c.get("usevulkan"),
        "visible": None if cpu or split else gpu,
        "split": (split, c.get("splitmode", "layer")),
        "main": main,
        "device": None if cpu else c.get("device") or None,
        "layers": 0 if cpu else max(layers, -1),
        "experts": min(c.get("moecpu", 0), 200),
        "lowvram": c["lowvram"],
        "nommq": c["nommq"] if not cpu else None,
    }


def _drafting(c: Config) -> Any:
    amount = c.get("draftamount", 4)
    named = c.get("draftmodel") if amount > 0 else None
    if not named and not c.get("usemtp"):
        return None
    return named or "mtp", amount, c.get("draftgpulayers", 999)


def _requests(c: Config) -> Config:
    said = c["gendefaults"] if "gendefaults" in c else c.get("sdgendefaults")
    fields: Config = json.loads(said) if isinstance(said, str) and said else said or {}
    fields = dict(fields)
    found: Config = {}
    for name, spellings in _TEXT.items():
        values = [fields.pop(spelling) for spelling in spellings if spelling in fields]
        if values:
            found[name] = values[0]
    penalties = [fields.pop(name) for name in _PENALTIES if name in fields]
    lengths = [fields.pop(name) for name in _LENGTHS if name in fields]
    found["penalty"] = max(penalties, default=None)
    length = lengths[0] if lengths else c.get("defaultgenamt", 1536)
    return {"fields": found, "others": fields, "length": length}
