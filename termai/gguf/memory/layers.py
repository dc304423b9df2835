"""What a layer is made of, as its tensors tell: the parts from which its graph is built."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from termai.gguf.header import Header
from termai.gguf.memory.hparams import Hparams

_LAYER = re.compile(r"blk\.(\d+)\.(.+)")

Shapes = Mapping[str, tuple[int, ...]]

# Architectures that add attention and feed-forward part to the same input.
PARALLEL = frozenset({"phi2", "falcon", "cohere2", "cohere2moe", "command-r", "gptj", "plamo"})
# Architectures with ggml_norm, which is not done in place, though their norms have no bias.
LAYER_NORM = frozenset({"cohere2", "cohere2moe", "command-r", "olmo", "dbrx", "mpt"})
# Architectures without rotation by position, in all layers or in every so many.
_UNTURNED = frozenset(
    {"bloom", "gpt2", "jais", "jamba", "mpt", "nemotron_h", "nemotron_h_moe", "refact", "starcoder"}
)
_UNTURNED_EVERY = {"smollm3": 4}
_TURNED_WINDOWED = frozenset({"cohere2", "cohere2moe"})
_SPARSE = 10  # n_layer_sparsity in src/models/models.h
# Architectures that norm the values too.
_VALUE_NORM = frozenset({"gemma3n", "gemma4"})


@dataclass(frozen=True, slots=True)
class Attention:
    """Attention: heads of queries and of keys and values, the sizes of their heads.

    norm: ``head`` or ``full`` where queries and keys have norms. q_rank, kv_rank, rope: of
    latent attention; absorbed: with the cache of the latent vectors alone. double: queries are
    twice as wide, with a gate. stores: whether it has keys and values of its own. turned: whether
    queries and keys are rotated by their position. indexer: heads, size and choice of an indexer.
    """

    heads: int
    kv: int
    key: int
    value: int
    windowed: bool
    fused: bool = False
    bias: bool = False
    out_bias: bool = False
    norm: str = ""
    q_rank: int = 0
    kv_rank: int = 0
    rope: int = 0
    absorbed: bool = False
    double: bool = False
    stores: bool = True
    turned: bool = True
    value_norm: bool = False
    indexer: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed-forward part, dense (experts 0) or of experts, of which ``used`` work on a token.

    shared: width of what all tokens pass. fused: gate and up are one tensor. sparse: all but the
    largest of the gate are set to zero.
    """

    wide: int = 0
    gate: bool = False
    fused: bool = False
    bias: bool = False
    experts: int = 0
    used: int = 0
    shared: int = 0
    shared_gate: bool = False
    corrected: bool = False
    expert_bias: bool = False
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """A recurrent part: ``mamba1``, ``mamba2``, ``delta``, ``conv``, ``kda``, ``rwkv``.

    inner: its width; state: of each head; heads; groups; conv: tokens that it looks back upon.
    """

    kind: str
    inner: int
    state: int
    heads: int
    groups: int
    conv: int
    rank: int = 0
    norms: bool = False

    @property
    def projection(self) -> int:
        """Elements of a token's projection, in which all of its parts lie side by side."""
        if self.kind == "mamba2":
            return 2 * self.inner + 2 * self.groups * self.state + self.heads
        return 2 * self.inner


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: its parts, and which norms surround them.

    per_layer: width of an input of its own. scaled: whether its output is scaled. both_norms:
    whether its dense part and its experts have norms of their own (gemma4).
    """

    attention: Attention | None
    state: State | None
    dense: Feed | None
    experts: Feed | None
    norm_bias: bool
    norm_in_place: bool
    before: bool
    after_attention: bool
    before_feed: bool
    after_feed: bool
    parallel: bool
    per_layer: int = 0
    scaled: bool = False
    both_norms: bool = False


def layers(header: Header, model: Hparams) -> tuple[Layer, ...]:
    """Return the layers that a prompt passes through."""
    shapes: list[dict[str, tuple[int, ...]]] = [{} for _ in range(model.layers)]
    for tensor in header.tensors:
        found = _LAYER.fullmatch(tensor.name)
        if found and int(found[1]) < model.layers:
            shapes[int(found[1])][found[2].removesuffix(".weight")] = tensor.shape
    return tuple(_layer(header, model, each, layer) for layer, each in enumerate(shapes))


def _layer(header: Header, model: Hparams, shapes: Shapes, layer: int) -> Layer:
    name = model.architecture
    norm_bias = any(f"{each}.bias" in shapes for each in ("attn_norm", "attn_output_norm"))
    return Layer(
        attention=_attention(header, model, shapes, layer),
        state=_state(header, model, shapes),
        dense=_dense(shapes, sparse=name == "gemma3n" and layer < _SPARSE),
        experts=_experts(header, model, shapes, layer),
        norm_bias=norm_bias,
        norm_in_place=not norm_bias and name not in LAYER_NORM,
        before="attn_norm" in shapes,
        after_attention=("post_attention_norm" in shapes and "ffn_norm" in shapes)
        or ("attn_norm" not in shapes and "post_attention_norm" in shapes),
        before_feed="ffn_norm" in shapes
        or ("post_attention_norm" in shapes and "attn_norm" in shapes),
        after_feed="post_ffw_norm" in shapes,
        parallel=name in PARALLEL,
        per_layer=shapes["inp_gate"][-1] if "inp_gate" in shapes else 0,
        scaled="layer_output_scale" in shapes,
        both_norms="pre_ffw_norm_2" in shapes,
    )  # fmt: skip


def _attention(header: Header, model: Hparams, shapes: Shapes, layer: int) -> Attention | None:
    if "attn_output" not in shapes or "ssm_conv1d_q" in shapes or "time_mix_key" in shapes:
        return None
    heads, kv = model.heads[layer], model.heads_kv[layer]
    rank = header.number(header.own("attention.kv_lora_rank"))
    if "attn_kv_a_mqa" in shapes and rank > 0:
        return _latent(header, model, shapes, layer, rank)
    key, value = model.head_k[layer], model.head_v[layer]
    norm = shapes.get("attn_q_norm", ())
    query = shapes.get("attn_q", (0, 0))[-1]
    return Attention(
        heads, kv, key, value, model.windowed[layer],
        fused="attn_qkv" in shapes,
        bias="attn_q.bias" in shapes or "attn_qkv.bias" in shapes,
        out_bias="attn_output.bias" in shapes,
        norm="" if not norm else "full" if norm[0] > key else "head",
        double=bool(heads and key) and query == 2 * heads * key,
        stores=model.cached[layer] or not any(model.cached),
        turned=_turned(model, layer),
        value_norm=model.architecture in _VALUE_NORM,
    )  # fmt: skip


def _latent(header: Header, model: Hparams, shapes: Shapes, layer: int, rank: int) -> Attention:
    absorbed = "attn_k_b" in shapes
    own = header.own
    key = header.number(own("attention.key_length_mla")) if absorbed else model.head_k[layer]
    value = header.number(own("attention.value_length_mla")) if absorbed else model.head_v[layer]
    return Attention(
        model.heads[layer], model.heads_kv[layer], key, value, model.windowed[layer],
        q_rank=shapes["attn_q_a"][-1] if "attn_q_a" in shapes else 0,
        kv_rank=rank,
        rope=header.number(own("rope.dimension_count")),
        absorbed=absorbed,
        indexer=_indexer(header) if "indexer.attn_k" in shapes else (0, 0, 0),
    )  # fmt: skip


def _turned(model: Hparams, layer: int) -> bool:
    name = model.architecture
    if name in _TURNED_WINDOWED:
        return model.windowed[layer]
    every = _UNTURNED_EVERY.get(name, 0)
    return name not in _UNTURNED and not (every and (layer + 1) % every == 0)


def _indexer(header: Header) -> tuple[int, int, int]:
    heads, size, most = (
        header.number(header.own(f"attention.indexer.{key}"))
        for key in ("head_count", "key_length", "top_k")
    )
    return heads, size, most


def _dense(shapes: Shapes, *, sparse: bool) -> Feed | None:
    if "ffn_up" not in shapes or "ffn_down" not in shapes:
        return None
    wide = shapes["ffn_down"][0]
    gate = "ffn_gate" in shapes
    fused = not gate and shapes["ffn_up"][-1] == 2 * wide
    return Feed(wide, gate, fused, bias="ffn_up.bias" in shapes, sparse=sparse)


def _experts(header: Header, model: Hparams, shapes: Shapes, layer: int) -> Feed | None:
    down = shapes.get("ffn_down_exps", ())
    if len(down) != 3:
        return None
    used = header.per_layer(header.own("expert_used_count"), model.layers)[layer]
    return Feed(
        wide=down[0],
        gate="ffn_gate_exps" in shapes or "ffn_gate_up_exps" in shapes,
        fused="ffn_gate_up_exps" in shapes,
        experts=down[2],
        used=min(max(used, 1), down[2]),
        shared=shapes["ffn_down_shexp"][0] if "ffn_down_shexp" in shapes else 0,
        shared_gate="ffn_gate_inp_shexp" in shapes,
        corrected="exp_probs_b.bias" in shapes,
        expert_bias="ffn_down_exps.bias" in shapes,
    )


def _state(header: Header, model: Hparams, shapes: Shapes) -> State | None:
    own, number = header.own, header.number
    inner, state = number(own("ssm.inner_size")), number(own("ssm.state_size"))
    rank, groups = number(own("ssm.time_step_rank")), number(own("ssm.group_count"))
    conv = number(own("ssm.conv_kernel"))
    if "ssm_x" in shapes:
        return State("mamba1", inner, state, inner, 1, conv, rank, "ssm_dt_norm" in shapes)
    if "ssm_d" in shapes:
        return State("mamba2", inner, state, rank, groups, conv, norms="ssm_norm" in shapes)
    if "ssm_conv1d_q" in shapes:
        size = number(own("kda.head_dim"))
        heads = max(model.heads)
        return State("kda", heads * size, size, heads, heads, conv)
    if "ssm_conv1d" in shapes:
        return State("delta", inner, state, rank, groups, conv)
    if "shortconv.conv" in shapes:
        return State("conv", model.embd, 0, 0, 0, number(own("shortconv.l_cache")))
    if "time_mix_key" in shapes:
        size = number(own("wkv.head_size"))
        wide = shapes.get("channel_mix_key", (0, 0))[-1]
        fused = "time_mix_lerp_fused" in shapes
        heads = model.embd // max(1, size)
        return State("rwkv", model.embd, size, heads, 0, 0, rank=wide, norms=fused)
    return None
