"""Real models whose layers are unlike those of other architectures."""

from tests.gguf.building import vocabulary
from tests.gguf.memory.blocks import (
    Attention,
    Experts,
    FeedForward,
    Latent,
    Mamba1,
    Mamba2,
    Model,
)
from tests.gguf.memory.families import Part, hybrid, transformer

ALL_NORMS = ("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm")


def gemma_3n_e4b() -> Model:
    """Return a model of which only the first 20 layers keep keys and values."""
    embd, layers, vocab, inputs, per_layer = 2048, 35, 262144, 4, 256
    model = transformer(
        "gemma3n", Attention(8, 2, 256, qk_norm="head"), FeedForward(16384),
        embd=embd, layers=layers, vocab=vocab, ctx=32768, norms=ALL_NORMS, tied=True,
        attention__sliding_window=512, attention__shared_kv_layers=15,
        embedding_length_per_layer_input=per_layer, altup__num_inputs=inputs,
        altup__active_idx=0,
        attention__sliding_window_pattern=[layer % 5 < 4 for layer in range(layers)],
    )  # fmt: skip
    model.weight("per_layer_token_embd", per_layer * layers, vocab)
    model.weight("per_layer_model_proj", embd, per_layer * layers)
    model.weight("per_layer_proj_norm", per_layer)
    for name in ("altup_proj", "altup_unembd_proj"):
        model.weight(name, embd, embd, inputs - 1)
    for layer in range(layers):
        _gemma_3n_layer(model, layer, inputs, per_layer)
    return model


def _gemma_3n_layer(model: Model, layer: int, inputs: int, per_layer: int) -> None:
    block, embd, rank = f"blk.{layer}.", model.embd, 64
    _per_layer_input(model, layer, per_layer)
    model.weight(f"{block}altup_correct_coef", inputs, inputs, kind="F32")
    model.weight(f"{block}altup_predict_coef", inputs, inputs * inputs, kind="F32")
    model.weight(f"{block}altup_router", embd, inputs, kind="F32")
    model.weight(f"{block}laurel_l", embd, rank)
    model.weight(f"{block}laurel_r", rank, embd)
    model.norms(layer, "altup_correct_scale", "altup_router_norm", "laurel_post_norm")


def _per_layer_input(model: Model, layer: int, per_layer: int) -> None:
    model.weight(f"blk.{layer}.inp_gate", model.embd, per_layer)
    model.weight(f"blk.{layer}.proj", per_layer, model.embd)
    model.norms(layer, "post_norm")


def gemma_4_e4b() -> Model:
    """Return a small Gemma 4: an input for each layer, the last 18 without keys and values."""
    embd, layers, vocab, per_layer = 2560, 42, 262144, 256
    windowed = [layer % 6 < 5 for layer in range(layers)]
    model = _gemma_4(
        embd, vocab, windowed, FeedForward(10240), heads=8, kv=2, head=512, head_swa=256,
        window=512, shared=18, per_layer=per_layer,
    )  # fmt: skip
    model.weight("per_layer_token_embd", per_layer * layers, vocab)
    model.weight("per_layer_model_proj", embd, per_layer * layers)
    model.weight("per_layer_proj_norm", per_layer)
    for layer in range(layers):
        _per_layer_input(model, layer, per_layer)
    return model


def gemma_4_26b() -> Model:
    """Return Gemma 4 with experts beside a dense feed-forward part."""
    windowed = [layer % 6 < 5 for layer in range(30)]
    model = _gemma_4(
        2816, 262144, windowed, FeedForward(2112), heads=16, kv=8, head=512, head_swa=256,
        window=1024, shared=0, per_layer=0, kv_full=2,
    )  # fmt: skip
    experts = Experts(128, 8, 704, dense=2112)
    model.keys |= experts.keys()
    for layer in range(30):
        experts.add(model, layer)
        model.add(f"blk.{layer}.ffn_gate_inp.scale", model.embd)
        model.norms(layer, "pre_ffw_norm_2", "post_ffw_norm_1", "post_ffw_norm_2")
    return model


