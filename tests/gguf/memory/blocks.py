"""Headers of models at their real sizes, put together from the blocks that architectures share.

Names and shapes of tensors: load_arch_tensors of each architecture in llama.cpp's src/models/.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from termai.gguf.header import Header, parse_header
from tests.gguf.building import TensorSpec, build, write_sparse

Keys = Mapping[str, Any]


@dataclass(slots=True)
class Model:
    """A header in the making: dimensions, keys without their architecture, and tensors."""

    arch: str
    embd: int
    layers: int
    vocab: int
    keys: dict[str, Any] = field(default_factory=dict)
    tensors: list[TensorSpec] = field(default_factory=list)
    quant: str = "Q4_K"
    tokenizer: dict[str, Any] = field(default_factory=dict)

    def metadata(self) -> dict[str, Any]:
        """Return what llama.cpp asks of a header, without a tokenizer."""
        own = {
            "block_count": self.layers,
            "embedding_length": self.embd,
            "vocab_size": self.vocab,
            "attention.layer_norm_rms_epsilon": 1e-5,
            "attention.layer_norm_epsilon": 1e-5,
        } | self.keys
        return {
            "general.architecture": self.arch,
            **(self.tokenizer or {"tokenizer.ggml.model": "no_vocab"}),
            **{f"{self.arch}.{key}": value for key, value in own.items()},
        }

    def header(self) -> Header:
        """Return the header as it is read from a file."""
        return parse_header(build(self.metadata(), self.tensors))

    def write(self, path: Path) -> Path:
        """Write it as a file whose data is a hole."""
        return write_sparse(path, self.metadata(), self.tensors)

    def add(self, name: str, *shape: int, kind: str = "") -> None:
        """Add a tensor: a matrix in the model's quantization, a vector in F32."""
        row = shape[0]
        usual = self.quant if row % 256 == 0 else "Q8_0" if row % 32 == 0 else "F16"
        self.tensors.append((name, shape, kind or ("F32" if len(shape) == 1 else usual)))

    def weight(self, name: str, *shape: int, bias: bool = False, kind: str = "") -> None:
        """Add NAME.weight and, if wanted, a NAME.bias as long as a column."""
        self.add(f"{name}.weight", *shape, kind=kind)
        if bias:
            self.add(f"{name}.bias", shape[-1])

    def ends(self, *, tied: bool = False, bias: bool = False, norm: str = "output_norm") -> None:
        """Add the embedding, the last norm and, unless it is tied, the output."""
        self.weight("token_embd", self.embd, self.vocab)
        self.weight(norm, self.embd, bias=bias)
        if not tied:
            self.weight("output", self.embd, self.vocab, kind="Q6_K" if not self.embd % 256 else "")

    def norms(self, layer: int, *names: str, bias: bool = False) -> None:
        """Add norms as wide as the embedding."""
        for name in names:
            self.weight(f"blk.{layer}.{name}", self.embd, bias=bias)


