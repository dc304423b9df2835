"""Clashes about the KV cache, flash attention, batches and locked memory."""

from collections.abc import Iterator

from termai.profiles.clashes.base import Case, Clash, Rule, problem, warning

BLOCK = 32  # elements of a block of every quantized type that a cache may have
PLAIN = frozenset({"f32", "f16", "bf16"})
_MIB = 1 << 20
_WITHOUT_FLASH = frozenset({"grok"})  # llama_init_from_model in src/llama-context.cpp


def _quantized_values(case: Case) -> Iterator[Clash]:
    """ "quantized V cache requires flash_attn to be enabled" (src/llama-context.cpp)."""
    kind = str(case.value("cache_type_v"))
    if kind in PLAIN:
        return
    if case.model is not None and case.model.architecture in _WITHOUT_FLASH:
        yield problem(
            "quantized-v-cache-without-flash-attention",
            ("cache_type_v",),
            f"A V cache in {kind} needs flash attention, which this model cannot use.",
            'Set cache_type_v to "f16".',
            cache_type_v=None,
        )
    elif case.value("flash_attn") == "off":
        yield problem(
            "quantized-v-cache-without-flash-attention",
            ("cache_type_v", "flash_attn"),
            f"A V cache in {kind} needs flash attention, which is off: it will not start.",
            'Set flash_attn to "auto".',
            flash_attn=None,
        )


def _odd_heads(case: Case) -> Iterator[Clash]:
    """ "cache type … with block size 32 does not divide n_embd_head" (src/llama-context.cpp).

    That is asked for only where flash attention is not off.
    """
    model = case.model
    if model is None or case.value("flash_attn") == "off":
        return
    if model.architecture in _WITHOUT_FLASH:
        return
    for key, heads in (("cache_type_k", model.heads_k), ("cache_type_v", model.heads_v)):
        odd = next((size for size in heads if size % BLOCK), 0)
        kind = str(case.value(key))
        if kind in PLAIN or not odd:
            continue
        yield problem(
            f"quantized-{key[-1]}-cache-with-odd-heads",
            (key,),
            f"This model's attention heads are of {odd}, no multiple of {BLOCK}: a cache in "
            f"{kind} will not start.",
            f'Set {key} to "f16".',
            **{key: None},
        )


def _same_types(case: Case) -> Iterator[Clash]:
    """ "model does not support different K and V cache types" (src/llama-context.cpp)."""
    k, v = str(case.value("cache_type_k")), str(case.value("cache_type_v"))
    if case.model is None or not case.model.same_cache or k == v:
        return
    key, kind = ("cache_type_v", k) if k in PLAIN or _quantizes(case) else ("cache_type_k", v)
    yield problem(
        "different-cache-types",
        ("cache_type_v", "cache_type_k"),
        f"This model keeps keys and values as one: {k} and {v} do not go together.",
        f'Set {key} to "{kind}" as well.',
        **{key: kind},
    )


def _quantizes(case: Case) -> bool:
    """Return whether values can be kept in a quantized type."""
    model = case.model
    if model is None or model.architecture in _WITHOUT_FLASH:
        return False
    return case.value("flash_attn") != "off" and not any(size % BLOCK for size in model.heads_v)


def _tensor_split_mode(case: Case) -> Iterator[Clash]:
    """ "SPLIT_MODE_TENSOR requires flash_attn to be enabled" (src/llama-context.cpp)."""
    if case.value("split_mode") == "tensor" and case.value("flash_attn") == "off":
        yield problem(
            "split-mode-tensor-without-flash-attention",
            ("split_mode", "flash_attn"),
            "split_mode tensor needs flash attention, which is off: it will not start.",
            'Set flash_attn to "auto".',
            flash_attn=None,
        )


def _flash_without_effect(case: Case) -> Iterator[Clash]:
    """ "flash_attn is not compatible with Grok - forcing off" (src/llama-context.cpp)."""
    if case.model is None or case.model.architecture not in _WITHOUT_FLASH:
        return
    if case.value("flash_attn") == "on":
        yield warning(
            "no-flash-attention",
            ("flash_attn",),
            "This model cannot use flash attention; llama.cpp switches it off.",
            'Set flash_attn to "auto".',
            flash_attn=None,
        )


