"""Everything that the header of a model says: its keys, its tensors, its chat templates."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from termai.errors import InvalidFileError
from termai.gguf.header import Header, SkippedArray, Tensor, Value, read_header
from termai.gguf.splits import merge
from termai.models.model_file import ModelFile

TEMPLATE = "tokenizer.chat_template"
TOKENS = "tokenizer.ggml.tokens"

_ITEMS = 8  # of an array that is shortened
_TEXT = 120  # characters of a text that is shortened
# Names of the value types of the format (ggml/docs/gguf.md, gguf_metadata_value_type).
_TYPES = (
    *("u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "text", "array"),
    *("u64", "i64", "f64"),
)


@dataclass(frozen=True, slots=True)
class Details:
    """A model with the header that was read of it, of a split set that of all parts."""

    model: ModelFile
    header: Header

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Return the tensors in the order of the file."""
        return self.header.tensors

    @property
    def templates(self) -> dict[str, str]:
        """Return the chat templates by name, the usual one under the empty name."""
        found = {}
        for key, value in self.header.metadata.items():
            if isinstance(value, str) and (key == TEMPLATE or key.startswith(f"{TEMPLATE}.")):
                found[key.removeprefix(TEMPLATE).removeprefix(".")] = value
        return found

    def token(self, which: str) -> str:
        """Return the text of the ``bos`` or ``eos`` token, empty where there is none."""
        tokens = self.header.metadata.get(TOKENS)
        number = self.header.number(f"tokenizer.ggml.{which}_token_id", -1)
        if isinstance(tokens, tuple) and 0 <= number < len(tokens):
            token = tokens[number]
            return token if isinstance(token, str) else ""
        return ""

    def lines(self, *, whole: bool = False) -> Iterator[tuple[str, str]]:
        """Yield each key with its value as text, shortened unless ``whole``."""
        for key, value in self.header.metadata.items():
            yield key, value_text(value, whole=whole)


def details(model: ModelFile, *, arrays: bool = False, tokens: bool = False) -> Details:
    """Read the header of a model; what can be read of half a download or set is read, too.

    ``arrays`` builds all arrays, ``tokens`` the texts of the tokens. Raises NotFoundError and
    InvalidFileError.
    """
    wanted = {TOKENS} if tokens else set()
    first = read_header(model.files[0], arrays=wanted)
    if arrays:
        skipped = {k for k, v in first.metadata.items() if isinstance(v, SkippedArray)}
        first = read_header(model.files[0], arrays=skipped | wanted)
    if len(model.files) == 1 or model.missing:
        return Details(model, first)
    others = [(str(file), read_header(file)) for file in model.files[1:]]
    try:
        return Details(model, merge([(str(model.files[0]), first), *others]))
    except InvalidFileError:
        return Details(model, first)


def value_text(value: Value, *, whole: bool = False) -> str:
    """Return a value as one text: arrays and long texts shortened unless ``whole``."""
    if isinstance(value, SkippedArray):
        name = _TYPES[value.item_type] if value.item_type < len(_TYPES) else "unknown"
        return f"[{value.count:,} × {name}]"
    if isinstance(value, tuple):
        shown = value if whole else value[:_ITEMS]
        items = ", ".join(value_text(item, whole=whole) for item in shown)
        more = f", … {len(value):,} in all" if len(shown) < len(value) else ""
        return f"[{items}{more}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:.9g}" if isinstance(value, float) else str(value)
    return text if whole or len(text) <= _TEXT else f"{text[:_TEXT]}… {len(text):,} characters"


def plain(value: Value) -> Any:
    """Return a value as JSON has it; a skipped array as its item type and length.

    Infinities and what is not a number, which JSON has not, are None.
    """
    if isinstance(value, SkippedArray):
        name = _TYPES[value.item_type] if value.item_type < len(_TYPES) else "unknown"
        return {"array": name, "count": value.count}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
