"""The graphs of recurrent layers: state spaces, delta nets, short convolutions, RWKV.

Sources: src/models/mamba-base.cpp, delta-net-base.cpp, qwen3next.cpp, lfm2.cpp, kimi-linear.cpp,
rwkv6-base.cpp and rwkv7-base.cpp.
"""

from collections.abc import Callable

from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.inputs import Inputs
from termai.gguf.memory.layers import State

_KDA_MIXES = 6


def recurrent(graph: Graph, inputs: Inputs, state: State, cur: Node) -> Node:
    """Return what a recurrent layer makes of its input."""
    return _KINDS[state.kind](graph, inputs, state, cur)


def _rows(graph: Graph, inputs: Inputs, size: int) -> Node:
    """Return the states of all slots, read from where they are kept (build_rs)."""
    return graph.expand(graph.make(inputs.slots(), shape=(size, inputs.batch.slots)))


def _convolved(
    graph: Graph, inputs: Inputs, cur: Node, wide: int, conv: int, *, bias: bool
) -> Node:
    """Return a convolution over the last tokens, which are kept for the next batch."""
    tokens, slots = inputs.batch.tokens, inputs.batch.slots
    before = graph.view(_rows(graph, inputs, wide * (conv - 1)))
    joined = graph.make(before, graph.view(cur), shape=(tokens + (conv - 1) * slots, wide))
    graph.store(graph.view(joined))
    out = graph.make(joined, shape=(wide, tokens))
    if bias:
        out = graph.change(out)
    return out


def _mamba1(graph: Graph, inputs: Inputs, state: State, cur: Node) -> Node:
    tokens, inner, slots = inputs.batch.tokens, state.inner, inputs.batch.slots
    before = _rows(graph, inputs, inner * (state.conv - 1))
    both = graph.make(cur, shape=(2 * inner, tokens))
    joined = graph.make(
        graph.view(before), graph.view(graph.view(both)),
        shape=(tokens + (state.conv - 1) * slots, inner),
    )  # fmt: skip
    graph.store(graph.view(joined))
    x = graph.change(graph.change(graph.make(joined, shape=(inner, tokens))))
    low = graph.make(x, shape=(state.rank + 2 * state.state, tokens))
    parts = [graph.view(low, state.rank, tokens), graph.view(low), graph.view(low)]
    if state.norms:
        parts[1:] = [
            graph.change(graph.change(graph.view(low, state.state, tokens))) for _ in range(2)
        ]
        step = graph.change(graph.change(parts[0]))
    else:
        step = graph.make(parts[0], shape=(state.rank, tokens))
    step = graph.change(graph.make(step, shape=(inner, tokens)))
    scan = graph.make(
        graph.view(x), step, parts[1], parts[2], inputs.slots(),
        shape=(inner * tokens + state.state * inner * slots,),
    )  # fmt: skip
    graph.expand(scan)
    graph.store(graph.view(scan))
    y = graph.change(graph.view(scan, inner, tokens), graph.change(x))
    z = graph.make(graph.view(both), shape=(inner, tokens))
    y = graph.make(z, y, shape=(inner, tokens))
    return graph.view(graph.make(y, shape=cur.shape))


def _mamba2(graph: Graph, inputs: Inputs, state: State, cur: Node) -> Node:
    tokens, inner, slots = inputs.batch.tokens, state.inner, inputs.batch.slots
    wide = inner + 2 * state.groups * state.state
    before = _rows(graph, inputs, wide * (state.conv - 1))
    all_in_one = graph.make(cur, shape=(inner + wide + state.heads, tokens))
    flat = graph.view(all_in_one)
    joined = graph.make(
        graph.view(before), graph.view(graph.view(flat)),
        shape=(tokens + (state.conv - 1) * slots, wide),
    )  # fmt: skip
    graph.store(graph.view(joined))
    x = graph.change(graph.change(graph.make(joined, shape=(wide, tokens))))
    step = graph.change(graph.make(graph.view(flat), shape=(state.heads, tokens)))
    seen = graph.view(x, inner, tokens)
    scan = graph.make(
        seen, step, graph.view(x), graph.view(x), inputs.slots(),
        shape=(inner * tokens + state.state * inner * slots,),
    )  # fmt: skip
    graph.expand(scan)
    graph.store(graph.view(scan))
    y = graph.change(graph.view(scan, inner, tokens), graph.change(seen))
    z = graph.make(graph.view(flat), shape=(inner, tokens))
    y = graph.make(z, y, shape=(inner, tokens))
    if state.norms:
        y = graph.change(graph.change(graph.view(y)))
    return graph.make(graph.view(y), shape=cur.shape)