def _ubatch_beyond_batch(case: Case) -> Iterator[Clash]:
    """llama.cpp lowers the micro-batch to the batch (src/llama-context.cpp)."""
    ubatch = int(case.value("ubatch_size"))
    if case.embedded and not case.is_set("batch_size"):
        return
    batch = int(case.value("batch_size"))
    if ubatch <= batch:
        return
    yield warning(
        "ubatch-beyond-batch",
        ("ubatch_size", "batch_size"),
        f"No more than batch_size = {batch} tokens are computed in one go, so ubatch_size = "
        f"{ubatch} does no more than {batch} does.",
        f"Raise batch_size to {ubatch}.",
        batch_size=ubatch,
    )


def _windowless(case: Case) -> Iterator[Clash]:
    """ "swa_full is not supported by this model" (tools/server/server-context.cpp)."""
    if case.model is None or case.model.window or case.embedded or not case.value("swa_full"):
        return
    yield warning(
        "no-sliding-window",
        ("swa_full",),
        "This model has no sliding-window attention; swa_full does nothing.",
        "Take swa_full out.",
        swa_full=None,
    )


def _locked_memory(case: Case) -> Iterator[Clash]:
    """llama.cpp goes on when the kernel refuses to lock, with a warning (src/llama-mmap.cpp)."""
    limit = case.limits.memlock if case.limits else None
    if limit is None or case.model is None or not case.value("mlock"):
        return
    if case.model.locked > limit:
        yield warning(
            "mlock-beyond-limit",
            ("mlock",),
            f"mlock would keep {_mib(case.model.locked)} in RAM, and this user may lock "
            f"{_mib(limit)} (ulimit -l): the model stays swappable.",
            "Take mlock out, or raise the limit: memlock in /etc/security/limits.conf, or "
            "LimitMEMLOCK= of a systemd unit.",
            mlock=None,
        )


def _threads(case: Case) -> Iterator[Clash]:
    if case.limits is None:
        return
    for key in ("threads", "threads_batch"):
        asked, most = int(case.value(key) or 0), case.limits.threads
        if most is not None and asked > most:
            yield warning(
                f"{key.replace('_', '-')}-beyond-machine",
                (key,),
                f"{asked} threads share the {most} hardware threads that there are: they wait "
                "for each other, and everything is slower.",
                f"Lower {key} to {_best(case, key, most)}.",
                **{key: _best(case, key, most)},
            )
    asked, cores, most = int(case.value("threads")), case.limits.cores, case.limits.threads
    if cores is not None and most is not None and cores < asked <= most:
        yield warning(
            "threads-beyond-cores",
            ("threads",),
            f"{asked} threads on {cores} cores: two threads of one core do not generate faster "
            "than one, and often slower.",
            f"Lower threads to {cores}.",
            threads=cores,
        )


def _threads_chosen(case: Case) -> Iterator[Clash]:
    """llama.cpp counts the cores of the machine, also where a container has fewer."""
    limits = case.limits
    if limits is None or limits.chosen is None or limits.threads is None or case.embedded:
        return
    if case.is_set("threads") or limits.chosen <= limits.threads:
        return
    best = _best(case, "threads", limits.threads)
    yield warning(
        "threads-beyond-grant",
        ("threads",),
        f"Left to itself llama.cpp takes {limits.chosen} threads, one for each core of the "
        f"machine, and {limits.threads} hardware threads are granted here: they wait for each "
        "other, and everything is slower.",
        f"Set threads to {best}.",
        threads=best,
    )


def _best(case: Case, key: str, most: int) -> int:
    """Return the number of threads to advise: of cores to generate, of all to read prompts."""
    cores = case.limits.cores if case.limits else None
    return min(cores, most) if key == "threads" and cores else most


def _mib(count: int) -> str:
    return f"{count / _MIB:,.0f} MiB"


def _batch_below_slots(case: Case) -> Iterator[Clash]:
    """llama-server aborts: each slot computes a token at a time (n_outputs_max, llama-context.cpp).

    With a batch of one token the warm-up fails as well.
    """
    batch = int(case.value("batch_size"))
    least = max(2, case.slots)
    if case.embedded or batch >= least:
        return
    yield problem(
        "batch-below-slots",
        ("batch_size", "parallel"),
        f"A batch of {batch} has no room for a token of each of the {case.slots} slots: "
        "llama-server aborts."
        if case.slots > 1
        else "A batch of one token is too small for llama-server's warm-up: it aborts.",
        "Leave batch_size open, which is 2048.",
        batch_size=None,
    )


RULES: tuple[Rule, ...] = (
    _quantized_values,
    _odd_heads,
    _same_types,
    _tensor_split_mode,
    _flash_without_effect,
    _ubatch_beyond_batch,
    _batch_below_slots,
    _windowless,
    _locked_memory,
    _threads,
    _threads_chosen,
)
