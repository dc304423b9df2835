"""The graphs of RWKV's layers: time mix, and channel mix.

Source: src/models/rwkv6.cpp, rwkv6-base.cpp, rwkv7.cpp and rwkv7-base.cpp.
"""

from termai.gguf.memory.graph import Graph, Node
from termai.gguf.memory.inputs import Inputs, norm
from termai.gguf.memory.layers import State

_SHIFTS = 2  # tokens that are kept: one for each mix
_MIXES_6, _MIXES_7 = 5, 6


class Rwkv:
    """Adds layers of RWKV to a graph; first: the values of the first layer, which all need."""

    __slots__ = ("first", "graph", "inputs")

    def __init__(self, graph: Graph, inputs: Inputs) -> None:
        self.graph = graph
        self.inputs = inputs
        self.first: Node | None = None

    def layer(self, state: State, source: Node, *, rows: bool, newest: bool) -> Node:
        """Return what a layer makes of ``source``; newest: of version 7."""
        graph, shape = self.graph, source.shape
        flat = graph.view(source)
        kept = graph.view(self._kept(_SHIFTS * state.inner))
        normed = self._norm(flat)
        before = graph.make(graph.view(kept), graph.view(normed), shape=shape)
        mix = self._newest_mix if newest else self._mix
        inner = graph.change(graph.view(mix(state, normed, before)), flat)
        again = self._norm(inner)
        before = graph.make(graph.view(kept), graph.view(again), shape=shape)
        last = (state.inner, _SHIFTS * self.inputs.batch.slots)
        graph.store(graph.view(graph.make(graph.view(normed), graph.view(again), shape=last)))
        parts = [graph.view(inner), graph.view(again), graph.view(before)]
        if rows:
            answered = self.inputs.answered()
            wanted = (*shape[:-1], *answered.shape)
            parts = [graph.make(each, answered, shape=wanted) for each in parts]
        inner, again, before = parts
        return graph.change(self._channels(state, again, before, newest), inner)

    def _kept(self, size: int) -> Node:
        batch, graph = self.inputs.batch, self.graph
        return graph.expand(graph.make(self.inputs.slots(), shape=(size, batch.slots)))

    def _norm(self, cur: Node) -> Node:
        return norm(self.graph, cur, in_place=False, bias=True)

    def _lerp(self, cur: Node, other: Node) -> Node:
        return self.graph.change(self.graph.change(cur), other)

    def _channels(self, state: State, cur: Node, before: Node, newest: bool) -> Node:
        graph, tokens = self.graph, cur.shape[-1]
        step = graph.change(before, cur)
        key = self._lerp(step, cur)
        wide = graph.change(graph.change(graph.make(key, shape=(state.rank, tokens))))
        if newest:
            return graph.make(wide, shape=cur.shape)
        gate = graph.change(graph.make(self._lerp(step, cur), shape=cur.shape))
        return graph.change(gate, graph.make(wide, shape=cur.shape))

    def _mix(self, state: State, cur: Node, before: Node) -> Node:
        graph, shape = self.graph, cur.shape
        tokens = shape[-1]
        step = graph.view(graph.change(before, cur))
        mixed = self._lerp(step, graph.view(cur))
        low = graph.change(graph.make(mixed, shape=(64 * _MIXES_6, tokens)))
        turned = graph.make(graph.view(low), shape=low.shape)
        all_in_one = graph.make(turned, shape=(*shape, _MIXES_6))
        if state.norms:
            added = graph.change(graph.change(graph.change(all_in_one), step), graph.view(cur))
            parts = [graph.view(added, *shape) for _ in range(_MIXES_6)]
        else:
            parts = [
                graph.change(graph.change(graph.change(graph.view(all_in_one, *shape)), step), cur)
                for _ in range(_MIXES_6)
            ]
        decay_in, key_in, value_in, open_in, gate_in = parts
        read, key, value, gate = (
            graph.make(each, shape=shape) for each in (open_in, key_in, value_in, gate_in)
        )
        gate = graph.change(gate)
        low = graph.change(graph.make(decay_in, shape=(128, tokens)))
        decay = graph.make(low, shape=shape)
        for _ in range(4):
            decay = graph.change(decay)
        kept = self._kept(state.state * state.inner)
        out = self._scan(state, [key, value, read, decay], kept)
        normed = graph.make(graph.view(out, *shape), shape=shape)
        cur = graph.change(graph.change(graph.change(graph.view(normed))), gate)
        return graph.make(cur, shape=shape)

    def _newest_mix(self, state: State, cur: Node, before: Node) -> Node:
        graph, shape = self.graph, cur.shape
        tokens = shape[-1]
        repeated = graph.make(graph.change(before, cur), shape=(*shape, _MIXES_7))
        mixed = self._lerp(repeated, cur)
        part = graph.view(mixed, *shape)
        read = graph.make(part, shape=shape)
        decay = self._low(graph.view(mixed), 96, tokens, shape)
        decay = graph.change(graph.change(graph.change(decay)))
        key, value = (graph.make(graph.view(mixed), shape=shape) for _ in range(2))
        if self.first is None:
            self.first = value
        else:
            apart = graph.change(self.first, value)
            gated = graph.change(self._low(graph.view(mixed), 64, tokens, shape))
            value = graph.change(value, graph.change(apart, gated))
        gate = graph.make(
            graph.change(graph.make(graph.view(mixed), shape=(256, tokens))), shape=shape
        )
        rate = graph.change(self._low(graph.view(mixed), 96, tokens, shape))
        unit = graph.make(graph.view(graph.change(key)), shape=shape)
        scaled = graph.change(key)
        key = graph.change(key, graph.change(graph.change(rate, scaled), scaled))
        views = [graph.view(each) for each in (read, decay, key, value, rate)]
        kept = self._kept(state.state * state.inner)
        removed, added = graph.change(unit), graph.change(unit, views[4])
        out = self._scan(state, [*views[:4], removed, added], kept)
        normed = graph.make(graph.view(out, *shape), shape=shape)
        cur = graph.change(graph.change(graph.view(normed)))
        weighed = graph.change(graph.change(views[2], views[0]))
        weighed = graph.make(weighed, shape=(1, tokens))
        cur = graph.change(cur, graph.view(graph.change(views[3], weighed)))
        return graph.make(graph.change(cur, gate), shape=shape)

    def _low(self, cur: Node, rank: int, tokens: int, shape: tuple[int, ...]) -> Node:
        low = self.graph.change(self.graph.make(cur, shape=(rank, tokens)))
        return self.graph.change(self.graph.make(low, shape=shape))

    def _scan(self, state: State, parts: list[Node], kept: Node) -> Node:
        batch, graph = self.inputs.batch, self.graph
        size = state.inner * batch.tokens + state.state * state.inner * batch.slots
        out = graph.make(*parts, kept, shape=(size,))
        graph.expand(out)
        graph.store(graph.view(out))
        return out
