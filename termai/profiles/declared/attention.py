"""Attention, the KV cache and how far the context stretches."""

from termai.profiles.option import EVERY, ONLY_NATIVE, Kind, Option

GROUP = "Attention and KV cache"

CACHE_TYPES = ("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1")


def _yarn(key: str, default: float | None, text: str) -> Option:
    flag = "--" + key.replace("_", "-")
    return Option(
        "load", key, Kind.NUMBER, default, text, GROUP, low=-1, high=1000, engines=EVERY, flag=flag
    )


OPTIONS = (
    Option(
        "load",
        "flash_attn",
        Kind.CHOICE,
        "auto",
        "Flash attention: the same result with much less memory for long contexts, and faster on "
        "most GPUs. auto uses it where the device can; on forces it, and a device that cannot "
        "leaves it to the processor, slowly. A quantized V cache needs it.",
        GROUP,
        choices=("auto", "on", "off"),
        flag="--flash-attn",
        aliases=("-fa",),
        basic=True,
    ),
    Option(
        "load",
        "cache_type_k",
        Kind.CHOICE,
        "f16",
        "The type in which keys are kept. q8_0 halves the memory a context takes and is hardly "
        "noticed; q4_0 quarters it and can be. Head sizes that are no multiple of 32 refuse the "
        "quantized types.",
        GROUP,
        choices=CACHE_TYPES,
        flag="--cache-type-k",
        aliases=("-ctk",),
        basic=True,
    ),
    Option(
        "load",
        "cache_type_v",
        Kind.CHOICE,
        "f16",
        "The type in which values are kept; it suffers less from quantizing than the keys do. "
        "Quantized types need flash attention.",
        GROUP,
        choices=CACHE_TYPES,
        flag="--cache-type-v",
        aliases=("-ctv",),
        basic=True,
    ),
    Option(
        "load",
        "kv_offload",
        Kind.SWITCH,
        True,
        "Keep the KV cache on the GPU. Off frees VRAM for more layers or a longer context and "
        "costs speed that grows with the context.",
        GROUP,
        flag="--kv-offload",
        aliases=("-kvo",),
        off_flag="--no-kv-offload",
    ),
    Option(
        "load",
        "kv_unified",
        Kind.SWITCH,
        None,
        "Let all parallel slots share one KV cache, so that one conversation may use all of "
        "ctx_size; off gives each slot an equal part. Unset shares only when parallel is -1.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--kv-unified",
        aliases=("-kvu",),
        off_flag="--no-kv-unified",
    ),
    Option(
        "load",
        "swa_full",
        Kind.SWITCH,
        False,
        "Keep the whole context for layers with sliding-window attention too. Earlier prompts can "
        "then always be reused, at several times the memory on models such as Gemma 3.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--swa-full",
    ),
    Option(
        "load",
        "rope_scaling",
        Kind.CHOICE,
        None,
        "How positions beyond the trained context are mapped: none, linear or yarn. Unset does "
        "what the model says; yarn keeps the most quality when stretching.",
        GROUP,
        choices=("none", "linear", "yarn"),
        flag="--rope-scaling",
    ),
    Option(
        "load",
        "rope_scale",
        Kind.NUMBER,
        None,
        "How many times the trained context is stretched: 4 makes 32k out of 8k. Use it with "
        "rope_scaling yarn: llama-server gives a request no more than the trained context with "
        "any other. Expect weaker answers the further it goes.",
        GROUP,
        low=0.001,
        high=1000,
        flag="--rope-scale",
    ),
    Option(
        "load",
        "rope_freq_base",
        Kind.NUMBER,
        None,
        "The base frequency of the rotary position embedding, for NTK-aware stretching. Unset "
        "takes the model's own, which is right unless its card says otherwise.",
        GROUP,
        low=0,
        high=1e12,
        flag="--rope-freq-base",
    ),
    Option(
        "load",
        "rope_freq_scale",
        Kind.NUMBER,
        None,
        "The factor on the rotary frequency: 0.5 stretches the context twofold. It is the inverse "
        "of rope_scale; set one of the two.",
        GROUP,
        low=0,
        high=1000,
        flag="--rope-freq-scale",
    ),
    Option(
        "load",
        "yarn_orig_ctx",
        Kind.WHOLE,
        0,
        "The context the model was trained with, from which YaRN stretches; 0 takes the number in "
        "the GGUF.",
        GROUP,
        unit="tokens",
        low=0,
        high=100_000_000,
        flag="--yarn-orig-ctx",
    ),
    _yarn(
        "yarn_ext_factor",
        -1.0,
        "How much YaRN mixes extrapolation in: 0 interpolates only, -1 goes by the model.",
    ),
    _yarn(
        "yarn_attn_factor",
        -1.0,
        "The factor on YaRN's attention magnitude; -1 goes by the model.",
    ),
    _yarn(
        "yarn_beta_slow",
        -1.0,
        "The dimension from which YaRN interpolates fully; -1 goes by the model.",
    ),
    _yarn(
        "yarn_beta_fast",
        -1.0,
        "The dimension up to which YaRN leaves frequencies alone; -1 goes by the model.",
    ),
)
