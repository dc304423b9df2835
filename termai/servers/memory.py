"""Out of memory: how much was missing, and what to ask for instead, computed from the log."""

from termai.servers.case import Case
from termai.servers.facts import Facts, device_of

_MIB = 1 << 20
_MARGIN_MIB = 512  # left free on a GPU for scratch buffers when layers are counted
_CONTEXT_STEP = 1024


def gpu_sentence(case: Case) -> str:
    """Say what did not fit on which GPU, and how much was missing where the log tells."""
    needed, device = _needed_mib(case), _device(case)
    free = _free_mib(case.facts, device)
    sentence = f"{device} has too little memory for {_what(case)}"
    if not needed:
        return f"{sentence}."
    if free is None:
        return f"{sentence}: {needed:,.0f} MiB could not be allocated."
    if needed > free:
        return (
            f"{sentence}: {needed:,.0f} MiB were needed and {free:,.0f} MiB were free, "
            f"{needed - free:,.0f} MiB too little."
        )
    return f"{sentence}: {needed:,.0f} MiB could not be allocated of {free:,.0f} MiB free."


def gpu_fix(case: Case) -> str:
    """Say which options make it fit, with numbers where the log allows to compute them."""
    what = _what(case)
    if what == "the KV cache":
        return f"{_smaller_context(case)}{_quantized_cache(case)}, or {_fewer_layers(case)}."
    if what == "the weights":
        return f"{_sentence_case(_fewer_layers(case))}, or choose a smaller quantization."
    return (
        f"Lower ubatch_size (now {case.value('ubatch_size') or 512}) or ctx_size, "
        f"or {_fewer_layers(case)}."
    )


def ram_sentence(case: Case) -> str:
    """Say that the machine's own memory did not suffice, and for what."""
    needed = _needed_mib(case)
    size = f": {needed:,.0f} MiB could not be allocated" if needed else ""
    return f"The machine has too little memory for {_what(case)}{size}."


def ram_fix(case: Case) -> str:
    """Say what takes less of the machine's memory."""
    if _what(case) == "the KV cache":
        return f"{_smaller_context(case)}{_quantized_cache(case)}."
    return (
        "Close other programs, choose a smaller model or quantization, or lower ctx_size"
        f"{_now(case)}."
    )


def _what(case: Case) -> str:
    if case.says(r"buffer for (?:the )?(?:kv|rs) cache"):
        return "the KV cache"
    if case.says(r"unable to allocate \S+ buffer"):
        return "the weights"
    if case.says(r"allocate compute|compute buffer allocation failed"):
        return "scratch buffers"
    return "the model and its context"


def _needed_mib(case: Case) -> float:
    in_mib = case.search(r"allocating (?P<n>[\d.]+) MiB|attempted to allocate\s+(?P<m>[\d.]+) MB")
    if in_mib:
        return float(in_mib["n"] or in_mib["m"])
    in_bytes = case.search(r"failed to allocate (?:\S+ )?buffer of size (?P<n>\d+)")
    return int(in_bytes["n"]) / _MIB if in_bytes else 0.0


def _device(case: Case) -> str:
    named = case.search(
        r"failed to allocate (?P<n>\S+) buffer of size|unable to allocate (?P<m>\S+) buffer"
    )
    if named:
        return device_of(named["n"] or named["m"])
    number = case.search(r"on device (?P<n>\d+)|current device: (?P<m>\d+)")
    return f"CUDA{number['n'] or number['m']}" if number else "The GPU"


def _free_mib(facts: Facts, device: str) -> float | None:
    """Return what is left on a device of the memory that was free before the load."""
    free = dict(facts.gpus).get(device)
    if not free:
        return None
    taken = sum(b.mib for b in facts.buffers if device_of(b.device) == device)
    return max(0.0, free - taken)


def _smaller_context(case: Case) -> str:
    asked = case.facts.context or int(case.value("ctx_size") or 0)
    needed, free = _needed_mib(case), _free_mib(case.facts, _device(case))
    fitting = 0
    if asked and needed and free:
        fitting = int(asked * free / needed) // _CONTEXT_STEP * _CONTEXT_STEP
    if 0 < fitting < asked:
        return f"Set ctx_size to {fitting} or less{_now(case)}"
    return f"Lower ctx_size{_now(case)}"


def _quantized_cache(case: Case) -> str:
    if str(case.value("cache_type_k") or "f16") not in ("f16", "bf16", "f32"):
        return ""
    return ', or halve the cache with cache_type_k = cache_type_v = "q8_0"'


def _fewer_layers(case: Case) -> str:
    """Advise a number of layers: those that fit when all are of one size."""
    asked = case.value("n_gpu_layers")
    wanted, total = case.facts.offloaded, case.facts.total or case.facts.layers + 1
    needed, free = _needed_mib(case), _free_mib(case.facts, _device(case))
    if _what(case) == "the weights" and needed and free:
        layers = wanted or (asked if isinstance(asked, int) else total)
        fitting = int(max(0.0, free - _MARGIN_MIB) * layers / needed)
        if 0 < fitting < layers:
            return f"set n_gpu_layers to {fitting} or less (of {total})"
    if asked not in (None, "auto"):
        return f'set n_gpu_layers to "auto", which takes what fits (now {asked})'
    return "lower n_gpu_layers"


def _now(case: Case) -> str:
    asked = case.facts.context or case.value("ctx_size")
    return f" (now {asked})" if asked else ""


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
