"""The buffer that a device needs to work through one micro-batch, and that of the logits.

llama.cpp builds the graph of the largest micro-batch and lets ggml's allocator lay it out
(llama_context::sched_reserve in src/llama-context.cpp). The same graph is built here for the
layers that differ, and laid out in the same way.
"""

from collections.abc import Sequence

from termai.gguf.memory import cache
from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.hparams import WITHOUT_CACHE, Hparams
from termai.gguf.memory.layers import Layer
from termai.gguf.memory.options import LoadOptions
from termai.gguf.memory.parts import Batch, Inputs, attend, feed_forward, latent, mixture, norm
from termai.gguf.memory.states import recurrent

_REPLAYED = 8
_F32 = 4

# Architectures that choose the tokens to answer only after the last layer (embeddings_nextn).
LATE = frozenset({"gpt-oss", "qwen3next", "qwen35", "qwen35moe"})
# Of these, those that keep the state before the last norm.
_KEEPS_LAST = frozenset({"gpt-oss"})
# Architectures that weigh the input of the experts and not their output.
_WEIGHED_BEFORE = frozenset({"llama4"})
# Architectures whose router's weights are not made to sum to one.
_NOT_NORMED = frozenset({"llama4", "gpt-oss"})


def batch(model: Hparams, options: LoadOptions) -> Batch:
    """Return what the largest graph is built for (llama_context's constructor)."""
    asked = options.ctx_size or model.trained or cache.PAD
    slots = max(1, options.parallel)
    cached = model.architecture not in WITHOUT_CACHE
    tokens = max(1, options.batch_size)
    tokens = min(tokens, asked) if cached else tokens
    tokens = max(1, min(tokens, options.ubatch_size or tokens))
    full, windowed = cache.cells(model, options)
    quantized = [
        cache.cache_type(name).block > 1 and cached
        for name in (options.cache_type_k, options.cache_type_v)
    ]
    widest = max((h * d for h, d in zip(model.heads_kv, model.head_v, strict=True)), default=0)
    return Batch(
        tokens=tokens,
        slots=slots,
        streams=1 if options.kv_unified else slots,
        cells=full if cached else tokens,
        cells_windowed=windowed if cached else tokens,
        flash=options.flash_attn,
        rotate_k=quantized[0],
        rotate_v=quantized[1],
        value_row=widest,
        cached=cached,
    )


def chosen(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return the layers to replay: no more than two alike in a row, each kind, and the last."""
    found: list[Layer] = []
    for layer in layers:
        if found[-2:] != [layer, layer]:
            found.append(layer)
    kept = found[:_REPLAYED]
    kept += [layer for layer in dict.fromkeys(found) if layer not in kept]
    return (*kept, *layers[-1:]) if layers[-1:] != tuple(kept[-1:]) else tuple(kept)


def peak(model: Hparams, at: Batch, layers: Sequence[Layer], *, first: bool, last: bool) -> int:
    """Return the bytes for the given layers, with the embedding of tokens and the logits or not."""
    graph = Graph()
    inputs = Inputs(graph, at)
    cur = _begin(graph, model, at, first)
    for index, layer in enumerate(layers):
        final = last and index == len(layers) - 1
        early = final and model.architecture not in LATE
        cur = _layer(graph, inputs, model, layer, cur, rows=early)
    if last:
        cur = _end(graph, model, at, layers[-1:], cur)
    graph.expand(cur)
    cur.kept = True
    return graph.peak()


def logits(model: Hparams, options: LoadOptions) -> int:
    """Return the bytes of the output buffer: a row for each slot, of logits or of an embedding."""
    row = model.embd if model.architecture in WITHOUT_CACHE else model.vocab
    return row * _F32 * max(1, options.parallel)


def _begin(graph: Graph, model: Hparams, at: Batch, first: bool) -> Node:
    tokens, embd = at.tokens, model.embd
    beside = graph.input(embd, tokens)
    if not first:
        graph.expand(beside)
        return graph.change(beside)
    cur = graph.make(graph.input(tokens), shape=(embd, tokens))
    graph.expand(cur)
    graph.expand(beside)
    return cur


def _end(graph: Graph, model: Hparams, at: Batch, layers: Sequence[Layer], cur: Node) -> Node:
    in_place = all(layer.norm_in_place for layer in layers)
    bias = any(layer.norm_bias for layer in layers)
    name = model.architecture
    if name in WITHOUT_CACHE:
        return cur
    if name in _KEEPS_LAST:
        cur.kept = True
        cur = graph.make(cur, graph.input(at.tokens), shape=cur.shape)
    cur = norm(graph, cur, in_place=in_place, bias=bias)
    if name in LATE and name not in _KEEPS_LAST:
        cur.kept = True
        cur = graph.make(cur, graph.input(at.tokens), shape=cur.shape)
    cur.kept = True
    return graph.make(cur, shape=(model.vocab, at.tokens))


def _layer(
    graph: Graph, inputs: Inputs, model: Hparams, layer: Layer, source: Node, *, rows: bool
) -> Node:
    normed = _norm(graph, layer, source) if layer.before else source
    cur = _mixed(graph, inputs, layer, normed)
    if rows:
        answered = graph.input(inputs.batch.tokens)
        cur = graph.make(cur, answered, shape=cur.shape)
        source = graph.make(source, answered, shape=source.shape)
        if layer.parallel:
            normed = graph.make(normed, answered, shape=normed.shape)
    if layer.after_attention:
        cur = _norm(graph, layer, cur)
    if layer.parallel:
        fed = _feed(graph, model, layer, normed)
        return graph.change(graph.change(fed, source), cur)
    inner = graph.change(cur, source)
    fed = _norm(graph, layer, inner) if layer.before_feed else inner
    if layer.dense is None and layer.experts is None:
        return inner
    out = _feed(graph, model, layer, fed)
    if layer.after_feed:
        out = _norm(graph, layer, out)
    return graph.change(out, inner)


def _mixed(graph: Graph, inputs: Inputs, layer: Layer, cur: Node) -> Node:
    """Return what attention and the recurrent part make of it, added where there are both."""
    made: list[Node] = []
    if layer.state is not None:
        made.append(recurrent(graph, inputs, layer.state, cur))
    at = layer.attention
    if at is not None:
        made.append((latent if at.kv_rank else attend)(graph, inputs, at, cur))
    if not made:
        return cur
    return made[0] if len(made) == 1 else graph.change(*made)


def _feed(graph: Graph, model: Hparams, layer: Layer, cur: Node) -> Node:
    name = model.architecture
    made: list[Node] = []
    if layer.dense is not None:
        made.append(feed_forward(graph, layer.dense, cur))
    if layer.experts is not None:
        made.append(
            mixture(
                graph, layer.experts, cur,
                before=name in _WEIGHED_BEFORE, normed=name not in _NOT_NORMED,
            )
        )  # fmt: skip
    return made[0] if len(made) == 1 else graph.change(*made)


def _norm(graph: Graph, layer: Layer, cur: Node) -> Node:
    return norm(graph, cur, in_place=layer.norm_in_place, bias=layer.norm_bias)
