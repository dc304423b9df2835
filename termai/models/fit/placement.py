"""Where layers go so that no device is overfilled: the search that answers "how many fit".

Several GPUs are filled as llama.cpp does: in proportion to their free memory where that fits, else
from the last to the first with as many whole layers as each takes (common/fit.cpp).
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from termai.gguf.memory import Estimate, LoadOptions
from termai.models.fit.machine import Machine
from termai.models.fit.subject import Subject

AUTO = -1
"""For n_gpu_layers: as many as fit. For n_cpu_moe: as few as it takes."""

STEP = 256  # tokens; llama.cpp pads a context to it
_MIB = 1 << 20
MARGIN = 1024 * _MIB
_RAM_SHARE = 16


@dataclass(frozen=True, slots=True)
class Budget:
    """Bytes that a model may take: of each GPU, and of the machine's own memory."""

    gpus: tuple[int, ...]
    ram: int

    def holds(self, estimate: Estimate) -> bool:
        """Return whether every device has room for its part."""
        return self.gpus_hold(estimate) and estimate.devices[0].total <= self.ram

    def gpus_hold(self, estimate: Estimate) -> bool:
        """Return whether the GPUs have room for their parts."""
        pairs = zip(estimate.devices[1:], self.gpus, strict=False)
        return all(device.total <= room for device, room in pairs)


@dataclass(frozen=True, slots=True)
class Placement:
    """Load options without AUTO, what they take, and whether that fits."""

    options: LoadOptions
    estimate: Estimate
    fits: bool


