"""How the next token is drawn, as one request asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from termai.errors import UsageError


@dataclass(frozen=True, slots=True)
class Sampling:
    """The samplers under llama-server's names; None leaves one to the server.

    ``max_tokens`` bounds the reply in tokens and ``seed`` makes it repeatable; -1 means no
    bound and a random seed.
    """

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    typical_p: float | None = None
    top_n_sigma: float | None = None
    repeat_penalty: float | None = None
    repeat_last_n: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    dry_multiplier: float | None = None
    dry_base: float | None = None
    dry_allowed_length: int | None = None
    dry_penalty_last_n: int | None = None
    xtc_probability: float | None = None
    xtc_threshold: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] | None = None

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "Sampling":
        """Take the samplers out of ``values``, such as a profile's; other keys are ignored.

        Raises UsageError for a value of the wrong type.
        """
        known = {f.name: str(f.type) for f in fields(cls)}
        return cls(**{k: _typed(k, values[k], known[k]) for k in known if k in values})

    def with_defaults(self, other: "Sampling") -> "Sampling":
        """Return these samplers with what is None taken from ``other``."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        return Sampling(
            **{k: getattr(other, k) if value is None else value for k, value in mine.items()}
        )

    def as_request(self) -> dict[str, Any]:
        """Return the fields of the request body: only what is set, and -1 left out."""
        request: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            unset = field.name in ("seed", "max_tokens") and value is not None and value < 0
            if value is None or unset or value == ():
                continue
            request[field.name] = list(value) if isinstance(value, tuple) else value
        return request


def _typed(key: str, value: Any, wanted: str) -> Any:
    if value is None:
        return None
    if "str" in wanted:
        if isinstance(value, list | tuple) and all(isinstance(text, str) for text in value):
            return tuple(value)
        expected = "a list of texts"
    elif "int" in wanted:
        if type(value) is int:
            return value
        expected = "a whole number"
    else:
        if type(value) in (int, float):
            return float(value)
        expected = "a number"
    raise UsageError(f"{key} must be {expected}, found {value!r}.")
