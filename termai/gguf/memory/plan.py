"""What is taken and given back in which order while a graph is worked through.

That order does not depend on how long the context is, only the sizes do: so it is worked out once
for a few layers, and the allocator is replayed for all layers with the sizes of a context. Source:
ggml_gallocr_alloc_graph_impl in ggml/src/ggml-alloc.c.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from termai.gguf.memory.graph import Graph, Memory, Node

CELLS = 1 << 50
"""Stands for the cells of a cache in a graph that is built for a plan."""
CELLS_WINDOWED = 1 << 100
"""Stands for the cells of a windowed cache."""

_LOOK_BACK = 3  # layers before one that may still be unfinished when its own graph is built

Size = tuple[int, int, int]
"""Bytes: a fixed part, one for each cell of a cache, and one for each cell of a windowed one."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What happens in one layer.

    Tensors are numbered: the inputs, what is ``carried`` over from before, and what is taken here.
    events: the number of what is taken, or the complement of what is given back. out: what is
    carried on. uses: of each input that it uses, the events before its last use is over.
    """

    carried: int
    events: tuple[int, ...]
    sizes: tuple[Size, ...]
    out: tuple[int, ...]
    uses: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The inputs and the segments of a graph, one for each layer, the rest in the last."""

    inputs: tuple[Size, ...]
    segments: tuple[Segment, ...]

    def peak(self, order: Sequence[int], cells: int = 0, cells_windowed: int = 0) -> int:
        """Return the bytes of the buffer for segments in that order, each as often as wanted."""

        def bytes_of(sizes: Sequence[Size]) -> list[int]:
            return [a + b * cells + c * cells_windowed for a, b, c in sizes]

        memory = Memory()
        given = bytes_of(self.inputs)
        places = [memory.take(size) for size in given]
        taken = [bytes_of(segment.sizes) for segment in self.segments]
        ends = self._last_uses(order)
        carried: list[tuple[int, int]] = []
        met: dict[tuple[int, ...], int] = {}
        at = 0
        while at < len(order):
            state = (*memory.offsets, *memory.sizes, *(place for place, _ in carried))
            period = at - met.get(state, at)
            met[state] = at
            until = min((end for end in ends if end >= at), default=len(order))
            if period and (spare := _repeated(order[:until], at, period)):
                at += spare
                continue
            segment = self.segments[order[at]]
            if segment.carried != len(carried):
                raise UnevenError
            offsets = places + [place for place, _ in carried]
            sizes = given + [size for _, size in carried] + taken[order[at]]
            for event in _with_gives(segment, ends.get(at, ())):
                if event >= 0:
                    offsets.append(memory.take(sizes[event]))
                else:
                    memory.give(offsets[~event], sizes[~event])
            carried = [(offsets[each], sizes[each]) for each in segment.out]
            at += 1
        return memory.peak

    def _last_uses(self, order: Sequence[int]) -> dict[int, list[int]]:
        """Return by position in ``order`` which inputs are used there for the last time."""
        left = {number for segment in self.segments for number, _ in segment.uses}
        found: dict[int, list[int]] = {}
        for at in range(len(order) - 1, -1, -1):
            if not left:
                break
            for number, _ in self.segments[order[at]].uses:
                if number in left:
                    left.remove(number)
                    found.setdefault(at, []).append(number)
        return found


def _with_gives(segment: Segment, inputs: Sequence[int]) -> Sequence[int]:
    """Return a segment's events with inputs given back after their last use."""
    if not inputs:
        return segment.events
    made = list(segment.events)
    for number, after in sorted(segment.uses, key=lambda use: -use[1]):
        if number in inputs:
            made.insert(after, ~number)
    return made


class UnevenError(Exception):
    """Segments that do not follow each other: the layers were told apart by too little."""


