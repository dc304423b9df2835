"""The estimate: bytes of weights, KV cache, compute and output buffers on each device."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import lru_cache

from termai.gguf.header import Header
from termai.gguf.memory import aside, cache, compute
from termai.gguf.memory.compute import Begin
from termai.gguf.memory.hparams import Hparams, hparams
from termai.gguf.memory.inputs import Batch
from termai.gguf.memory.layers import Layer, layers
from termai.gguf.memory.options import LoadOptions
from termai.gguf.memory.placement import CPU, gpus, places
from termai.gguf.memory.tested import TESTED
from termai.gguf.memory.weights import Weights, weights

_KNOWN_HEADERS = 256
_KEPT_BUFFERS = 4096  # sizes remembered of one model, while layers, experts and contexts are tried
_COPIES = 4  # GGML_SCHED_MAX_COPIES


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Bytes on one device, ``CPU`` or ``GPU0``, ``GPU1`` and so on."""

    device: str
    weights: int
    kv: int
    compute: int
    output: int

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.weights + self.kv + self.compute + self.output


@dataclass(frozen=True, slots=True)
class Estimate:
    """What loading a model takes: the CPU first, then the GPUs in order.

    n_gpu_layers: layers on GPUs; n_layers: of the model, the output layer counted in both.
    ctx_size: tokens of context granted in all. certain: whether estimates of this architecture
    are compared with llama.cpp's own.
    """

    devices: tuple[DeviceMemory, ...]
    n_gpu_layers: int
    n_layers: int
    ctx_size: int
    certain: bool = True

    @property
    def weights(self) -> int:
        """Bytes of weights on all devices."""
        return sum(device.weights for device in self.devices)

    @property
    def kv(self) -> int:
        """Bytes of KV cache and recurrent state on all devices."""
        return sum(device.kv for device in self.devices)

    @property
    def compute(self) -> int:
        """Bytes of compute buffers on all devices."""
        return sum(device.compute for device in self.devices)

    @property
    def output(self) -> int:
        """Bytes of output buffers on all devices."""
        return sum(device.output for device in self.devices)

    @property
    def total(self) -> int:
        """Bytes in all."""
        return sum(device.total for device in self.devices)


@dataclass(frozen=True, slots=True)
class _Known:
    """What depends on the header alone, and the sizes of buffers that were worked out for it."""

    model: Hparams
    weights: Weights
    layers: tuple[Layer, ...]
    buffers: dict[Hashable, int] = field(default_factory=dict)

    def buffer(self, key: Hashable, work_out: Callable[[], int]) -> int:
        """Return the bytes of a buffer, remembered by what they depend on."""
        found = self.buffers.get(key)
        if found is None:
            if len(self.buffers) >= _KEPT_BUFFERS:
                self.buffers.clear()
            found = self.buffers[key] = work_out()
        return found


def estimate(
    header: Header,
    options: LoadOptions,
    *,
    projector: Header | None = None,
    draft: Header | None = None,
) -> Estimate:
    """Return what llama.cpp allocates for a model that is loaded as ``options`` say.

    The projector is on the first GPU where a layer is on one; a draft model is loaded with the
    same context, wholly on the GPUs where the model has layers there. Raises
    InvalidFileError where the header lacks what decides.
    """
    known = _known(header)
    model = known.model
    place = places(model.layers_all, options)
    count = 1 + gpus(options)
    weights_at = _weights_at(known.weights, place, count, options)
    kv_at = [0] * count
    for layer, size in enumerate(cache.per_layer(model, options)):
        kv_at[CPU if options.no_kv_offload else place[layer]] += size
    full, _ = cache.cells(model, options)
    compute_at = _compute_at(known, options, place, count)
    used = [at for at in range(1, count) if at in place]
    if projector is not None:
        device = used[0] if used else CPU
        weights_beside, compute_beside = aside.projector(projector)
        weights_at[device] += weights_beside
        compute_at[device] += compute_beside
    outputs = [compute.logits(model, options)] + [0] * (count - 1)
    parts = [
        DeviceMemory("CPU" if at == CPU else f"GPU{at - 1}", *row)
        for at, row in enumerate(zip(weights_at, kv_at, compute_at, outputs, strict=True))
    ]
    if draft is not None:
        parts = _with_draft(parts, draft, options)
    on_gpu = sum(at != CPU for at in place)
    slots = 1 if options.kv_unified else max(1, options.parallel)
    certain = model.architecture in TESTED
    return Estimate(tuple(parts), on_gpu, model.layers_all + 1, full * slots, certain)


@lru_cache(_KNOWN_HEADERS)
def _known(header: Header) -> _Known:
    model = hparams(header)
    alike: dict[Layer, Layer] = {}
    found = tuple(alike.setdefault(layer, layer) for layer in layers(header, model))
    return _Known(model, weights(header, model.layers), found)


