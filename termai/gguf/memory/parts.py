"""The graphs of the parts of a layer, node for node as llama.cpp builds them.

Sources: build_qkv, build_attn, build_attn_mha, build_ffn and build_moe_ffn in src/llama-graph.cpp.
"""

from dataclasses import dataclass

from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.layers import Attention, Feed

_F16 = 2
_I64 = 8
_ROTATION = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """What a graph is built for: tokens of a micro-batch, slots, cells of the caches per slot.

    outputs: tokens that are answered. two_caches: whether windowed layers have a cache of their
    own. rotate_k, rotate_v: whether a quantized cache is rotated. value_row: elements of the
    widest row of values.
    """

    tokens: int
    outputs: int
    slots: int
    cells: int
    cells_windowed: int
    flash: bool
    rotate_k: bool
    rotate_v: bool
    value_row: int
    cached: bool = True
    two_caches: bool = False


class Inputs:
    """The tensors that layers share: masks, positions, indices, rotations.

    copies: how many of each there are, more than one where several micro-batches are on the way
    (GGML_SCHED_MAX_COPIES in ggml/src/ggml-backend.cpp); these are never written over.
    """

    __slots__ = ("batch", "copies", "graph", "known", "layers", "positions")

    def __init__(self, graph: Graph, batch: Batch, layers: int, copies: int) -> None:
        self.graph = graph
        self.batch = batch
        self.layers = layers
        self.copies = copies
        self.known: dict[str, Node] = {}
        self.positions = self._once("positions", batch.tokens)

    def mask(self, windowed: bool) -> Node:
        """Return the mask of attention, of F16 where flash attention wants it so."""
        batch = self.batch
        cells = batch.cells_windowed if windowed else batch.cells
        size = _F16 if batch.flash else 4
        return self._once(f"mask{windowed}", cells, batch.tokens, size=size)

    def rows(self, windowed: bool, what: str) -> Node:
        """Return the indices of the cells that keys or values go to."""
        batch = self.batch
        each = batch.value_row if what == "v" and not batch.flash else 1
        return self._once(f"{what}{windowed}", batch.tokens * each, size=_I64)

    def rotation(self, size: int, windowed: bool, what: str) -> Node:
        """Return the matrix that a quantized cache is rotated with."""
        return self._once(f"rotation{what}{windowed}", size, size)

    def mask_of_indexer(self) -> Node:
        """Return the mask of an indexer, which has a cache of its own."""
        batch = self.batch
        size = _F16 if batch.flash else 4
        return self._once("mask of indexer", batch.cells, batch.tokens, size=size)

    def zeros(self, shape: tuple[int, ...]) -> Node:
        """Return what opens a mask: each layer has one, and all are there from the start."""
        return self._once("zeros", *shape, self.layers)

    def answered(self) -> Node:
        """Return which tokens are answered."""
        return self._once("answered", self.batch.outputs)

    def embeddings(self, what: str, *shape: int) -> Node:
        """Return states of all tokens that come from elsewhere."""
        return self._once(f"embeddings {what}", *shape)

    def keep_padded(self, node: Node) -> Node:
        """Keep an embedding with room for parts of images beside it."""
        self.known["padded"] = node
        return node

    def padded(self) -> Node:
        """Return the embedding that was kept."""
        return self.known["padded"]

    def slots(self) -> Node:
        """Return which state each slot goes on from."""
        return self._once("copies", self.batch.slots)

    def _once(self, name: str, *shape: int, size: int = 4) -> Node:
        if name not in self.known:
            made = self.graph.input(*shape, size=size)
            made.size *= self.copies
            made.kept = self.copies > 1
            self.known[name] = made
        return self.known[name]


def norm(graph: Graph, source: Node, *, in_place: bool, bias: bool, weight: bool = True) -> Node:
    """Return build_norm: ggml_rms_norm may be done in place, ggml_norm not."""
    cur = graph.change(source) if in_place else graph.make(source, shape=source.shape)
    if weight:
        cur = graph.change(cur)
    return graph.change(cur) if bias else cur


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


def project(graph: Graph, cur: Node, shape: tuple[int, ...], *, bias: bool) -> Node:
    """Return the product with the matrix that leads back to the embedding."""
    cur = graph.make(cur, shape=shape)
    return graph.change(cur) if bias else cur


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
    if batch.flash:
        halves = [graph.make(graph.view(each), shape=each.shape, size=_F16) for each in beside]
        out = graph.make(query, *halves, mask, shape=(value, at.heads, tokens))
        return graph.expand(graph.view(out, value * at.heads, tokens))
    cells = mask.shape[0]
    kq = graph.make(*beside[:1], query, shape=(cells, tokens, at.heads))
    kq = graph.change(kq, mask)
    turned = [graph.make(graph.view(each), shape=each.shape) for each in beside[1:]]
    out = graph.make(*turned, kq, shape=(value, tokens, at.heads))
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
    if batch.flash:
        out = graph.make(seen, mask, shape=(at.kv_rank, at.heads, tokens))
        out = graph.make(graph.view(out), shape=(at.value, tokens, at.heads))
        out = graph.make(graph.view(out), shape=(at.value, at.heads, tokens))
        return graph.expand(graph.view(out, at.value * at.heads, tokens))
    kq = graph.change(graph.make(seen, shape=(mask.shape[0], tokens, at.heads)), mask)
    out = graph.make(kq, shape=(at.kv_rank, tokens, at.heads))
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