def margins(machine: Machine, gpu_margin: int = MARGIN) -> tuple[int, tuple[int, ...]]:
    """Return the bytes to leave free in RAM and on each GPU.

    On a GPU llama.cpp's own margin (``--fit-target``), which its context and what no estimate
    knows take from; in RAM the same, but on a small machine not more than a sixteenth of it.
    """
    return min(MARGIN, machine.ram_total // _RAM_SHARE), (gpu_margin,) * len(machine.gpus)


def budget(machine: Machine, gpu_margin: int = MARGIN) -> Budget:
    """Return what may be taken of a machine with the margins left free."""
    in_ram, on_gpus = margins(machine, gpu_margin)
    rooms = zip(machine.gpus, on_gpus, strict=True)
    gpus = tuple(max(0, gpu.free - margin) for gpu, margin in rooms)
    return Budget(gpus, max(0, machine.ram_free - in_ram))


def place(subject: Subject, options: LoadOptions, machine: Machine, room: Budget) -> Placement:
    """Return where the layers go, on as many GPUs' memory as there is, for a fixed context.

    Of a mixture of experts the experts go to the CPU before whole layers do: few of them work on
    each token. Without a GPU everything is in RAM.
    """
    if not machine.gpus:
        return _placed(
            subject, replace(options, n_gpu_layers=0, n_cpu_moe=0, tensor_split=()), room
        )
    search = _Search(subject, machine, room)
    if options.n_gpu_layers != AUTO:
        return search.fixed(options)
    whole = search.whole(replace(options, n_cpu_moe=max(0, options.n_cpu_moe)))
    if whole.fits:
        return whole
    if subject.experts and options.n_cpu_moe == AUTO:
        return search.with_experts_on_cpu(options)
    return search.most_layers(replace(options, n_cpu_moe=max(0, options.n_cpu_moe)))


def largest_context(fits: Callable[[int], bool], limit: int, *, near: int = 0) -> int:
    """Return the largest multiple of STEP up to ``limit`` tokens that fits, 0 when none does.

    ``limit`` itself may be no multiple. near: tokens that the answer is thought to be close to.
    """
    if limit <= 0:
        return 0
    most = (limit - 1) // STEP
    if not 0 < near < limit:
        if fits(limit):
            return limit
        if not most or not fits(STEP):
            return 0
        near = 0
    steps = last_that(lambda count: fits(count * STEP), most, near=near // STEP)
    if near and steps == most and fits(limit):
        return limit
    return steps * STEP


def last_that(holds: Callable[[int], bool], limit: int, *, near: int = 0) -> int:
    """Return the largest number from 1 to ``limit`` that holds, 0 for none.

    By bisection; where the answer is thought to be ``near``, of ever wider steps away from there.
    """
    low, high, step = 0, limit + 1, 1
    if 0 < near <= limit and holds(near):
        low = near
        while low + step < high:
            if not holds(low + step):
                high = low + step
                break
            low, step = low + step, step * 2
    elif 0 < near <= limit:
        high = near
        while high - step > low:
            if holds(high - step):
                low = high - step
                break
            high, step = high - step, step * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


class _Search:
    """The search for one model on one machine with GPUs."""

    def __init__(self, subject: Subject, machine: Machine, room: Budget) -> None:
        self.subject = subject
        self.room = room
        self.count = len(machine.gpus)
        self.shares = tuple(float(gpu.free) for gpu in machine.gpus)

    def fixed(self, options: LoadOptions) -> Placement:
        """Return the layers asked for, experts on the CPU as few as it takes where that is free."""
        layers = min(options.n_gpu_layers, self.subject.n_layers)
        if options.n_cpu_moe != AUTO:
            return self.layers(options, layers)
        found = self.layers(replace(options, n_cpu_moe=0), layers)
        if found.fits or not self.subject.experts:
            return found
        return self._fewest_experts(options, layers)

    def whole(self, options: LoadOptions) -> Placement:
        """Return all layers on GPUs."""
        return self.layers(options, self.subject.n_layers)

    def with_experts_on_cpu(self, options: LoadOptions) -> Placement:
        """Return all layers on GPUs with as few experts as it takes on the CPU, or fewer layers."""
        found = self._fewest_experts(options, self.subject.n_layers)
        if found.fits:
            return found
        return self.most_layers(replace(options, n_cpu_moe=self.subject.n_layers - 1))

    def most_layers(self, options: LoadOptions) -> Placement:
        """Return as many layers on GPUs as they hold."""
        if self.count > 1 and not options.tensor_split:
            return self._relieved(options, self._counts(options, self.subject.n_layers))

        def held(layers: int) -> bool:
            return self.room.gpus_hold(self.layers(options, layers).estimate)

        return self.layers(options, self._last("layers", held, self.subject.n_layers))

    def layers(self, options: LoadOptions, layers: int) -> Placement:
        """Return so many layers on GPUs, split between them so that they fit where they can."""
        wanted = replace(options, n_gpu_layers=layers)
        if self.count == 1 or options.tensor_split:
            shares = (*options.tensor_split, *(0.0,) * self.count)[: self.count]
            split = shares if self.count > 1 else ()
            return self._placed(replace(wanted, tensor_split=split))
        found = self._placed(replace(wanted, tensor_split=self.shares))
        needed = sum(device.total for device in found.estimate.devices[1:])
        if self.room.gpus_hold(found.estimate) or needed > sum(self.room.gpus):
            return found
        counts = self._counts(wanted, layers)
        dealt = self._split(wanted, counts)
        fits = sum(counts) == layers and self.room.gpus_hold(dealt.estimate)
        return dealt if fits else found

    def _fewest_experts(self, options: LoadOptions, layers: int) -> Placement:
        blocks = self.subject.n_layers - 1

        def moved(count: int) -> Placement:
            return self.layers(replace(options, n_cpu_moe=count), layers)

        def held(on_gpu: int) -> bool:
            return self.room.gpus_hold(moved(blocks - on_gpu).estimate)

        return moved(blocks - self._last(("experts", layers), held, blocks))

    def _counts(self, options: LoadOptions, layers: int) -> list[int]:
        """Return how many layers each GPU takes, dealt out from the last GPU to the first.

        While one is tried, the rest is on the first: a model that is wholly on GPUs needs other
        buffers than one that is not.
        """
        counts = [0] * self.count
        for place in reversed(range(self.count)):
            left = layers - sum(counts)

            def held(count: int, place: int = place, left: int = left) -> bool:
                dealt = [*counts]
                dealt[0] = left - count
                dealt[place] = count
                part = self._split(options, dealt).estimate.devices[1 + place]
                return part.total <= self.room.gpus[place]

            counts[place] = self._last(("count", place), held, left)
        return counts

    def _relieved(self, options: LoadOptions, counts: list[int]) -> Placement:
        """Return the split with layers taken from each GPU that turns out to be too small."""
        while True:
            found = self._split(options, counts)
            parts = found.estimate.devices[1:]
            over = [
                place
                for place, room in enumerate(self.room.gpus)
                if parts[place].total > room and counts[place]
            ]
            if not over:
                return found
            for place in over:
                counts[place] -= 1

    def _last(self, what: Hashable, holds: Callable[[int], bool], limit: int) -> int:
        """Return the largest number that holds, looked for where the last search ended."""
        found = last_that(holds, limit, near=min(self.subject.ended.get(what, 0), limit))
        self.subject.ended[what] = found
        return found

    def _split(self, options: LoadOptions, counts: Sequence[int]) -> Placement:
        """Return so many layers on each GPU."""
        split = tuple(float(count) for count in counts) if any(counts) else self.shares
        return self._placed(replace(options, n_gpu_layers=sum(counts), tensor_split=split))

    def _placed(self, options: LoadOptions) -> Placement:
        return _placed(self.subject, options, self.room)


def _placed(subject: Subject, options: LoadOptions, room: Budget) -> Placement:
    estimate = subject.estimate(options)
    return Placement(options, estimate, room.holds(estimate))