def _gemma_4(
    embd: int, vocab: int, windowed: list[bool], feed: FeedForward, *, heads: int, kv: int,
    head: int, head_swa: int, window: int, shared: int, per_layer: int, kv_full: int = 0,
) -> Model:  # fmt: skip
    model = Model("gemma4", embd, len(windowed), vocab)
    full = kv_full or kv
    model.keys = Attention(heads, kv, head).keys() | feed.keys() | {
        "context_length": 131072,
        "attention.head_count_kv": [kv if inside else full for inside in windowed],
        "attention.key_length_swa": head_swa,
        "attention.value_length_swa": head_swa,
        "attention.sliding_window": window,
        "attention.sliding_window_pattern": windowed,
        "attention.shared_kv_layers": shared,
        "embedding_length_per_layer_input": per_layer,
        "rope.dimension_count_swa": head_swa,
        "rope.freq_base_swa": 10000.0,
        "final_logit_softcapping": 30.0,
    }  # fmt: skip
    model.ends(tied=True)
    model.weight("rope_freqs", head // 2)
    for layer, inside in enumerate(windowed):
        model.norms(layer, *ALL_NORMS)
        heads_kv, size = (kv, head_swa) if inside else (full, head)
        Attention(heads, heads_kv, size, qk_norm="head").add(model, layer)
        feed.add(model, layer)
        model.weight(f"blk.{layer}.layer_output_scale", 1)
    return model


def mamba_2_8b() -> Model:
    """Return Mamba: a state in every layer and nothing else."""
    mamba = Mamba1(5120, 16, 160)
    model = Model("mamba", 2560, 64, 50280)
    model.keys = mamba.keys() | {"context_length": 1048576, "attention.head_count": 0}
    model.keys["feed_forward_length"] = 0
    model.ends(tied=True)
    for layer in range(model.layers):
        model.norms(layer, "attn_norm")
        mamba.add(model, layer)
    return model


def codestral_mamba_7b() -> Model:
    """Return Mamba 2 with eight groups."""
    mamba = Mamba2(8192, 128, 128, groups=8)
    model = Model("mamba2", 4096, 64, 32768)
    model.keys = mamba.keys() | {"context_length": 1048576, "attention.head_count": 0}
    model.keys["feed_forward_length"] = 0
    model.ends()
    for layer in range(model.layers):
        model.norms(layer, "attn_norm")
        mamba.add(model, layer)
    return model


def rwkv6_7b() -> Model:
    """Return RWKV 6 (Finch)."""
    embd, wide, mix, decay, head = 4096, 14336, 64, 128, 64
    model = _rwkv("rwkv6", embd, 32, wide, head)
    model.keys |= {"time_mix_extra_dim": mix, "time_decay_extra_dim": decay}
    for layer in range(model.layers):
        block = f"blk.{layer}.time_mix_"
        model.weight(f"{block}w1", embd, mix * 5)
        model.weight(f"{block}w2", mix, embd, 5)
        for name in ("x", "w", "k", "v", "r", "g"):
            model.weight(f"{block}lerp_{name}", embd, 1, 1, kind="F32")
        model.weight(f"{block}first", head, embd // head, kind="F32")
        model.weight(f"{block}decay", embd)
        model.weight(f"{block}decay_w1", embd, decay)
        model.weight(f"{block}decay_w2", decay, embd)
        for name in ("key", "value", "receptance", "gate", "output"):
            model.weight(f"{block}{name}", embd, embd)
        block = f"blk.{layer}.channel_mix_"
        model.weight(f"{block}lerp_r", embd, 1, 1, kind="F32")
        model.weight(f"{block}receptance", embd, embd)
    return model


def rwkv7_1_5b() -> Model:
    """Return RWKV 7 (Goose)."""
    embd, wide, head = 2048, 8192, 64
    ranks = {"w": 96, "a": 96, "v": 64, "g": 256}
    model = _rwkv("rwkv7", embd, 24, wide, head)
    model.keys |= {
        "attention.decay_lora_rank": ranks["w"],
        "attention.iclr_lora_rank": ranks["a"],
        "attention.value_residual_mix_lora_rank": ranks["v"],
        "attention.gate_lora_rank": ranks["g"],
    }
    for layer in range(model.layers):
        block = f"blk.{layer}.time_mix_"
        for name, usual in ranks.items():
            rank = ranks["a"] if name == "v" and not layer else usual
            if name != "g":
                model.weight(f"{block}{name}0", embd)
            model.weight(f"{block}{name}1", embd, rank)
            model.weight(f"{block}{name}2", rank, embd)
        model.weight(f"{block}lerp_fused", embd, 1, 1, 6, kind="F32")
        for name in ("k_k", "k_a", "r_k"):
            model.weight(f"{block}{name}", embd)
        for name in ("key", "value", "receptance", "output"):
            model.weight(f"{block}{name}", embd, embd)
    return model


def _rwkv(arch: str, embd: int, layers: int, wide: int, head: int) -> Model:
    model = Model(arch, embd, layers, 65536)
    model.keys = {
        "context_length": 1048576,
        "attention.head_count": 0,
        "feed_forward_length": wide,
        "wkv.head_size": head,
    }
    model.ends(bias=True)
    model.weight("token_embd_norm", embd, bias=True)
    for layer in range(layers):
        model.norms(layer, "attn_norm", "attn_norm_2", "time_mix_ln", bias=True)
        block = f"blk.{layer}.channel_mix_"
        model.weight(f"{block}lerp_k", embd, 1, 1, kind="F32")
        model.weight(f"{block}key", embd, wide)
        model.weight(f"{block}value", wide, embd)
    return model


def falcon_h1_7b() -> Model:
    """Return a model with a state and a KV cache in every layer."""
    attention, mamba = Attention(12, 2, 128), Mamba2(3072, 256, 24, norm=False)
    feed = FeedForward(12288)
    model = Model("falcon-h1", 3072, 44, 130048)
    model.keys = {"context_length": 262144} | attention.keys() | mamba.keys() | feed.keys()
    model.ends()
    for layer in range(model.layers):
        model.norms(layer, "attn_norm")
        attention.add(model, layer)
        mamba.add(model, layer)
        model.add(f"blk.{layer}.ffn_norm", model.embd)
        feed.add(model, layer)
    return model


def nemotron_nano_9b() -> Model:
    """Return a model whose layers are each a state, attention, or a feed-forward part."""
    pattern = "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-"
    attention, mamba = Attention(40, 8, 128), Mamba2(10240, 128, 128, groups=8)
    feed = FeedForward(15680, gate=False)
    model = Model("nemotron_h", 4480, len(pattern), 131072, quant="Q8_0")
    model.keys = {"context_length": 131072} | attention.keys() | mamba.keys()
    model.keys["attention.head_count_kv"] = [8 if kind == "*" else 0 for kind in pattern]
    model.keys["feed_forward_length"] = [feed.wide if kind == "-" else 0 for kind in pattern]
    model.ends()
    parts: dict[str, Part] = {"M": mamba, "*": attention, "-": feed}
    for layer, kind in enumerate(pattern):
        model.norms(layer, "attn_norm")
        parts[kind].add(model, layer)
    return model


class _ShortConv:
    def keys(self) -> dict[str, int]:
        return {"shortconv.l_cache": 3}

    def add(self, model: Model, layer: int) -> None:
        block, embd = f"blk.{layer}.shortconv.", model.embd
        model.weight(f"{block}conv", 3, embd, kind="F32")
        model.weight(f"{block}in_proj", embd, 3 * embd)
        model.weight(f"{block}out_proj", embd, embd)


def lfm2_1_2b() -> Model:
    """Return a model of short convolutions with attention in between."""
    model = hybrid(
        "lfm2", Attention(32, 8, 64, qk_norm="head"), _ShortConv(), FeedForward(8192),
        [layer in (2, 5, 8, 10, 12, 14) for layer in range(16)],
        embd=2048, vocab=65536, ctx=128000, tied=True,
    )  # fmt: skip
    return _lfm2_norm(model)


def lfm2_8b_a1b() -> Model:
    """Return the same with experts."""
    model = hybrid(
        "lfm2moe", Attention(32, 8, 64, qk_norm="head"), _ShortConv(),
        Experts(32, 4, 1792, dense=7168, lead=2, probs=True),
        [layer in (2, 6, 10, 14, 18, 21) for layer in range(24)],
        embd=2048, vocab=65536, ctx=128000, tied=True,
    )  # fmt: skip
    return _lfm2_norm(model)


def _lfm2_norm(model: Model) -> Model:
    """Give the last norm the name that llama.cpp expects."""
    model.tensors = [
        ("token_embd_norm.weight" if name == "output_norm.weight" else name, shape, kind)
        for name, shape, kind in model.tensors
    ]
    return model


def bge_large() -> Model:
    """Return an embedding model: no cache, no output."""
    embd, layers = 1024, 24
    model = Model("bert", embd, layers, 30522, quant="F16")
    attention = Attention(16, 16, 64, bias=True, out_bias=True)
    feed = FeedForward(4096, gate=False, bias=True)
    model.keys = {"context_length": 512} | attention.keys() | feed.keys()
    model.keys |= {"attention.causal": False, "pooling_type": 2}
    model.tokenizer = vocabulary(model.vocab, 10) | {"tokenizer.ggml.token_type_count": 2}
    model.weight("token_embd", embd, model.vocab)
    model.weight("token_types", embd, 2, kind="F32")
    model.weight("position_embd", embd, 512, kind="F32")
    model.weight("token_embd_norm", embd, bias=True)
    for layer in range(layers):
        attention.add(model, layer)
        feed.add(model, layer)
        model.norms(layer, "attn_output_norm", "layer_output_norm", bias=True)
    return model


class _KimiDelta:
    """Kimi's delta attention."""

    heads, head, conv = 32, 128, 4

    def keys(self) -> dict[str, int]:
        return {"ssm.conv_kernel": self.conv, "kda.head_dim": self.head}

    def add(self, model: Model, layer: int) -> None:
        block, wide = f"blk.{layer}.", self.heads * self.head
        for name in "qkv":
            model.weight(f"{block}ssm_conv1d_{name}", self.conv, 1, wide, kind="F32")
            model.weight(f"{block}attn_{name}", model.embd, wide)
        model.weight(f"{block}ssm_f_a", model.embd, self.head)
        model.weight(f"{block}ssm_f_b", self.head, wide)
        model.weight(f"{block}ssm_beta", model.embd, self.heads)
        model.add(f"{block}ssm_a", 1, self.heads, kind="F32")
        model.add(f"{block}ssm_dt.bias", wide)
        model.weight(f"{block}ssm_g_a", model.embd, self.head)
        model.weight(f"{block}ssm_g_b", self.head, wide)
        model.weight(f"{block}ssm_norm", self.head)
        model.weight(f"{block}attn_output", wide, model.embd)


def kimi_linear_48b() -> Model:
    """Return a model of delta attention with multi-head latent attention in every fourth layer."""
    latent, delta = Latent(32, 128, 64, 128, 512), _KimiDelta()
    feed = Experts(256, 8, 1024, dense=9216, shared=1024, probs=True, lead=1)
    model = Model("kimi-linear", 2304, 27, 163840)
    model.keys = {"context_length": 1048576} | latent.keys() | delta.keys() | feed.keys()
    full = [layer in (3, 7, 11, 15, 19, 23, 26) for layer in range(27)]
    model.keys["attention.head_count_kv"] = [1 if on else 0 for on in full]
    model.keys["expert_weights_scale"] = 2.446
    model.ends()
    for layer, on in enumerate(full):
        model.norms(layer, "attn_norm", "ffn_norm")
        (latent if on else delta).add(model, layer)
        feed.add(model, layer)
    return model


def deepseek_v3_2() -> Model:
    """Return a model with a cache for its indexer beside that of its attention."""
    heads, size, rank = 64, 128, 1536
    model = transformer(
        "deepseek32", Latent(128, 128, 64, 128, 512, q_rank=rank),
        Experts(256, 8, 2048, dense=18432, shared=2048, lead=3, probs=True),
        embd=7168, layers=61, vocab=129280, ctx=163840, expert_weights_scale=2.5,
        attention__indexer__head_count=heads, attention__indexer__key_length=size,
        attention__indexer__top_k=2048,
    )  # fmt: skip
    for layer in range(model.layers):
        block = f"blk.{layer}.indexer."
        model.weight(f"{block}k_norm", size, bias=True)
        model.weight(f"{block}proj", model.embd, heads)
        model.weight(f"{block}attn_k", model.embd, size)
        model.weight(f"{block}attn_q_b", rank, heads * size)
    return model