@dataclass(frozen=True, slots=True)
class Attention:
    """The attention of a layer: heads, those of keys and values, the size of each.

    qk_norm: of a norm over a head (``head``) or all of them (``full``). double: queries are
    twice as wide, with a gate.
    """

    heads: int
    kv: int
    head: int
    value: int = 0
    bias: bool = False
    out_bias: bool = False
    qk_norm: str = ""
    fused: bool = False
    double: bool = False

    def keys(self) -> dict[str, Any]:
        """Return the keys that describe it."""
        return {
            "attention.head_count": self.heads,
            "attention.head_count_kv": self.kv,
            "attention.key_length": self.head,
            "attention.value_length": self.value or self.head,
            "rope.dimension_count": self.head,
        }

    def add(self, model: Model, layer: int) -> None:
        """Add its tensors."""
        block, value = f"blk.{layer}.attn_", self.value or self.head
        query = self.heads * self.head * (2 if self.double else 1)
        rows = {"q": query, "k": self.kv * self.head, "v": self.kv * value}
        if self.fused:
            rows = {"qkv": sum(rows.values())}
        for name, wide in rows.items():
            model.weight(block + name, model.embd, wide, bias=self.bias)
        model.weight(f"{block}output", self.heads * value, model.embd, bias=self.out_bias)
        if self.qk_norm:
            full = self.qk_norm == "full"
            model.weight(f"{block}q_norm", self.head * (self.heads if full else 1))
            model.weight(f"{block}k_norm", self.head * (self.kv if full else 1))


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention; ``split``: with k_b and v_b in place of kv_b."""

    heads: int
    nope: int
    rope: int
    value: int
    kv_rank: int
    q_rank: int = 0
    split: bool = True

    def keys(self) -> dict[str, Any]:
        """Return the keys that describe it."""
        made: dict[str, Any] = {
            "attention.head_count": self.heads,
            "attention.kv_lora_rank": self.kv_rank,
            "rope.dimension_count": self.rope,
        }
        if self.q_rank:
            made["attention.q_lora_rank"] = self.q_rank
        key, value = self.nope + self.rope, self.value
        if not self.split:
            return made | {
                "attention.head_count_kv": self.heads,
                "attention.key_length": key,
                "attention.value_length": value,
            }
        return made | {
            "attention.head_count_kv": 1,
            "attention.key_length": self.kv_rank + self.rope,
            "attention.value_length": self.kv_rank,
            "attention.key_length_mla": key,
            "attention.value_length_mla": value,
        }

    def add(self, model: Model, layer: int) -> None:
        """Add its tensors."""
        block, key = f"blk.{layer}.attn_", self.nope + self.rope
        if self.q_rank:
            model.weight(f"{block}q_a", model.embd, self.q_rank)
            model.weight(f"{block}q_a_norm", self.q_rank)
            model.weight(f"{block}q_b", self.q_rank, self.heads * key)
        else:
            model.weight(f"{block}q", model.embd, self.heads * key)
        model.weight(f"{block}kv_a_mqa", model.embd, self.kv_rank + self.rope)
        model.weight(f"{block}kv_a_norm", self.kv_rank)
        if self.split:
            model.weight(f"{block}k_b", self.nope, self.kv_rank, self.heads)
            model.weight(f"{block}v_b", self.kv_rank, self.value, self.heads)
        else:
            model.weight(f"{block}kv_b", self.kv_rank, self.heads * (self.nope + self.value))
        model.weight(f"{block}output", self.heads * self.value, model.embd)


@dataclass(frozen=True, slots=True)
class FeedForward:
    """A dense feed-forward part; fused: gate and up in one tensor."""

    wide: int
    gate: bool = True
    bias: bool = False
    fused: bool = False

    def keys(self) -> dict[str, Any]:
        """Return the keys that describe it."""
        return {"feed_forward_length": self.wide}

    def add(self, model: Model, layer: int) -> None:
        """Add its tensors."""
        block, up = f"blk.{layer}.ffn_", self.wide * (2 if self.fused else 1)
        if self.gate and not self.fused:
            model.weight(f"{block}gate", model.embd, self.wide, bias=self.bias)
        model.weight(f"{block}up", model.embd, up, bias=self.bias)
        model.weight(f"{block}down", self.wide, model.embd, bias=self.bias)


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of experts: their number, how many are used, the width of each.

    shared: width of what every token passes; shared_gate: with a gate of its own. probs: with a
    correction of the router. lead: layers that are dense.
    """

    count: int
    used: int
    wide: int
    dense: int = 0
    shared: int = 0
    shared_gate: bool = False
    probs: bool = False
    bias: bool = False
    gate: bool = True
    lead: int = 0
    kind: str = ""

    def keys(self) -> dict[str, Any]:
        """Return the keys that describe it."""
        return {
            "expert_count": self.count,
            "expert_used_count": self.used,
            "expert_feed_forward_length": self.wide,
            "feed_forward_length": self.dense or self.wide,
            "expert_shared_count": 1 if self.shared else 0,
            "expert_shared_feed_forward_length": self.shared,
            "leading_dense_block_count": self.lead,
            "expert_gating_func": 2,
        }

    def add(self, model: Model, layer: int) -> None:
        """Add its tensors."""
        if layer < self.lead:
            FeedForward(self.dense).add(model, layer)
            return
        block = f"blk.{layer}.ffn_"
        names = ("gate", "up") if self.gate else ("up",)
        model.weight(f"{block}gate_inp", model.embd, self.count, bias=self.bias, kind="F32")
        for name in names:
            model.weight(f"{block}{name}_exps", model.embd, self.wide, self.count, kind=self.kind)
            if self.bias:
                model.add(f"{block}{name}_exps.bias", self.wide, self.count, kind="F32")
        model.weight(f"{block}down_exps", self.wide, model.embd, self.count, kind=self.kind)
        if self.bias:
            model.add(f"{block}down_exps.bias", model.embd, self.count, kind="F32")
        if self.probs:
            model.add(f"blk.{layer}.exp_probs_b.bias", self.count)
        if self.shared_gate:
            model.weight(f"{block}gate_inp_shexp", model.embd)
        if self.shared:
            for name in names:
                model.weight(f"{block}{name}_shexp", model.embd, self.shared)
            model.weight(f"{block}down_shexp", self.shared, model.embd)


