"""GGUF files made on the spot: a tiny random Llama, an adapter for it, and broken ones."""

from pathlib import Path

import gguf
import numpy as np

CTX = 4096
LONG_TOKEN = "w" * 100
_EMBD, _HEADS, _FF, _LAYERS = 64, 2, 128, 2
_ASCII = 94  # the visible ones, which come first after the special tokens
_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_TEMPLATE = (
    "{%- for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
    "{%- endfor %}<|im_start|>assistant\n{%- if enable_thinking %}<think>{% endif %}"
)


def write_model(
    path: Path, *, architecture: str = "llama", template: str = _TEMPLATE, padding: int = 0
) -> Path:
    """Write a model that loads in milliseconds and answers nonsense with real inference.

    Its nonsense is visible ASCII, one token a letter, and does not end by itself.
    ``padding`` widens the vocabulary by so many tokens.
    """
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(CTX)
    writer.add_embedding_length(_EMBD)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_FF)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(_EMBD // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    tokens = _add_vocabulary(writer, template, padding)
    _add_weights(writer, tokens)
    return _finish(writer, path)


def write_adapter(path: Path) -> Path:
    """Write a LoRA adapter for the model that ``write_model`` writes, strong enough to be seen."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    random = np.random.default_rng(7)
    for layer in range(_LAYERS):
        name = f"blk.{layer}.attn_output.weight"
        for half, shape in (("lora_a", (8, _EMBD)), ("lora_b", (_EMBD, 8))):
            weights = random.standard_normal(shape).astype(np.float32)
            writer.add_tensor(f"{name}.{half}", weights)
    return _finish(writer, path)


def write_truncated(path: Path, whole: Path) -> Path:
    """Write a model whose download stopped: the header is there and half of the weights."""
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    return path


def _add_vocabulary(writer: gguf.GGUFWriter, template: str, padding: int) -> int:
    visible = [*range(33, 33 + _ASCII), *range(161, 173), *range(174, 256)]
    spelled = [chr(code) for code in visible] + [chr(256 + i) for i in range(256 - len(visible))]
    tokens = [*_SPECIAL, *spelled, "he", LONG_TOKEN, *(f"pad{i}" for i in range(padding))]
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    kinds = [control] * len(_SPECIAL) + [normal] * (len(tokens) - len(_SPECIAL))
    kinds[tokens.index(LONG_TOKEN)] = gguf.TokenType.USER_DEFINED
    writer.add_token_types(kinds)
    writer.add_token_merges(["h e"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    if template:
        writer.add_chat_template(template)
    return len(tokens)


def _add_weights(writer: gguf.GGUFWriter, vocabulary: int) -> None:
    random = np.random.default_rng(1)

    def matrix(name: str, *shape: int) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * 0.3).astype(np.float32))

    def norm(name: str) -> None:
        writer.add_tensor(name, np.ones(_EMBD, np.float32))

    matrix("token_embd.weight", vocabulary, _EMBD)
    output = (random.standard_normal((vocabulary, _EMBD)) * 0.3).astype(np.float32)
    output[: len(_SPECIAL)] = 0
    output[len(_SPECIAL) + _ASCII :] = 0
    writer.add_tensor("output.weight", output)
    norm("output_norm.weight")
    for layer in range(_LAYERS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(f"blk.{layer}.{part}.weight", _EMBD, _EMBD)
        for part in ("attn_norm", "ffn_norm"):
            norm(f"blk.{layer}.{part}.weight")
        matrix(f"blk.{layer}.ffn_gate.weight", _FF, _EMBD)
        matrix(f"blk.{layer}.ffn_up.weight", _FF, _EMBD)
        matrix(f"blk.{layer}.ffn_down.weight", _EMBD, _FF)


def _finish(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
