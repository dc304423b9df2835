"""A graph of tensors and the buffer that ggml's allocator gives it.

The buffer is as large as the allocator's peak, which depends on the order of the nodes, on what
is done in place, and on gaps that are too small for what comes next; so it is replayed here as
ggml_gallocr_alloc_graph_impl and ggml_dyn_tallocr_alloc in ggml/src/ggml-alloc.c do it. Weights
and caches have buffers of their own and are left out of the graph.
"""

from collections.abc import Sequence

F32 = 4
ALIGNMENT = 32
_ENDLESS = 1 << 62

Shape = tuple[int, ...]


class Node:
    """A tensor: its bytes, the tensors that it is made from, and what the replay knows of it.

    in_place: whether its operation may write over a source of the same shape. root: the tensor
    that it is a view of. used: whether anything needs it.
    """

    __slots__ = (
        "children",
        "in_place",
        "kept",
        "offset",
        "owns",
        "root",
        "seen",
        "shape",
        "size",
        "sources",
        "used",
        "views",
    )

    def __init__(
        self,
        shape: Shape,
        size: int,
        sources: Sequence["Node"],
        in_place: bool = False,
        root: "Node | None" = None,
    ) -> None:
        self.shape = shape
        self.size = -(-size // ALIGNMENT) * ALIGNMENT
        self.sources = sources
        self.in_place = in_place
        self.root = root
        self.kept = False
        self.seen = False
        self.children = 0
        self.views = 0
        self.offset = 0
        self.owns = False
        self.used = False


class Graph:
    """Nodes in the order in which they are computed; what has no sources is there from the start.

    Source: ggml_build_forward_expand and ggml_visit_parents_graph in ggml/src/ggml.c.
    """

    __slots__ = ("leaves", "nodes")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.leaves: list[Node] = []

    def input(self, *shape: int, size: int = F32) -> Node:
        """Return a tensor that is filled before the graph runs; ``size`` bytes an element."""
        return Node(shape, _elements(shape) * size, ())

    def make(self, *sources: Node, shape: Shape, size: int = F32) -> Node:
        """Return a tensor with memory of its own, as a product of matrices has it."""
        return Node(shape, _elements(shape) * size, sources)

    def change(self, *sources: Node) -> Node:
        """Return a tensor of the first source's shape that may take the place of a source."""
        first = sources[0]
        return Node(first.shape, _elements(first.shape) * F32, sources, in_place=True)

    def view(self, source: Node, *shape: int) -> Node:
        """Return another look at the same memory."""
        return Node(shape or source.shape, 0, (source,), root=source.root or source)

    def store(self, *sources: Node) -> None:
        """Compute what is written to memory outside of the graph."""
        outside = Node((), 0, ())
        self.expand(Node((), 0, sources, root=outside))

    def expand(self, node: Node) -> Node:
        """Add a tensor and all that it needs, in order."""
        if not node.seen:
            node.seen = True
            for source in node.sources:
                if not source.seen:
                    self.expand(source)
                source.children += 1
            if node.root is not None:
                node.root.views += 1
            (self.nodes if node.sources else self.leaves).append(node)
        return node


class Memory:
    """Blocks of free memory by address, the last of them without end."""

    __slots__ = ("offsets", "peak", "sizes")

    def __init__(self) -> None:
        self.offsets = [0]
        self.sizes = [_ENDLESS]
        self.peak = 0

    def take(self, size: int) -> int:
        """Return the address of the smallest free block that suffices, the later of equals."""
        sizes = self.sizes
        best = len(sizes) - 1
        least = _ENDLESS
        for index in range(best):
            if size <= sizes[index] <= least:
                best, least = index, sizes[index]
        found = self.offsets[best]
        if sizes[best] == size:
            del sizes[best], self.offsets[best]
        else:
            sizes[best] -= size
            self.offsets[best] = found + size
        self.peak = max(self.peak, found + size)
        return found

    def give(self, offset: int, size: int) -> None:
        """Free a block and join it with its neighbours."""
        if not size:
            return
        offsets, sizes = self.offsets, self.sizes
        index = 0
        while index < len(offsets) and offsets[index] < offset:
            index += 1
        if index < len(offsets) and offset + size == offsets[index]:
            offsets[index] = offset
            sizes[index] += size
        else:
            offsets.insert(index, offset)
            sizes.insert(index, size)
        if index and offsets[index - 1] + sizes[index - 1] == offset:
            sizes[index - 1] += sizes[index]
            del offsets[index], sizes[index]


def _elements(shape: Shape) -> int:
    count = 1
    for each in shape:
        count *= each
    return count
