"""Writes the trained model as GGUF: matrices Q8_0, norms F32."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import gguf
import numpy
from numpy.typing import NDArray

from training.smoke.bpe import PRE_TOKENIZER, SPECIALS, Tokenizer
from training.smoke.dialogue import TEMPLATE
from training.smoke.model import Config, Llama

DESCRIPTION: Final = (
    "A tiny model that comes with termai for checking that an engine works. "
    "It answers a short list of questions and is of no use for anything else."
)
_BLOCK_TENSORS: Final = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.o": "attn_output",
    "ffn_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}
_OTHER_TENSORS: Final = {
    "embedding.weight": "token_embd.weight",
    "norm.weight": "output_norm.weight",
}


def write_gguf(path: Path, tokenizer: Tokenizer, model: Llama) -> None:
    """Writes `path`; the same model gives the same bytes."""
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer)
    _size(writer, model.config)
    _vocabulary(writer, tokenizer)
    for name, tensor in model.state_dict().items():
        _tensor(writer, gguf_name(name), tensor.detach().float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def gguf_name(name: str) -> str:
    """The name of a parameter of model.py as llama.cpp calls the tensor."""
    if name in _OTHER_TENSORS:
        return _OTHER_TENSORS[name]
    _, block, inner = name.split(".", 2)
    return f"blk.{block}.{_BLOCK_TENSORS[inner.removesuffix('.weight')]}.weight"


def _describe(writer: gguf.GGUFWriter) -> None:
    writer.add_type("model")
    writer.add_name("termai smoke")
    writer.add_basename("termai-smoke")
    writer.add_size_label("2M")
    writer.add_description(DESCRIPTION)
    writer.add_license("Apache-2.0")
    writer.add_languages(["en"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _size(writer: gguf.GGUFWriter, config: Config) -> None:
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.context_length)
    writer.add_embedding_length(config.embedding_length)
    writer.add_block_count(config.block_count)
    writer.add_feed_forward_length(config.feed_forward_length)
    writer.add_head_count(config.head_count)
    writer.add_head_count_kv(config.head_count_kv)
    writer.add_key_length(config.head_length)
    writer.add_value_length(config.head_length)
    writer.add_rope_dimension_count(config.head_length)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)


def _vocabulary(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    think = ("<think>", "</think>")
    kinds = dict.fromkeys(SPECIALS, gguf.TokenType.CONTROL)
    kinds |= dict.fromkeys(think, gguf.TokenType.USER_DEFINED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(list(tokenizer.tokens))
    writer.add_token_types([kinds.get(t, gguf.TokenType.NORMAL) for t in tokenizer.tokens])
    writer.add_token_merges([f"{left} {right}" for left, right in tokenizer.merges])
    writer.add_bos_token_id(tokenizer.special("<|endoftext|>"))
    writer.add_pad_token_id(tokenizer.special("<|endoftext|>"))
    writer.add_eos_token_id(tokenizer.special("<|im_end|>"))
    writer.add_eot_token_id(tokenizer.special("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)


def _tensor(writer: gguf.GGUFWriter, name: str, values: NDArray[numpy.float32]) -> None:
    if values.ndim == 1:
        writer.add_tensor(name, values)
        return
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
