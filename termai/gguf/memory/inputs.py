"""What a graph is built for, and the tensors that all of its layers share."""

from dataclasses import dataclass

from termai.gguf.memory.graph import Graph, Node
from termai.gguf.tensor_types import TensorType

_F16 = 2
_I64 = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """What a graph is built for: tokens of a micro-batch, slots, cells of the caches per slot.

    outputs: tokens that are answered. two_caches: whether windowed layers have a cache of their
    own. rotate_k, rotate_v: whether a quantized cache is rotated. value_row: elements of the
    widest row of values. distant: the types of keys and values where their cache is on another
    device; streams: of the cache, a slot's or all of them in one.
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
    distant: tuple[TensorType, TensorType] | None = None
    streams: int = 1


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

    def fetched(self, windowed: bool, *rows: int) -> list[Node]:
        """Return the copies of a distant cache, for rows of so many elements of keys and values.

        They are made anew for each layer (ggml_backend_sched_split_graph in
        ggml/src/ggml-backend.cpp).
        """
        batch, graph = self.batch, self.graph
        cells = (batch.cells_windowed if windowed else batch.cells) * batch.streams
        made: list[Node] = []
        for elements, kind in zip(rows, batch.distant or (), strict=False):
            row = -(-elements // kind.block) * kind.size
            made.append(graph.expand(graph.make(graph.input(0), shape=(row, cells), size=1)))
        return made

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


def project(graph: Graph, cur: Node, shape: tuple[int, ...], *, bias: bool) -> Node:
    """Return the product with the matrix that leads back to the embedding."""
    cur = graph.make(cur, shape=shape)
    return graph.change(cur) if bias else cur
