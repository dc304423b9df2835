"""How the parts of a layer are joined, and layers to a graph.

Source: the constructor of graph in each file of src/models/.
"""

from termai.gguf.memory import altup
from termai.gguf.memory.attention import attend
from termai.gguf.memory.feeds import feed_forward, mixture
from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.inputs import Inputs, norm
from termai.gguf.memory.latent import latent
from termai.gguf.memory.layers import Feed, Layer
from termai.gguf.memory.rwkv import Rwkv
from termai.gguf.memory.states import recurrent

# Architectures that add to what came in, and not what came in to what was made.
_RESIDUAL_FIRST = frozenset({"phi3", "phimoe"})
_RESIDUAL_FIRST_TWICE = frozenset({"lfm2", "lfm2moe"})
# Architectures that weigh the input of the experts and not their output.
_WEIGHED_BEFORE = frozenset({"llama4"})
# Architectures whose router's weights are not made to sum to one.
_NOT_NORMED = frozenset({"llama4", "gpt-oss"})
# Architectures with a state and attention on norms of their own.
_TWO_NORMS = frozenset({"falcon-h1"})
_RWKV = frozenset({"rwkv6", "rwkv7"})


class Assembly:
    """Adds layers of one architecture to a graph.

    beside: an input for each layer, of gemma4 and gemma3n. normed: the norm of what the first
    layer gets, where another device has made it.
    """

    __slots__ = ("beside", "graph", "inputs", "name", "normed", "rwkv")

    def __init__(self, graph: Graph, inputs: Inputs, name: str) -> None:
        self.graph = graph
        self.inputs = inputs
        self.name = name
        self.beside: Node | None = None
        self.normed: Node | None = None
        self.rwkv = Rwkv(graph, inputs)

    def layer(self, layer: Layer, source: Node, *, rows: bool) -> Node:
        """Return what a layer makes of ``source``; rows: of the tokens to answer only."""
        graph = self.graph
        if self.name == altup.NAME and self.beside is not None:
            return altup.layer(graph, self.inputs, layer, source, self.beside)
        if layer.state is not None and self.name in _RWKV:
            newest = self.name == "rwkv7"
            return self.rwkv.layer(layer.state, source, rows=rows, newest=newest)
        if layer.attention is None and layer.state is None:
            out = self._feed(layer, self._norm(layer, source) if layer.before else source)
            return graph.change(out, source)
        normed = self._first(layer, source) if layer.before else source
        if self.name in _TWO_NORMS:
            cur = source = graph.change(self._both(layer, source, normed), source)
            if rows:
                cur = source = self._rows(source)
            return graph.change(self._feed(layer, self._norm(layer, cur)), source)
        cur = self._mixed(layer, normed)
        if rows:
            cur, source = self._rows(cur), self._rows(source)
            normed = self._rows(normed) if layer.parallel else normed
        if layer.after_attention:
            cur = self._norm(layer, cur)
        if layer.parallel:
            return graph.change(graph.change(self._feed(layer, normed), source), cur)
        return self._second(layer, cur, source)

    def _first(self, layer: Layer, source: Node) -> Node:
        made, self.normed = self.normed, None
        return self._norm(layer, source) if made is None else self.graph.change(made)

    def _second(self, layer: Layer, cur: Node, source: Node) -> Node:
        graph, name = self.graph, self.name
        first = name in _RESIDUAL_FIRST_TWICE
        inner = graph.change(source, cur) if first else graph.change(cur, source)
        if layer.dense is None and layer.experts is None:
            return inner
        if layer.both_norms:
            out = self._apart(layer, inner)
        else:
            out = self._feed(layer, self._norm(layer, inner) if layer.before_feed else inner)
        if layer.after_feed:
            out = self._norm(layer, out)
        first = first or name in _RESIDUAL_FIRST
        out = graph.change(inner, out) if first else graph.change(out, inner)
        if layer.per_layer and self.beside is not None:
            out = self._with_input(layer, out, self.beside)
        return graph.change(out) if layer.scaled else out

    def _rows(self, cur: Node) -> Node:
        answered = self.inputs.answered()
        return self.graph.make(cur, answered, shape=(*cur.shape[:-1], *answered.shape))

    def _both(self, layer: Layer, source: Node, normed: Node) -> Node:
        attended = self._attended(layer, normed)
        self.graph.expand(attended)
        again = self._norm(layer, source)
        if layer.state is None:
            return attended
        return self.graph.change(attended, recurrent(self.graph, self.inputs, layer.state, again))

    def _attended(self, layer: Layer, cur: Node) -> Node:
        at = layer.attention
        if at is None:
            return cur
        return (latent if at.kv_rank else attend)(self.graph, self.inputs, at, cur)

    def _mixed(self, layer: Layer, cur: Node) -> Node:
        """Return what attention and the recurrent part make of it, added where there are both."""
        made: list[Node] = []
        if layer.state is not None:
            made.append(recurrent(self.graph, self.inputs, layer.state, cur))
        if layer.attention is not None:
            made.append(self._attended(layer, cur))
        return made[0] if len(made) == 1 else self.graph.change(*made)

    def _feed(self, layer: Layer, cur: Node) -> Node:
        made: list[Node] = []
        if layer.dense is not None:
            made.append(feed_forward(self.graph, layer.dense, cur))
        if layer.experts is not None:
            made.append(self.mixture(layer.experts, cur))
        if not made:
            return cur
        return made[0] if len(made) == 1 else self.graph.change(*made)

    def mixture(self, feed: Feed, cur: Node, logits: Node | None = None) -> Node:
        """Return what experts make of a layer's input."""
        before, normed = self.name in _WEIGHED_BEFORE, self.name not in _NOT_NORMED
        return mixture(self.graph, feed, cur, before=before, normed=normed, logits=logits)

    def _apart(self, layer: Layer, inner: Node) -> Node:
        """Return a dense part and experts that have norms of their own (gemma4.cpp)."""
        graph = self.graph
        if layer.dense is None or layer.experts is None:
            return self._feed(layer, self._norm(layer, inner))
        dense = self._norm(layer, feed_forward(graph, layer.dense, self._norm(layer, inner)))
        cur = self._norm(layer, inner)
        routed = graph.change(graph.change(graph.change(inner)))
        logits = graph.make(routed, shape=(layer.experts.experts, self.inputs.batch.tokens))
        experts = self._norm(layer, self.mixture(layer.experts, cur, logits))
        return graph.change(dense, experts)

    def _with_input(self, layer: Layer, cur: Node, beside: Node) -> Node:
        graph, tokens = self.graph, self.inputs.batch.tokens
        made = graph.change(graph.make(cur, shape=(layer.per_layer, tokens)))
        made = graph.change(made, graph.view(beside, layer.per_layer, tokens))
        made = self._norm(layer, graph.make(made, shape=cur.shape))
        return graph.change(cur, made)

    def _norm(self, layer: Layer, cur: Node) -> Node:
        return norm(self.graph, cur, in_place=layer.norm_in_place, bias=layer.norm_bias)


def looked_up(graph: Graph, tokens: int, wide: int, layers: int) -> Node:
    """Return the rows of the table of inputs of all layers (build_inp_per_layer)."""
    found = graph.make(graph.input(tokens), shape=(wide * layers, tokens))
    return graph.expand(graph.change(graph.view(found, wide, layers, tokens)))


def per_layer_inputs(graph: Graph, tokens: int, source: Node, table: Node) -> Node:
    """Return the inputs of all layers (project_per_layer_inputs in gemma4.cpp and gemma3n.cpp)."""
    wide, layers, _ = table.shape
    made = graph.change(graph.make(source, shape=(wide * layers, tokens)))
    made = graph.change(graph.change(graph.view(made, *table.shape)))
    made = graph.change(graph.change(made, table))
    return graph.make(graph.view(made), shape=(wide, tokens, layers))
