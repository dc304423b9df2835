"""The buffer that a device needs to work through one micro-batch, and that of the logits.

llama.cpp builds the graph of the largest micro-batch and lets ggml's allocator lay it out
(llama_context::sched_reserve in src/llama-context.cpp). The same graph is built here for the
layers that differ, and laid out in the same way.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import Enum
from functools import lru_cache

from termai.gguf.memory import altup, cache
from termai.gguf.memory.assembly import Assembly, looked_up, per_layer_inputs
from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.hparams import WITHOUT_CACHE, Hparams
from termai.gguf.memory.inputs import Batch, Inputs, norm
from termai.gguf.memory.layers import Feed, Layer
from termai.gguf.memory.options import LoadOptions
from termai.gguf.memory.plan import CELLS, CELLS_WINDOWED, Plan, UnevenError, planned, reduced

_F32 = 4
_KNOWN_PLANS = 512

# Architectures that choose the tokens to answer only after the last layer (embeddings_nextn).
LATE = frozenset(
    {"gemma4", "gpt-oss", "nemotron_h", "nemotron_h_moe", "qwen3next", "qwen35", "qwen35moe"}
)
# Of these, those that keep the state before the last norm.
_KEEPS_LAST = frozenset({"gpt-oss"})
# Architectures that scale what the logits are made from.
_SCALED = frozenset({"minicpm3"})
# Architectures that norm the embedding.
_NORMED_FIRST = frozenset({"bloom", "rwkv6", "rwkv7"})


class Begin(Enum):
    """What the first layer of a device begins with.

    TOKENS: it looks up their embedding. EMBEDDING: that comes from the CPU. SUM: two states come
    from layers on the CPU, to be added. NORMED: a state and its norm come from another GPU. Which
    operation goes where: ggml_backend_sched_split_graph in ggml/src/ggml-backend.cpp.
    """

    TOKENS = "tokens"
    EMBEDDING = "embedding"
    SUM = "sum"
    NORMED = "normed"


def batch(model: Hparams, options: LoadOptions) -> Batch:
    """Return what the largest graph is built for (llama_context's constructor)."""
    slots = max(1, options.parallel)
    cached = model.architecture not in WITHOUT_CACHE
    tokens = cache.micro_batch(model, options)
    full, windowed = cache.cells(model, options)
    quantized = [
        cache.cache_type(name).block > 1 and cached
        for name in (options.cache_type_k, options.cache_type_v)
    ]
    widest = max((h * d for h, d in zip(model.heads_kv, model.head_v, strict=True)), default=0)
    return Batch(
        tokens=tokens,
        outputs=min(tokens, options.outputs) if options.outputs > 0 else tokens,
        slots=slots,
        cells=full if cached else tokens,
        cells_windowed=windowed if cached else tokens,
        flash=options.flash_attn,
        rotate_k=quantized[0],
        rotate_v=quantized[1],
        value_row=widest,
        cached=cached,
        two_caches=bool(model.window),
        streams=1 if options.kv_unified else slots,
    )


def fetching(at: Batch, options: LoadOptions) -> Batch:
    """Return the same for a device that reads its caches from another one."""
    kinds = cache.cache_type(options.cache_type_k), cache.cache_type(options.cache_type_v)
    return replace(at, distant=kinds)


def peak(
    model: Hparams,
    at: Batch,
    layers: Sequence[Layer],
    *,
    begin: Begin,
    last: bool,
    copies: int = 1,
    then: Layer | None = None,
) -> int:
    """Return the bytes for the given layers of a device; last: with the logits.

    copies: of each input, of which none is given up when there are several. then: the first layer
    of the next device.
    """
    deep = model.deepstack if begin is Begin.TOKENS else 0
    known: dict[tuple[int, bool], int] = {}
    kinds = [
        known.setdefault((id(layer), index < deep), len(known))
        for index, layer in enumerate(layers)
    ]
    built, order = reduced(kinds)
    apart = replace(at, cells=CELLS, cells_windowed=CELLS_WINDOWED)
    few = tuple(layers[index] for index in built)
    try:
        plan = _plan(model, apart, few, begin, last, copies, then)
        return plan.peak(order, at.cells, at.cells_windowed)
    except UnevenError:
        plan = _plan(model, apart, tuple(layers), begin, last, copies, then)
        return plan.peak(range(len(layers)), at.cells, at.cells_windowed)


@lru_cache(_KNOWN_PLANS)
def _plan(
    model: Hparams,
    at: Batch,
    layers: tuple[Layer, ...],
    begin: Begin,
    last: bool,
    copies: int,
    then: Layer | None,
) -> Plan:
    graph = Graph()
    inputs = Inputs(graph, at, model.layers, copies)
    assembly = Assembly(graph, inputs, model.architecture)
    cur = _enter(graph, model, assembly, begin, layers)
    if copies > 1:
        _exchange(graph, inputs, layers[0] if layers and begin is Begin.NORMED else None, then)
    deep = model.deepstack if begin is Begin.TOKENS else 0
    ends: list[int] = []
    for index, layer in enumerate(layers):
        final = last and index == len(layers) - 1
        cur = assembly.layer(layer, cur, rows=final and model.architecture not in LATE)
        if index < deep:
            cur = graph.change(cur, graph.view(inputs.padded(), *cur.shape))
        ends.append(len(graph.nodes))
    if last:
        cur = _end(graph, model, inputs, layers[-1:], cur)
    elif copies > 1 or begin is not Begin.TOKENS:
        graph.expand(graph.make(cur, shape=cur.shape)).kept = True
    graph.expand(cur)
    cur.kept = True
    return planned(graph, ends)


def _enter(
    graph: Graph, model: Hparams, assembly: Assembly, begin: Begin, layers: Sequence[Layer]
) -> Node:
    """Return what the first layer gets, and give the assembly what comes beside it."""
    inputs, fresh = assembly.inputs, begin in (Begin.TOKENS, Begin.EMBEDDING)
    cur = _begin(graph, model, inputs, begin)
    if model.architecture in _NORMED_FIRST and fresh:
        cur = norm(graph, cur, in_place=False, bias=True)
    several = model.architecture == altup.NAME
    if several and assembly.inputs.copies > 1:
        wide = altup.EXCHANGED_FIRST if fresh else altup.EXCHANGED_LAST
        graph.expand(inputs.embeddings("exchanged", wide, *cur.shape))
    if several and not fresh:
        cur = inputs.embeddings("", *altup.shape(cur))
    elif begin is Begin.NORMED:
        assembly.normed = inputs.embeddings("norm", *cur.shape)
    wide = max((layer.per_layer for layer in layers), default=0)
    if wide:
        cur = graph.change(cur) if fresh else cur
        assembly.beside = _per_layer(graph, model, inputs, begin, cur, wide)
    return altup.begin(graph, cur) if several and fresh else cur


def _exchange(graph: Graph, inputs: Inputs, first: Layer | None, then: Layer | None) -> None:
    """Add what devices exchange within a layer of state spaces at their boundary.

    Its projection is worked on by the device before, as no weights say otherwise.
    """
    tokens = inputs.batch.tokens
    if first is not None and first.state is not None and _exchanges(first):
        graph.expand(inputs.embeddings("projection", first.state.projection, tokens))
    if then is not None and then.state is not None and _exchanges(then):
        graph.expand(inputs.embeddings("gate", then.state.inner, tokens))


def _exchanges(layer: Layer) -> bool:
    spaces = layer.state is not None and layer.state.kind in ("mamba1", "mamba2")
    return spaces and layer.attention is None


def logits(model: Hparams, options: LoadOptions) -> int:
    """Return the bytes of the output buffer: a row of logits, or of an embedding, for each slot."""
    return max(model.vocab, model.embd) * _F32 * max(1, options.parallel)


def inputs_only(model: Hparams, at: Batch, layers: Sequence[Layer], copies: int) -> int:
    """Return the bytes on the CPU where it only looks up the embedding and holds the inputs."""
    graph = Graph()
    inputs = Inputs(graph, at, model.layers, copies)
    cur = _begin(graph, model, inputs, Begin.TOKENS)
    for windowed in {layer.attention.windowed for layer in layers if layer.attention}:
        for each in (
            inputs.mask(windowed), inputs.rows(windowed, "k"), inputs.rows(windowed, "v"),
        ):  # fmt: skip
            graph.expand(each)
    wide = max((layer.per_layer for layer in layers), default=0)
    if wide:
        looked_up(graph, at.tokens, wide, model.layers).kept = True
    graph.expand(cur)
    cur.kept = True
    return planned(graph, []).peak([0])


def experts_only(model: Hparams, at: Batch, feeds: Collection[Feed]) -> int:
    """Return the bytes that experts in RAM need on the CPU while all else is on a GPU."""
    found = 0
    for feed in feeds:
        graph = Graph()
        inputs = Inputs(graph, at, model.layers, 1)
        assembly = Assembly(graph, inputs, model.architecture)
        cur = assembly.mixture(feed, inputs.embeddings("", model.embd, at.tokens))
        graph.expand(cur)
        cur.kept = True
        found = max(found, planned(graph, []).peak([0]))
    return found


def _begin(graph: Graph, model: Hparams, inputs: Inputs, begin: Begin) -> Node:
    """Return the embedding of the tokens, or what another device has made of them."""
    shape = (model.embd, inputs.batch.tokens)
    if begin is Begin.TOKENS:
        cur = graph.make(graph.input(shape[1]), shape=shape)
        wide = (model.embd * (1 + model.deepstack), shape[1])
        if model.deepstack:
            cur = inputs.keep_padded(graph.make(cur, shape=wide))
        graph.expand(cur)
        graph.expand(inputs.embeddings("", *wide))
        return graph.view(cur, *shape) if model.deepstack else cur
    cur = inputs.embeddings("", *shape)
    return graph.change(inputs.embeddings("sum", *shape), cur) if begin is Begin.SUM else cur


def _per_layer(
    graph: Graph, model: Hparams, inputs: Inputs, begin: Begin, cur: Node, wide: int
) -> Node:
    """Return the inputs of all layers, made here or on the device before."""
    tokens = inputs.batch.tokens
    if begin is Begin.TOKENS:
        table = looked_up(graph, tokens, wide, model.layers)
    elif begin is Begin.EMBEDDING:
        table = inputs.embeddings("table", wide, model.layers, tokens)
    else:
        return inputs.embeddings("each", wide, tokens, model.layers)
    return per_layer_inputs(graph, tokens, cur, table)


def _end(graph: Graph, model: Hparams, inputs: Inputs, layers: Sequence[Layer], cur: Node) -> Node:
    in_place = all(layer.norm_in_place for layer in layers)
    bias = any(layer.norm_bias for layer in layers)
    name = model.architecture
    if name in WITHOUT_CACHE:
        last_norm = any(layer.before for layer in layers)
        return norm(graph, cur, in_place=in_place, bias=bias) if last_norm else cur
    answered = inputs.answered()
    shape = (model.embd, *answered.shape)
    if name == altup.NAME:
        cur = graph.make(altup.end(graph, cur), answered, shape=shape)
    if name in _KEEPS_LAST:
        cur.kept = True
        cur = graph.make(cur, answered, shape=shape)
    cur = norm(graph, cur, in_place=in_place, bias=bias)
    if name in LATE and name not in _KEEPS_LAST:
        cur.kept = True
        cur = graph.make(cur, answered, shape=shape)
    cur.kept = True
    if name in _SCALED:
        cur = graph.change(cur)
    return graph.make(cur, shape=(model.vocab, inputs.batch.outputs))