@dataclass(frozen=True, slots=True)
class Mamba2:
    """A state-space layer of the second kind, its width, state, heads and groups."""

    inner: int
    state: int
    heads: int
    groups: int = 1
    conv: int = 4
    norm: bool = True

    def keys(self) -> dict[str, Any]:
        """Return the keys that describe it."""
        return {
            "ssm.conv_kernel": self.conv,
            "ssm.inner_size": self.inner,
            "ssm.state_size": self.state,
            "ssm.time_step_rank": self.heads,
            "ssm.group_count": self.groups,
        }

    def add(self, model: Model, layer: int) -> None:
        """Add its tensors."""
        block, wide = f"blk.{layer}.ssm_", self.inner + 2 * self.groups * self.state
        model.weight(f"{block}in", model.embd, self.inner + wide + self.heads)
        model.weight(f"{block}conv1d", self.conv, wide, bias=True, kind="F32")
        model.add(f"{block}dt.bias", self.heads)
        model.add(f"{block}a", 1, self.heads, kind="F32")
        model.add(f"{block}d", 1, self.heads, kind="F32")
        if self.norm:
            model.weight(f"{block}norm", self.inner // self.groups, self.groups, kind="F32")
        model.weight(f"{block}out", self.inner, model.embd)


@dataclass(frozen=True, slots=True)
class Mamba1:
    """A state-space layer of the first kind; norms: as Jamba has them."""

    inner: int
    state: int
    rank: int
    conv: int = 4
    norms: bool = False

    def keys(self) -> dict[str, Any]:
        """Return the keys that describe it."""
        return {
            "ssm.conv_kernel": self.conv,
            "ssm.inner_size": self.inner,
            "ssm.state_size": self.state,
            "ssm.time_step_rank": self.rank,
        }

    def add(self, model: Model, layer: int) -> None:
        """Add its tensors."""
        block = f"blk.{layer}.ssm_"
        model.weight(f"{block}in", model.embd, 2 * self.inner)
        model.weight(f"{block}conv1d", self.conv, self.inner, bias=True, kind="F32")
        model.weight(f"{block}x", self.inner, self.rank + 2 * self.state)
        model.weight(f"{block}dt", self.rank, self.inner, bias=True)
        model.add(f"{block}a", self.state, self.inner, kind="F32")
        model.add(f"{block}d", self.inner)
        model.weight(f"{block}out", self.inner, model.embd)
        if self.norms:
            sizes = {"dt": self.rank, "b": self.state, "c": self.state}
            for name, wide in sizes.items():
                model.weight(f"{block}{name}_norm", wide)


@dataclass(frozen=True, slots=True)
class DeltaNet:
    """A gated delta net: the size of a head, heads of keys and of values."""

    head: int
    key_heads: int
    value_heads: int
    conv: int = 4
    joined: bool = True

    def keys(self) -> dict[str, Any]:
        """Return the keys that describe it."""
        return {
            "ssm.conv_kernel": self.conv,
            "ssm.inner_size": self.head * self.value_heads,
            "ssm.state_size": self.head,
            "ssm.time_step_rank": self.value_heads,
            "ssm.group_count": self.key_heads,
        }

    def add(self, model: Model, layer: int) -> None:
        """Add its tensors."""
        block, value = f"blk.{layer}.", self.head * self.value_heads
        wide = 2 * self.head * self.key_heads + value
        model.weight(f"{block}attn_qkv", model.embd, wide)
        model.weight(f"{block}attn_gate", model.embd, value)
        model.weight(f"{block}ssm_conv1d", self.conv, wide, kind="F32")
        model.add(f"{block}ssm_dt.bias", self.value_heads)
        model.add(f"{block}ssm_a", self.value_heads)
        if self.joined:
            model.weight(f"{block}ssm_ba", model.embd, 2 * self.value_heads)
        else:
            model.weight(f"{block}ssm_beta", model.embd, self.value_heads)
            model.weight(f"{block}ssm_alpha", model.embd, self.value_heads)
        model.weight(f"{block}ssm_norm", self.head)
        model.weight(f"{block}ssm_out", value, model.embd)
