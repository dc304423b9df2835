"""Families of models: headers whose layers are all alike, or alternate."""

from collections.abc import Sequence
from typing import Any, Protocol

from tests.gguf.memory.blocks import Attention, Experts, Latent, Model


class Part(Protocol):
    """A part of a layer."""

    def keys(self) -> dict[str, Any]:
        """Return the keys that describe it."""

    def add(self, model: Model, layer: int) -> None:
        """Add its tensors."""


USUAL = ("attn_norm", "ffn_norm")


def transformer(
    arch: str,
    attention: Attention | Latent,
    feed: Part,
    *,
    embd: int,
    layers: int,
    vocab: int,
    ctx: int,
    norms: Sequence[str] = USUAL,
    norm_bias: bool = False,
    tied: bool = False,
    quant: str = "Q4_K",
    **keys: Any,
) -> Model:
    """Return a model of ``layers`` equal layers; keys may have ``__`` in place of a dot."""
    more = {key.replace("__", "."): value for key, value in keys.items()}
    model = Model(arch, embd, layers, vocab, quant=quant)
    model.keys = {"context_length": ctx} | attention.keys() | feed.keys() | more
    model.ends(tied=tied, bias=norm_bias)
    for layer in range(layers):
        model.norms(layer, *norms, bias=norm_bias)
        attention.add(model, layer)
        feed.add(model, layer)
    return model


def next_token(model: Model, attention: Part, feed: Part, *, norms: Sequence[str] = USUAL) -> Model:
    """Add a layer that predicts a further token."""
    layer = model.layers
    model.layers += 1
    model.keys["nextn_predict_layers"] = 1
    model.norms(layer, *norms)
    attention.add(model, layer)
    feed.add(model, layer)
    block = f"blk.{layer}.nextn."
    model.weight(f"{block}eh_proj", 2 * model.embd, model.embd)
    for norm in ("enorm", "hnorm", "shared_head_norm"):
        model.weight(block + norm, model.embd)
    for table in ("embed_tokens", "shared_head_head"):
        model.weight(block + table, model.embd, model.vocab)
    return model


def hybrid(
    arch: str,
    attention: Attention,
    recurrent: Part,
    feed: Part | None,
    attends: Sequence[bool],
    *,
    embd: int,
    vocab: int,
    ctx: int,
    norms: Sequence[str] = USUAL,
    tied: bool = False,
    heads_per_layer: bool = True,
    sparse: Part | None = None,
    **keys: Any,
) -> Model:
    """Return a model whose layers attend or keep a state; ``sparse``: the odd layers' experts."""
    more = {key.replace("__", "."): value for key, value in keys.items()}
    model = Model(arch, embd, len(attends), vocab)
    parts = [attention, recurrent, *(part for part in (feed, sparse) if part)]
    model.keys = {"context_length": ctx}
    for part in parts:
        model.keys |= part.keys()
    if heads_per_layer:
        model.keys["attention.head_count_kv"] = [attention.kv if on else 0 for on in attends]
    model.keys |= more
    model.ends(tied=tied)
    for layer, on in enumerate(attends):
        model.norms(layer, *norms)
        (attention if on else recurrent).add(model, layer)
        then = sparse if sparse and layer % 2 else feed
        if then:
            then.add(model, layer)
    return model


def experts_every(model: Model, experts: Experts) -> Model:
    """Describe experts in a model that has them in some layers only."""
    model.keys |= experts.keys()
    return model
