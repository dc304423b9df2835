"""What a clash is, and the facts about model, machine, engine and port that they are found by."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from termai.hardware.limits import MachineLimits
from termai.profiles.option import EMBEDDED, NATIVE
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, option

ENGINE = "engine"
"""The key of a fix that changes the profile's engine, which is no option."""

A_PROJECTOR = "a projector"
AN_ADAPTER = "a LoRA adapter"

_AUTO_SLOTS = 4  # of llama-server with --parallel -1 (tools/server/server.cpp)
_PADDING = 256  # tokens to which llama.cpp pads a context (src/llama-context.cpp)


class Severity(StrEnum):
    """PROBLEM: it does not start, or does not do what is asked. WARNING: it starts all the same."""

    PROBLEM = "problem"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Clash:
    """Values that do not go together, and what to change.

    name: of the kind of clash, the same in every profile. keys: the options that clash, the one
    to show it at first. fix: values that make it go away, None to unset one; empty where only a
    person can know, which ``fix_text`` then says.
    """

    name: str
    keys: tuple[str, ...]
    severity: Severity
    text: str
    fix_text: str
    fix: Mapping[str, Any] = field(default_factory=dict)

    def fixed(self, profile: Profile) -> Profile:
        """Return the profile with the fix applied."""
        values = {key: value for key, value in self.fix.items() if key != ENGINE}
        engine = self.fix.get(ENGINE, profile.engine)
        return replace(profile, engine=engine).with_values(**values)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What decides about a model whether options go with it.

    layers: the output layer counted. trained: tokens of context, 0 where unknown. experts: of a
    layer, 0 for a dense model. heads_k, heads_v: the sizes of attention heads that there are.
    window: tokens of sliding-window attention, 0 without. same_cache: whether keys and values
    must be kept in the same type. shifts: whether its cache can be shifted. rope_scaling,
    rope_scale: how the model itself stretches positions, and how far; original: tokens from which
    it does, 0 where that is ``trained``. nextn: layers that predict further tokens. draft: what
    the profile's draft model says it drafts, such as ``draft-mtp``, empty for an ordinary model,
    None where there is none or it cannot be read; other_vocabulary: whether it cannot draft for
    this model. locked: bytes that mlock would keep in RAM.
    """

    architecture: str
    layers: int
    trained: int = 0
    experts: int = 0
    heads_k: tuple[int, ...] = ()
    heads_v: tuple[int, ...] = ()
    window: int = 0
    same_cache: bool = False
    shifts: bool = True
    rope_scaling: str = "linear"
    rope_scale: float = 1.0
    original: int = 0
    nextn: int = 0
    draft: str | None = None
    other_vocabulary: bool = False
    locked: int = 0


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """The engine that runs a profile.

    devices: GPUs that it uses, None where that is unknown. names_drafting: whether it drafts with
    a draft model only when ``spec_type`` says so. looks_back: whether it takes -1 for penalties
    that look over the whole context. buffers: the names that ``override_tensor`` may place
    tensors in, None where they are unknown.
    """

    name: str
    devices: int | None = None
    names_drafting: bool = True
    looks_back: bool = False
    buffers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class PortFacts:
    """Why a server cannot listen on a host and port, and the next port that is free.

    refused: words for a sentence that begins with the port, or with the host where no port of it
    can be had (``any_port`` is false); empty where nothing is in the way.
    """

    host: str
    port: int
    refused: str = ""
    free: int | None = None
    any_port: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """A profile with what is known around it; None where it is not.

    files: what files are that it names beside its model, by reference: ``A_PROJECTOR``,
    ``AN_ADAPTER`` or other words for a sentence; what cannot be told is not in it.
    """

    profile: Profile
    model: ModelFacts | None = None
    limits: MachineLimits | None = None
    engine: EngineFacts | None = None
    port: PortFacts | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def value(self, key: str) -> Any:
        """Return the value of an option."""
        return self.profile.value(key)

    def is_set(self, key: str) -> bool:
        """Tell whether the profile itself says something about an option."""
        return self.profile.is_set(key)

    def changes(self, key: str) -> bool:
        """Tell whether the profile sets an option to something else than its default."""
        return self.is_set(key) and bool(self.value(key) != option(key).default)

    def set_of(self, *keys: str) -> tuple[str, ...]:
        """Return those of the options that the profile sets."""
        return tuple(key for key in keys if self.is_set(key))

    @property
    def embedded(self) -> bool:
        """Whether llama-cpp-python's own server runs it."""
        return self.engine_name == EMBEDDED

    @property
    def engine_name(self) -> str:
        """The engine that runs it; llama-server where that is not known."""
        if self.engine is not None:
            return self.engine.name
        return NATIVE if self.profile.engine == AUTO else self.profile.engine

    @property
    def trained(self) -> int:
        """Tokens of context the model was trained for, as ``override_kv`` has it; 0: unknown."""
        if self.model is None:
            return 0
        key = f"{self.model.architecture}.context_length=int:"
        for item in self.value("override_kv"):
            number = str(item).removeprefix(key)
            if str(item).startswith(key) and number.isascii() and number.isdecimal():
                return int(number[:9])
        return self.model.trained

    @property
    def slots(self) -> int:
        """How many requests are answered at a time."""
        if self.embedded:
            return 1
        parallel = int(self.value("parallel"))
        return parallel if parallel > 0 else _AUTO_SLOTS

    @property
    def unified(self) -> bool:
        """Whether all slots share one KV cache (tools/server/server.cpp)."""
        if self.embedded or int(self.value("parallel")) < 0:
            return True
        return bool(self.value("kv_unified"))

    def slot_ctx(self, ctx_size: int) -> int:
        """Return the tokens of each slot when all together have ``ctx_size``."""
        return ctx_size if self.unified else padded(ctx_size // self.slots)


Rule = Callable[[Case], Iterator[Clash]]


def listed(keys: tuple[str, ...]) -> str:
    """Return names as a sentence has them: ``a, b and c``."""
    return " and ".join((", ".join(keys[:-1]), keys[-1])) if len(keys) > 1 else keys[0]


def have(keys: tuple[str, ...]) -> str:
    """Return the verb that goes with so many names."""
    return "have" if len(keys) > 1 else "has"


def padded(tokens: int) -> int:
    """Return the tokens that llama.cpp makes of a context."""
    return -(-tokens // _PADDING) * _PADDING


def problem(name: str, keys: tuple[str, ...], text: str, fix_text: str, **fix: Any) -> Clash:
    """Return a clash that keeps the profile from starting, or from doing what is asked."""
    return Clash(name, keys, Severity.PROBLEM, text, fix_text, fix)


def warning(name: str, keys: tuple[str, ...], text: str, fix_text: str, **fix: Any) -> Clash:
    """Return a clash that lets the profile start."""
    return Clash(name, keys, Severity.WARNING, text, fix_text, fix)