def _weights_at(
    known: Weights, place: tuple[int, ...], count: int, options: LoadOptions
) -> list[int]:
    found = [0] * count
    found[CPU] += known.first
    last = place[-1]
    found[last] += known.output
    if known.tied and (known.twice or last != CPU):
        found[last] += known.tied
    for layer, (plain, experts) in enumerate(zip(known.layers, known.experts, strict=True)):
        found[place[layer]] += plain
        found[CPU if layer < options.n_cpu_moe else place[layer]] += experts
    return found


def _compute_at(
    known: _Known, options: LoadOptions, place: tuple[int, ...], count: int
) -> list[int]:
    model, found = known.model, [0] * count
    at = compute.batch(model, options)
    copies = _COPIES if _pipelined(options, place) else 1
    for device in set(place):
        distant = options.no_kv_offload and device != CPU
        near = compute.fetching(at, options) if distant else at
        found[device] = _peak_at(known, near, place, device, copies)
        found[device] += copies * _borrowed(known, options, place, device)
    if CPU not in place:
        found[CPU] = known.buffer(
            ("inputs", at, copies),
            lambda: compute.inputs_only(model, at, known.layers, copies),
        )
        left = frozenset(
            layer.experts for layer in known.layers[: options.n_cpu_moe] if layer.experts
        )
        found[CPU] += known.buffer(
            ("experts", at, left), lambda: compute.experts_only(model, at, left)
        )
    if options.op_offload and count > 1 and place[-1] != CPU:
        found[1] = max(found[1], _for_cpu(known, options, place, at))
    return found


def _peak_at(known: _Known, at: Batch, place: tuple[int, ...], device: int, copies: int) -> int:
    """Return the compute buffer of a device for its layers, which follow each other."""
    first, begin, last = place.index(device), _begin(place, device), place[-1] == device
    mine = known.layers[first : first + place.count(device)]
    return known.buffer(
        ("peak", at, first, len(mine), begin, last, copies),
        lambda: compute.peak(
            known.model,
            at,
            mine,
            begin=begin,
            last=last,
            copies=copies,
            then=_then(known, place, device),
        ),
    )


def _then(known: _Known, place: tuple[int, ...], device: int) -> Layer | None:
    """Return the first layer of the device after this one."""
    after = len(place) - place[::-1].index(device)
    return known.layers[after] if after < len(known.layers) else None


def _borrowed(known: _Known, options: LoadOptions, place: tuple[int, ...], device: int) -> int:
    """Return the bytes of caches that layers without their own read from another device."""
    model = known.model
    if all(model.cached) or not any(model.cached):
        return 0
    sizes = cache.per_layer(model, options)
    found: dict[int, int] = {}
    for layer, parts in enumerate(known.layers):
        if parts.attention is None or parts.attention.stores or place[layer] != device:
            continue
        alike = [
            other for other in range(layer)
            if model.cached[other] and model.windowed[other] == model.windowed[layer]
        ]  # fmt: skip
        if alike and place[alike[-1]] != device:
            found[alike[-1]] = sizes[alike[-1]]
    return sum(found.values())


def _begin(place: tuple[int, ...], device: int) -> Begin:
    if device == CPU:
        return Begin.TOKENS
    at = place.index(device)
    if not at:
        return Begin.EMBEDDING
    return Begin.SUM if place[at - 1] == CPU else Begin.NORMED


def _pipelined(options: LoadOptions, place: tuple[int, ...]) -> bool:
    """Return whether several micro-batches are on the way at once (llama_context's constructor)."""
    moved = options.no_kv_offload or options.n_cpu_moe > 0
    return gpus(options) > 1 and CPU not in place and not moved


def _for_cpu(known: _Known, options: LoadOptions, place: tuple[int, ...], at: Batch) -> int:
    """Return the bytes that the first GPU needs to work through layers whose weights are in RAM.

    Weights are copied to it one matrix at a time (ggml_backend_sched_backend_id_from_cur and
    ggml_backend_sched_split_graph in ggml/src/ggml-backend.cpp; offload_op of each backend).
    """
    sizes = [0]
    for index, where in enumerate(place[: len(known.layers)]):
        if where == CPU:
            sizes.append(known.weights.largest[index])
        elif index < options.n_cpu_moe:
            sizes.append(known.weights.largest_experts[index])
    largest, last = max(sizes), place[-1] == 1
    if not largest:
        return 0
    if CPU in place or options.no_kv_offload:
        at = compute.fetching(at, options)
    return largest + known.buffer(
        ("helped", at, last),
        lambda: compute.peak(known.model, at, known.layers, begin=Begin.SUM, last=last),
    )


def _with_draft(
    parts: list[DeviceMemory], draft: Header, options: LoadOptions
) -> list[DeviceMemory]:
    beside = estimate(draft, aside.draft_options(options))
    return [
        DeviceMemory(
            one.device,
            one.weights + other.weights,
            one.kv + other.kv,
            one.compute + other.compute,
            one.output + other.output,
        )
        for one, other in zip(parts, beside.devices, strict=True)
    ]
