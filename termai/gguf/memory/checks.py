"""Refuse hyperparameters that no model has, before anything is computed from them.

llama.cpp refuses a key of another type than it expects (get_key in src/llama-model-loader.cpp)
and asserts the limits of src/llama-hparams.h.
"""

from collections.abc import Iterable

from termai.errors import InvalidFileError
from termai.gguf.header import Header
from termai.text import one_line

_LAYERS = 512  # LLAMA_MAX_LAYERS
_EXPERTS = 1024
_WIDE = 1 << 24
_TOKENS = (1 << 32) - 1

_LEAST_MOST = {
    "block_count": (1, _LAYERS),
    "embedding_length": (1, _WIDE),
    "context_length": (0, _TOKENS),
    "vocab_size": (0, _TOKENS),
    "nextn_predict_layers": (0, _LAYERS),
    "n_deepstack_layers": (0, _LAYERS),
    "full_attention_interval": (0, _LAYERS),
    "attention.shared_kv_layers": (0, _LAYERS),
    "attention.sliding_window": (0, _TOKENS),
    "attention.sliding_window_pattern": (0, _LAYERS),
    "attention.recurrent_layers": (0, 1),
    "expert_count": (0, _EXPERTS),
    "expert_used_count": (0, _EXPERTS),
} | dict.fromkeys(
    (
        "attention.head_count", "attention.head_count_kv", "attention.key_length",
        "attention.value_length", "attention.key_length_swa", "attention.value_length_swa",
        "attention.key_length_mla", "attention.value_length_mla", "attention.kv_lora_rank",
        "attention.q_lora_rank", "attention.indexer.key_length", "attention.indexer.types",
        "rope.dimension_count", "feed_forward_length", "expert_feed_forward_length",
        "ssm.conv_kernel", "ssm.inner_size", "ssm.state_size", "ssm.group_count",
        "ssm.time_step_rank", "kda.head_dim", "wkv.head_size", "token_shift_count",
        "shortconv.l_cache",
    ),
    (0, _WIDE),
)  # fmt: skip
_NEEDED = ("block_count", "embedding_length")
_PER_LAYER = frozenset(
    {
        "attention.head_count", "attention.head_count_kv", "attention.indexer.types",
        "attention.recurrent_layers", "attention.sliding_window_pattern",
        "expert_feed_forward_length", "expert_used_count", "feed_forward_length",
    }
)  # fmt: skip


def check(header: Header) -> None:
    """Raise InvalidFileError naming the first key that is missing, of another type, or absurd."""
    for name, (least, most) in _LEAST_MOST.items():
        key = header.own(name)
        if key in header.metadata:
            value = header.metadata[key]
            if isinstance(value, tuple) and name in _PER_LAYER:
                _check_values(key, value, least, most)
            elif isinstance(value, bool):
                raise _refused(key, f"is {value}", least, most)
            else:
                _check_values(key, (value,), least, most)
        elif name in _NEEDED:
            raise _refused(key, "is missing", least, most)


def _check_values(key: str, items: Iterable[object], least: int, most: int) -> None:
    for item in items:
        if not isinstance(item, int) or not least <= item <= most:
            raise _refused(key, f"is {one_line(str(item), 40)}", least, most)


def _refused(key: str, what: str, least: int, most: int) -> InvalidFileError:
    return InvalidFileError(
        f"The header's {one_line(key, 80)} {what}, expected a whole number from {least:,} to "
        f"{most:,}, so its memory cannot be estimated.",
        fix="Take a model that llama.cpp can load.",
    )
