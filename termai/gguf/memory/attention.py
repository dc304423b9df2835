"""The graph of attention, node for node as llama.cpp builds it.

Source: build_qkv, build_attn and build_attn_mha in src/llama-graph.cpp.
"""

from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.inputs import Inputs, project
from termai.gguf.memory.layers import Attention

_F16 = 2
_ROTATION = 64


def attend(graph: Graph, inputs: Inputs, at: Attention, cur: Node) -> Node:
    """Return build_qkv, the rotation by position, and build_attn."""
    tokens = inputs.batch.tokens
    query, key, value = _qkv(graph, at, cur, tokens)
    gate = None
    if at.double:
        gate = graph.make(graph.view(query), shape=(at.key * at.heads, tokens))
        query = graph.view(query, at.key, at.heads, tokens)
    if at.norm == "head":
        query = graph.change(graph.change(query))
        key = graph.change(graph.change(key))
    if at.value_norm:
        value = graph.change(value)
    if at.turned:
        query = graph.change(query, inputs.positions)
        key = graph.change(key, inputs.positions)
    out = attention(graph, inputs, at, query, key, value)
    if gate is not None:
        graph.expand(out)
        out = graph.change(out, graph.change(gate))
    return project(graph, out, cur.shape, bias=at.out_bias)


def _qkv(graph: Graph, at: Attention, cur: Node, tokens: int) -> tuple[Node, Node, Node]:
    wide = (at.heads * at.key * (2 if at.double else 1), at.kv * at.key, at.kv * at.value)
    shapes = (
        (at.key * (2 if at.double else 1), at.heads, tokens),
        (at.key, at.kv, tokens),
        (at.value, at.kv, tokens),
    )
    if at.fused:
        joined = graph.make(cur, shape=(sum(wide), tokens))
        if at.bias:
            joined = graph.change(joined)
        query, key, value = (graph.view(joined, *shape) for shape in shapes)
        return query, key, value
    found: list[Node] = []
    for index, each in enumerate(wide):
        made = graph.make(cur, shape=(each, tokens))
        if at.bias:
            made = graph.change(made)
        if at.norm == "full" and index < 2:
            made = graph.change(graph.change(made))
        found.append(graph.view(made, *shapes[index]))
    return found[0], found[1], found[2]


def attention(
    graph: Graph, inputs: Inputs, at: Attention, query: Node, key: Node, value: Node
) -> Node:
    """Return build_attn without the output projection: keys and values go to the cache."""
    batch = inputs.batch
    turn = _rotation(at.key) if batch.rotate_k else 0
    turn_value = _ROTATION if batch.rotate_v and at.value % _ROTATION == 0 else 0
    if turn:
        query = _rotated(graph, inputs, query, turn, at.windowed, "k")
        if at.stores:
            key = _rotated(graph, inputs, key, turn, at.windowed, "k")
    if turn_value and at.stores:
        value = _rotated(graph, inputs, value, turn_value, at.windowed, "v")
    graph.expand(query)
    if at.stores:
        graph.expand(key if batch.two_caches else value)
        graph.expand(value if batch.two_caches else key)
    if batch.cached and at.stores:
        graph.store(graph.view(key), inputs.rows(at.windowed, "k"))
        kept = value
        if not batch.flash and value.root is not None and at.fused:
            kept = graph.make(value, shape=(at.value * at.kv, batch.tokens))
        graph.store(graph.view(kept), inputs.rows(at.windowed, "v"))
    sources = () if batch.cached else (key, value)
    out = scores(graph, inputs, at, query, sources, at.value)
    return _rotated(graph, inputs, out, turn_value, at.windowed, "v") if turn_value else out


def scores(
    graph: Graph, inputs: Inputs, at: Attention, query: Node, beside: tuple[Node, ...], value: int
) -> Node:
    """Return build_attn_mha: with flash attention nothing is as large as the context."""
    batch = inputs.batch
    tokens, mask = batch.tokens, inputs.mask(at.windowed)
    query = graph.view(graph.view(query))
    fetched = inputs.fetched(at.windowed, at.kv * at.key, at.kv * at.value)
    if batch.flash:
        halves = [graph.make(graph.view(each), shape=each.shape, size=_F16) for each in beside]
        out = graph.make(query, *halves, *fetched, mask, shape=(value, at.heads, tokens))
        return graph.expand(graph.view(out, value * at.heads, tokens))
    cells = mask.shape[0]
    kq = graph.make(*beside[:1], query, *fetched[:1], shape=(cells, tokens, at.heads))
    kq = graph.change(kq, mask)
    turned = [graph.make(graph.view(each), shape=each.shape) for each in beside[1:]]
    out = graph.make(*turned, *fetched[1:], kq, shape=(value, tokens, at.heads))
    return graph.expand(graph.make(graph.view(out), shape=(value * at.heads, tokens)))


def _rotation(head: int) -> int:
    """Return the rows of the matrix for heads of that size (build_input_k_rot), 0 for none."""
    if head <= 0 or head % _ROTATION:
        return 0
    return _ROTATION * (head // _ROTATION & -(head // _ROTATION))


def _rotated(graph: Graph, inputs: Inputs, cur: Node, size: int, windowed: bool, what: str) -> Node:
    shape = cur.shape
    count = 1
    for each in shape:
        count *= each
    flat = graph.view(cur, size, count // size)
    turned = graph.make(inputs.rotation(size, windowed, what), flat, shape=flat.shape)
    return graph.view(turned, *shape)