def _delta(graph: Graph, inputs: Inputs, state: State, cur: Node) -> Node:
    tokens, inner, slots = inputs.batch.tokens, state.inner, inputs.batch.slots
    keys = state.state * state.groups
    wide = inner + 2 * keys
    mixed = graph.make(cur, shape=(wide, tokens))
    z = graph.make(cur, shape=(inner, tokens))
    conv = graph.change(_convolved(graph, inputs, mixed, wide, state.conv, bias=False))
    kept = graph.view(_rows(graph, inputs, state.state * inner))
    beta = graph.change(graph.make(cur, shape=(state.heads, tokens)))
    gate = graph.change(graph.make(cur, shape=(state.heads, tokens)))
    sides = []
    for _ in range(2):
        side = graph.make(graph.view(conv), shape=(keys, tokens))
        if state.groups != state.heads:
            side = graph.make(side, shape=(state.state * state.heads, tokens))
        sides.append(side)
    out = graph.make(
        *sides, graph.view(conv), gate, beta, kept,
        shape=(inner * tokens + state.state * inner * slots,),
    )  # fmt: skip
    graph.expand(out)
    graph.store(graph.view(out))
    normed = graph.change(graph.change(graph.view(out, inner, tokens)))
    gated = graph.change(normed, graph.change(graph.view(z)))
    return graph.view(graph.make(gated, shape=cur.shape))


def _kda(graph: Graph, inputs: Inputs, state: State, cur: Node) -> Node:
    tokens, inner, slots = inputs.batch.tokens, state.inner, inputs.batch.slots
    sides = []
    for _ in range(3):
        mixed = graph.make(cur, shape=(inner, tokens))
        side = graph.change(_convolved(graph, inputs, mixed, inner, state.conv, bias=False))
        sides.append(graph.expand(side))
    decay = graph.make(graph.make(cur, shape=(state.state, tokens)), shape=(inner, tokens))
    decay = graph.expand(graph.change(graph.change(decay)))
    sides[:2] = [graph.make(side, shape=(inner, tokens)) for side in sides[:2]]
    kept = graph.view(_rows(graph, inputs, state.state * inner))
    out = graph.make(*sides, decay, kept, shape=(inner * tokens + state.state * inner * slots,))
    graph.expand(out)
    graph.store(graph.view(out))
    gate = graph.make(graph.make(cur, shape=(state.state, tokens)), shape=(inner, tokens))
    normed = graph.change(graph.change(graph.view(out, inner, tokens)))
    return graph.make(graph.change(normed, graph.change(gate)), shape=cur.shape)


def _conv(graph: Graph, inputs: Inputs, state: State, cur: Node) -> Node:
    tokens, embd, slots = inputs.batch.tokens, state.inner, inputs.batch.slots
    three = graph.make(graph.view(cur), shape=(3 * embd, tokens))
    before = _rows(graph, inputs, embd * (state.conv - 1))
    mixed = graph.view(graph.change(graph.view(three, embd, tokens), graph.view(three)))
    joined = graph.make(graph.view(before), mixed, shape=(tokens + (state.conv - 1) * slots, embd))
    graph.store(graph.view(joined))
    out = graph.make(joined, shape=(embd, tokens))
    out = graph.change(graph.view(three, embd, tokens), out)
    return graph.view(graph.make(out, shape=cur.shape))


def _rwkv(graph: Graph, inputs: Inputs, state: State, cur: Node) -> Node:
    """Return time mix and channel mix: the shifted input, its mixes, and the widest product."""
    tokens, embd, slots = inputs.batch.tokens, state.inner, inputs.batch.slots
    shifted = graph.make(cur, shape=cur.shape)
    mixes = graph.make(shifted, shape=(embd, tokens, _KDA_MIXES))
    made = [graph.make(graph.view(mixes), shape=cur.shape) for _ in range(4)]
    kept = graph.view(_rows(graph, inputs, state.state * embd))
    out = graph.make(*made, kept, shape=(embd * tokens + state.state * embd * slots,))
    graph.expand(out)
    graph.store(graph.view(out))
    cur = graph.make(graph.view(out, *cur.shape), shape=cur.shape)
    key = graph.change(graph.change(graph.make(cur, shape=(state.rank, tokens))))
    return graph.make(key, shape=cur.shape)


_KINDS: dict[str, Callable[[Graph, Inputs, State, Node], Node]] = {
    "mamba1": _mamba1,
    "mamba2": _mamba2,
    "delta": _delta,
    "kda": _kda,
    "conv": _conv,
    "rwkv": _rwkv,
}
