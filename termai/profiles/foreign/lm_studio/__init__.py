"""LM Studio's presets, both ways, and the default configs that it keeps of models."""

from termai.profiles.foreign.base import Format
from termai.profiles.foreign.lm_studio.reading import read
from termai.profiles.foreign.lm_studio.writing import write

_LOOK_AT = 65_536  # characters
_TELLING = ('"llm.prediction.', '"llm.load.', '"inference_params"', '"load_params"', '"@local:')


def _claims(text: str) -> bool:
    head = text[:_LOOK_AT].lstrip("\ufeff \t\r\n")
    return head.startswith("{") and any(word in head for word in _TELLING)


FORMAT = Format(
    name="lm-studio",
    title="LM Studio preset",
    suffix=".preset.json",
    suffixes=(".preset.json", ".gguf.json"),
    claims=_claims,
    read=read,
    write=write,
)
