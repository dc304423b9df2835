"""The graphs of feed-forward parts: dense, and of experts.

Source: build_ffn and build_moe_ffn in src/llama-graph.cpp.
"""

from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.layers import Feed


def feed_forward(graph: Graph, feed: Feed, cur: Node, wide: int = 0) -> Node:
    """Return build_ffn: gate and up side by side, or one of them."""
    tokens = cur.shape[-1]
    wide = wide or feed.wide
    if feed.fused and not feed.experts:
        both = graph.make(cur, shape=(2 * wide, tokens))
        inside = graph.make(both, shape=(wide, tokens))
        return graph.make(inside, shape=cur.shape)
    up = graph.make(cur, shape=(wide, tokens))
    if feed.bias:
        up = graph.change(up)
    inside = graph.change(up)
    if feed.gate:
        gate = graph.make(cur, shape=(wide, tokens))
        if feed.bias:
            gate = graph.change(gate)
        inside = graph.make(gate, up, shape=(wide, tokens))
    out = graph.make(inside, shape=cur.shape)
    return graph.change(out) if feed.bias else out


def mixture(
    graph: Graph,
    feed: Feed,
    cur: Node,
    *,
    before: bool,
    normed: bool,
    logits: Node | None = None,
) -> Node:
    """Return build_moe_ffn, and beside it what all tokens pass.

    before: whether the weights are applied before the experts (llama4). normed: whether the
    weights of a token's experts are made to sum to one.
    """
    tokens, embd = cur.shape[-1], cur.shape[0]
    logits = logits or graph.make(cur, shape=(feed.experts, tokens))
    if feed.expert_bias:
        logits = graph.change(logits)
    probs = graph.change(logits)
    chosen = graph.change(probs) if feed.corrected else probs
    order = graph.make(chosen, shape=(feed.experts, tokens))
    selected = graph.view(order, feed.used, tokens)
    weights = graph.make(graph.view(probs), selected, shape=(1, feed.used, tokens))
    if normed:
        flat = graph.view(weights, feed.used, tokens)
        total = graph.change(graph.make(flat, shape=(1, tokens)))
        weights = graph.view(graph.change(flat, total), 1, feed.used, tokens)
    graph.expand(weights)
    inside = graph.view(cur, embd, 1, tokens)
    if before:
        inside = graph.change(graph.make(inside, shape=(embd, feed.used, tokens)), weights)
    experts = _through(graph, feed, inside, selected)
    if not before:
        experts = graph.change(experts, weights)
    graph.expand(experts)
    out = _summed(graph, feed, experts, embd, tokens)
    if not feed.shared:
        return out
    beside = feed_forward(graph, feed, cur, feed.shared)
    if feed.shared_gate:
        gate = graph.change(graph.make(cur, shape=(1, tokens)))
        beside = graph.change(beside, gate)
    return graph.change(out, beside)


def _through(graph: Graph, feed: Feed, cur: Node, selected: Node) -> Node:
    tokens, embd = cur.shape[-1], cur.shape[0]
    shape = (feed.wide, feed.used, tokens)
    if feed.fused:
        both = graph.make(cur, selected, shape=(2 * feed.wide, feed.used, tokens))
        inside = graph.make(graph.view(both), graph.view(both), shape=shape)
    else:
        up = graph.make(cur, selected, shape=shape)
        if feed.expert_bias:
            up = graph.change(up, selected)
        inside = graph.change(up)
        if feed.gate:
            gate = graph.make(cur, selected, shape=shape)
            if feed.expert_bias:
                gate = graph.change(gate, selected)
            inside = graph.make(gate, up, shape=shape)
    out = graph.make(inside, selected, shape=(embd, feed.used, tokens))
    return graph.change(out, selected) if feed.expert_bias else out


def _summed(graph: Graph, feed: Feed, experts: Node, embd: int, tokens: int) -> Node:
    views = [graph.expand(graph.view(experts, embd, tokens)) for _ in range(feed.used)]
    out = views[0]
    for each in views[1:]:
        out = graph.expand(graph.change(out, each))
    return out if feed.used > 1 else graph.make(out, shape=(embd, tokens))