def reduced(kinds: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return which layers to build a graph for, and the segments of that graph for all layers.

    A layer's segment is that of the first one with the same layers before it.
    """
    inner = len(kinds) - 1
    seen = [tuple(kinds[max(0, at - _LOOK_BACK) : at + 1]) for at in range(inner)]
    first: dict[tuple[int, ...], int] = {}
    for at, each in enumerate(seen):
        first.setdefault(each, at)
    built = max(first.values(), default=-1) + 1
    while 0 < built < inner and seen[built - 1] != seen[-1]:
        built += 1
    if inner < 0:
        return [], [0]
    return [*range(built), inner], [*(first[each] for each in seen), built]


def planned(graph: Graph, ends: Sequence[int]) -> Plan:
    """Return the plan of a graph of which the nodes before each of ``ends`` are a segment's.

    What follows the last but one end belongs to the last segment.
    """
    leaves = graph.leaves
    for number, leaf in enumerate(leaves):
        leaf.offset, leaf.owns = number, True
        leaf.used = leaf.children > 0 and not leaf.kept
        leaf.children += 1  # it is given back after the last layer that uses it
    log = _Log([leaf.size for leaf in leaves])
    bounds = [0, *ends[:-1], len(graph.nodes)]
    segments: list[Segment] = []
    for start, end in pairwise(bounds):
        for node in graph.nodes[start:end]:
            if node.root is None:
                _place(node, log)
            for source in node.sources:
                _leave(source, log)
        segments.append(log.segment(len(leaves)))
    return Plan(tuple(_size(leaf.size) for leaf in leaves), tuple(segments))


class _Log:
    """Numbers what is taken, and keeps what was taken and given since the last segment."""

    __slots__ = ("alive", "before", "events", "sizes", "uses")

    def __init__(self, inputs: list[int]) -> None:
        self.sizes = inputs
        self.alive: dict[int, None] = {}
        self.before: list[int] = []
        self.events: list[int] = []
        self.uses: dict[int, int] = {}

    def take(self, size: int) -> int:
        number = len(self.sizes)
        self.sizes.append(size)
        self.events.append(number)
        self.alive[number] = None
        return number

    def give(self, number: int) -> None:
        self.events.append(~number)
        self.alive.pop(number, None)

    def segment(self, inputs: int) -> Segment:
        numbers = {each: inputs + at for at, each in enumerate(self.before)}
        numbers |= {at: at for at in range(inputs)}
        new = [event for event in self.events if event >= 0]
        numbers |= {each: inputs + len(self.before) + at for at, each in enumerate(new)}
        events = tuple(numbers[e] if e >= 0 else ~numbers[~e] for e in self.events)
        out = list(self.alive)
        made = Segment(
            len(self.before),
            events,
            tuple(_size(self.sizes[each]) for each in new),
            tuple(numbers[each] for each in out),
            tuple(self.uses.items()),
        )
        self.before, self.events, self.uses = out, [], {}
        return made


def _size(size: int) -> Size:
    return size % CELLS, size % CELLS_WINDOWED // CELLS, size // CELLS_WINDOWED


def _repeated(order: Sequence[int], at: int, period: int) -> int:
    """Return how many segments repeat what came before, whole periods of them."""
    end = at
    while end < len(order) and order[end] == order[end - period]:
        end += 1
    return (end - at) // period * period


def _place(node: Node, log: _Log) -> None:
    node.owns = True
    if node.in_place:
        for source in node.sources:
            if (
                source.owns
                and source.children == 1
                and not source.views
                and not source.kept
                and source.shape == node.shape
            ):
                node.offset = source.offset
                source.owns = False
                return
    node.offset = log.take(node.size)


def _leave(source: Node, log: _Log) -> None:
    """Count a source as used once more, and give back what nothing needs any longer."""
    source.children -= 1
    root = source.root
    leaf = root or source
    if leaf.used:
        log.uses[leaf.offset] = len(log.events)
    if source.children or source.views:
        return
    if root is not None:
        root.views -= 1
        if root.views or root.children:
            return
        source = root
    if source.owns and not source.kept:
        log.give(source.offset)
        source.owns = False
