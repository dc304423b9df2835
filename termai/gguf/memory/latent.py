"""The graph of multi-head latent attention, with an indexer or without.

Source: src/models/deepseek2.cpp, minicpm3.cpp and deepseek32.cpp.
"""

from termai.gguf.memory.attention import attention
from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.inputs import Inputs, project
from termai.gguf.memory.layers import Attention

_F16 = 2


def latent(graph: Graph, inputs: Inputs, at: Attention, cur: Node) -> Node:
    """Return multi-head latent attention (src/models/deepseek2.cpp, minicpm3.cpp)."""
    tokens, nope = inputs.batch.tokens, at.key - at.rope
    query = cur
    if at.q_rank:
        query = graph.change(graph.change(graph.make(cur, shape=(at.q_rank, tokens))))
    best = _indexed(graph, inputs, at, cur, query) if at.indexer[0] else None
    query = graph.make(query, shape=(at.heads * at.key, tokens))
    query = graph.view(query, at.key, at.heads, tokens)
    joined = graph.make(cur, shape=(at.kv_rank + at.rope, tokens))
    rope = graph.view(joined, at.rope, 1, tokens)
    rope = graph.change(rope, inputs.positions)
    kept = graph.view(joined, at.kv_rank, tokens)
    kept = graph.change(graph.change(kept))
    if at.absorbed:
        out = _absorbed(graph, inputs, at, query, kept, rope, best)
    else:
        out = _unfolded(graph, inputs, at, query, kept, rope, nope)
    return project(graph, out, cur.shape, bias=False)


def _indexed(graph: Graph, inputs: Inputs, at: Attention, cur: Node, low: Node) -> Node:
    """Return the best cells for each token that an indexer finds (src/models/deepseek32.cpp)."""
    tokens, cells = inputs.batch.tokens, inputs.batch.cells
    heads, size, most = at.indexer
    query = graph.view(graph.make(low, shape=(size * heads, tokens)), size, heads, tokens)
    query = graph.change(query, inputs.positions)
    key = graph.change(graph.change(graph.make(cur, shape=(size, tokens))))
    key = graph.change(graph.view(key, size, 1, tokens), inputs.positions)
    turn = inputs.rotation(size, False, "indexer")
    query = graph.make(turn, query, shape=query.shape)
    key = graph.make(turn, key, shape=key.shape)
    graph.store(graph.view(key), inputs.rows(False, "indexer"))
    weights = graph.change(graph.view(graph.make(cur, shape=(heads, tokens))))
    mask = inputs.mask_of_indexer()
    score = graph.make(graph.view(query), weights, mask, shape=(cells, tokens))
    chosen = graph.make(score, shape=(min(most, cells), tokens))
    return graph.make(chosen, shape=chosen.shape)


def _masked(graph: Graph, inputs: Inputs, mask: Node, best: Node) -> Node:
    """Return a mask of all cells but the best (build_attn for llm_graph_input_attn_k_dsa)."""
    size = _F16 if inputs.batch.flash else 4
    filled = graph.make(mask, shape=mask.shape, size=size)
    zeros = graph.make(inputs.zeros(best.shape), shape=best.shape)
    opened = graph.view(graph.view(filled), *mask.shape)
    written = Node(mask.shape, 0, (zeros, graph.view(best), opened), root=filled)
    return graph.make(graph.view(written), mask, shape=mask.shape, size=size)


def _absorbed(
    graph: Graph,
    inputs: Inputs,
    at: Attention,
    query: Node,
    kept: Node,
    rope: Node,
    best: Node | None,
) -> Node:
    batch = inputs.batch
    tokens, wide = batch.tokens, at.kv_rank + at.rope
    turned = graph.change(graph.view(query, at.rope, at.heads, tokens), inputs.positions)
    plain = graph.view(graph.view(query, at.key - at.rope, at.heads, tokens))
    inside = graph.make(plain, shape=(at.kv_rank, tokens, at.heads))
    joined = graph.make(graph.view(inside), turned, shape=(wide, at.heads, tokens))
    flat = graph.view(kept, at.kv_rank, 1, tokens)
    key = graph.make(flat, rope, shape=(wide, 1, tokens))
    graph.expand(joined)
    graph.expand(flat)
    graph.expand(key)
    graph.store(graph.view(key), inputs.rows(at.windowed, "k"))
    mask = inputs.mask(at.windowed)
    if best is not None:
        mask = _masked(graph, inputs, mask, best)
    seen = graph.view(graph.view(joined))
    fetched = inputs.fetched(at.windowed, wide)
    if batch.flash:
        out = graph.make(seen, *fetched, mask, shape=(at.kv_rank, at.heads, tokens))
        out = graph.make(graph.view(out), shape=(at.value, tokens, at.heads))
        out = graph.make(graph.view(out), shape=(at.value, at.heads, tokens))
        return graph.expand(graph.view(out, at.value * at.heads, tokens))
    kq = graph.make(seen, *fetched, shape=(mask.shape[0], tokens, at.heads))
    kq = graph.change(kq, mask)
    out = graph.make(kq, *fetched, shape=(at.kv_rank, tokens, at.heads))
    out = graph.make(out, shape=(at.value, tokens, at.heads))
    return graph.expand(graph.make(graph.view(out), shape=(at.value * at.heads, tokens)))


def _unfolded(
    graph: Graph, inputs: Inputs, at: Attention, query: Node, kept: Node, rope: Node, nope: int
) -> Node:
    tokens = inputs.batch.tokens
    both = graph.make(kept, shape=(at.heads * (nope + at.value), tokens))
    plain = graph.view(both, nope, at.heads, tokens)
    value = graph.make(graph.view(both, at.value, at.heads, tokens),
                       shape=(at.value, at.heads, tokens))  # fmt: skip
    query = graph.change(query, inputs.positions)
    repeated = graph.make(rope, shape=(at.rope, at.heads, tokens))
    key = graph.make(plain, repeated, shape=(at.key, at.heads, tokens))
    return attention(graph, inputs, at, query, key, value)
