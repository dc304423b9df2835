"""What is fitted: a model's memory as a function of its load options, and what that depends on."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from termai.gguf.facts import facts
from termai.gguf.header import Header
from termai.gguf.memory import DeviceMemory, Estimate, LoadOptions, estimate

Estimator = Callable[[LoadOptions], Estimate]

_KEPT = 4096  # estimates remembered while one question is answered
_CACHE_BLOCK = 32  # elements of a block of the quantized cache types


@dataclass(frozen=True, slots=True)
class Subject:
    """A model to fit.

    estimate: bytes per device for load options. n_layers: the output layer counted. trained:
    tokens of context the model was trained for, 0 where unknown. experts: of each layer, 0 for a
    dense model. size: bytes of all tensors. bits: per weight. quantizable: whether its KV cache
    takes quantized types. source: how the estimate is made: ``formula``, or ``size`` where only
    that is known. projector: what of it is loaded beside the model. alone: the model without all
    that is loaded beside it, None where nothing is. ended: where searches of it ended, by what they
    searched for; the next ones begin there.
    """

    estimate: Estimator
    n_layers: int
    trained: int = 0
    experts: int = 0
    size: int = 0
    bits: float = 0.0
    quantization: str = ""
    quantizable: bool = True
    source: str = "formula"
    projector: Header | None = None
    alone: "Subject | None" = None
    ended: dict[Hashable, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def model(self) -> "Subject":
        """The model itself, without what is loaded beside it."""
        return self.alone or self

    def beside(self, options: LoadOptions) -> "Correction":
        """Return what is loaded beside the model, in bytes on each device."""
        return Correction.between(self.estimate(options), self.model.estimate(options))

    def shifted(self, correction: "Correction") -> "Subject":
        """Return the subject with an estimate that is corrected by a known difference."""
        inner = self.estimate

        @lru_cache(_KEPT)
        def shifted(options: LoadOptions) -> Estimate:
            return correction.applied(inner(options))

        return replace(self, estimate=shifted, ended={})

    def with_more(self, weights: int, *, on_gpu: bool) -> "Subject":
        """Return the subject with more bytes of weights, as of adapters, on the first device."""
        device = "GPU0" if on_gpu else "CPU"
        more = Correction((DeviceMemory(device, weights, 0, 0, 0),))
        return replace(self.shifted(more), alone=self.model) if weights else self

    def scaled(self, factor: float, *, source: str = "size") -> "Subject":
        """Return the subject with weights ``factor`` times as large, as another quantization.

        What is loaded beside the model stays as large as it is.
        """
        inner, alone = self.estimate, self.alone.estimate if self.alone else self.estimate

        @lru_cache(_KEPT)
        def scaled(options: LoadOptions) -> Estimate:
            found = inner(options)
            devices = (
                replace(whole, weights=whole.weights + int(model.weights * (factor - 1)))
                for whole, model in zip(found.devices, alone(options).devices, strict=True)
            )
            return replace(found, devices=tuple(devices))

        return replace(
            self,
            estimate=scaled,
            bits=self.bits * factor,
            size=int(self.size * factor),
            source=source,
            alone=self.alone and self.alone.scaled(factor, source=source),
            ended={},
        )


@dataclass(frozen=True, slots=True)
class Correction:
    """By how many bytes an exact answer differs from the formula, for each device and purpose."""

    devices: tuple[DeviceMemory, ...]

    @classmethod
    def between(cls, exact: Estimate, formula: Estimate) -> "Correction":
        """Return what must be added to ``formula`` to have ``exact``."""
        pairs = zip(exact.devices, formula.devices, strict=False)
        return cls(tuple(_summed(one, other, -1) for one, other in pairs))

    def applied(self, found: Estimate) -> Estimate:
        """Return the estimate with the difference added, nothing below zero."""
        known = {device.device: device for device in self.devices}
        devices = (
            _summed(device, known[device.device], 1) if device.device in known else device
            for device in found.devices
        )
        return replace(found, devices=tuple(devices))


def of_header(
    header: Header, *, projector: Header | None = None, draft: Header | None = None
) -> Subject:
    """Return the model that a header describes, with what is loaded beside it."""

    @lru_cache(_KEPT)
    def estimated(options: LoadOptions) -> Estimate:
        return estimate(header, options, projector=projector, draft=draft)

    known = facts(header)
    accompanied = projector is not None or draft is not None
    return Subject(
        estimate=estimated,
        projector=projector,
        alone=of_header(header) if accompanied else None,
        n_layers=header.layers + 1,
        trained=known.context_length,
        experts=known.expert_count,
        size=known.size,
        bits=known.bits_per_weight,
        quantization=known.quantization,
        quantizable=_quantizable(header),
    )


def _quantizable(header: Header) -> bool:
    """Return whether the rows of the cache are whole blocks of the quantized types."""
    prefix = header.architecture
    heads = header.number(f"{prefix}.attention.head_count", 0)
    width = header.number(f"{prefix}.embedding_length", 0)
    default = width // heads if heads else 0
    sizes = (header.number(f"{prefix}.attention.{key}_length", default) for key in ("key", "value"))
    return all(size % _CACHE_BLOCK == 0 for size in sizes)


def _summed(one: DeviceMemory, other: DeviceMemory, sign: int) -> DeviceMemory:
    return DeviceMemory(
        one.device,
        one.weights + sign * other.weights,
        one.kv + sign * other.kv,
        one.compute + sign * other.compute,
        one.output + sign * other.output,
    )
