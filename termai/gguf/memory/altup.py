"""The graph of gemma3n, which carries several states of each token (src/models/gemma3n.cpp)."""

from termai.gguf.memory.attention import attend
from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.inputs import Inputs, norm
from termai.gguf.memory.layers import Layer

NAME = "gemma3n"
_STATES = 4  # n_altup in src/llama-hparams.h
_RANK = 64  # laurel_rank
# States of a token that the first device and that of the output exchange while the states are
# made, whose matrix lies with the output; counted with two ggml-rpc-servers.
EXCHANGED_FIRST, EXCHANGED_LAST = 9, 12


def begin(graph: Graph, cur: Node) -> Node:
    """Return all states of the tokens, made from the embedding."""
    wanted = _magnitude(graph, cur)
    repeated = graph.make(cur, shape=(*cur.shape, _STATES - 1))
    others = _scaled(graph, graph.make(repeated, shape=repeated.shape), wanted)
    return graph.make(cur, others, shape=(*cur.shape, _STATES))


def shape(cur: Node) -> tuple[int, ...]:
    """Return the shape of all states, of which ``cur`` is one."""
    return (*cur.shape, _STATES)


def layer(graph: Graph, inputs: Inputs, at: Layer, states: Node, beside: Node) -> Node:
    """Return the states after a layer: predicted, worked through, corrected."""
    shape = states.shape[:2]
    predicted = _predicted(graph, states)
    active = graph.view(predicted, *shape)
    cur = _norm(graph, active)
    low = graph.make(graph.make(cur, shape=(_RANK, shape[1])), shape=shape)
    low = graph.change(_norm(graph, low), cur)
    if at.attention is not None:
        cur = attend(graph, inputs, at.attention, cur)
    cur = graph.change(_norm(graph, cur), active)
    joined = graph.change(graph.change(cur, low))
    cur = graph.change(_norm(graph, _feed(graph, at, _norm(graph, joined))), joined)
    return _corrected(graph, at, predicted, cur, beside)


def end(graph: Graph, states: Node) -> Node:
    """Return one state of each token, made from all."""
    shape = states.shape[:2]
    wanted = _magnitude(graph, graph.view(states, *shape))
    rest = graph.view(states, *shape, _STATES - 1)
    others = _scaled(graph, graph.make(rest, shape=rest.shape), wanted)
    cur = graph.view(states, *shape)
    for _ in range(_STATES - 1):
        cur = graph.change(cur, graph.view(others, *shape))
    return graph.change(cur)


def _norm(graph: Graph, cur: Node) -> Node:
    return norm(graph, cur, in_place=True, bias=False)


def _magnitude(graph: Graph, cur: Node) -> Node:
    return graph.change(graph.make(graph.change(cur), shape=(1, *cur.shape[1:])))


def _scaled(graph: Graph, cur: Node, wanted: Node) -> Node:
    return graph.change(graph.change(cur, wanted), _magnitude(graph, cur))


def _modalities(graph: Graph, cur: Node) -> Node:
    routed = graph.change(_norm(graph, cur))
    return graph.change(graph.make(routed, shape=(_STATES, cur.shape[1])))


def _predicted(graph: Graph, states: Node) -> Node:
    tokens = states.shape[1]
    mixed = _modalities(graph, graph.view(states, *states.shape[:2]))
    weights = graph.make(mixed, shape=(_STATES * _STATES, tokens))
    turned = graph.make(graph.view(states), shape=states.shape)
    made = graph.make(turned, graph.view(weights), shape=states.shape)
    return graph.change(graph.make(graph.view(made), shape=states.shape), states)


def _feed(graph: Graph, at: Layer, cur: Node) -> Node:
    """Return the feed-forward part, in some layers with all but the largest of the gate zero."""
    wide = (at.dense.wide if at.dense else 0, cur.shape[1])
    up = graph.make(cur, shape=wide)
    gate = graph.make(cur, shape=wide)
    if not (at.dense and at.dense.sparse):
        return graph.make(graph.change(up, graph.change(gate)), shape=cur.shape)
    mean = graph.make(gate, shape=(1, cur.shape[1]))
    spread = graph.make(graph.change(graph.change(gate, mean)), shape=(1, cur.shape[1]))
    cut = graph.change(mean, graph.change(graph.change(spread)))
    kept = graph.change(graph.change(graph.change(gate, cut)))
    return graph.make(graph.change(up, kept), shape=cur.shape)


def _corrected(graph: Graph, at: Layer, predicted: Node, cur: Node, beside: Node) -> Node:
    shape, tokens = cur.shape, cur.shape[1]
    mixed = _modalities(graph, cur)
    new = graph.change(cur, graph.view(predicted, *shape))
    weights = graph.change(graph.make(mixed, shape=(_STATES, tokens)))
    weights = graph.make(graph.view(weights), shape=(1, tokens, _STATES))
    repeated = graph.make(new, shape=predicted.shape)
    states = graph.change(graph.change(repeated, weights), predicted)
    first = graph.change(graph.view(states, *shape))
    first = graph.change(graph.make(first, shape=(at.per_layer, tokens)))
    first = graph.change(first, graph.view(beside, at.per_layer, tokens))
    first = _norm(graph, graph.make(first, shape=shape))
    rest = graph.change(graph.view(states, *shape, _STATES - 1), first)
    return graph.make(graph.view(states, *shape), rest, shape=states.shape)
