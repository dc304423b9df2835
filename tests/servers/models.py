"""Model files for tests: a tiny random one that llama.cpp runs, and ones that it refuses."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np

VOCABULARY = [b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % byte for byte in range(256))]
TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
LAYERS = 2
CONTEXT = 512
_WIDTH, _HEADS, _KV_HEADS, _FEED_FORWARD = 64, 4, 2, 128


def write_tiny(path: Path, architecture: str = "llama") -> Path:
    """Write a model of two layers with random weights; 436 KB, of no use but to be run."""
    writer = gguf.GGUFWriter(path, architecture)
    _add_sizes(writer)
    _add_vocabulary(writer)
    random = np.random.default_rng(0)
    for name, shape in _shapes().items():
        writer.add_tensor(name, (random.standard_normal(shape) * 0.05).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def cut(source: Path, target: Path, size: int) -> Path:
    """Write the first ``size`` bytes of a file, as a download that broke off would."""
    target.write_bytes(source.read_bytes()[:size])
    return target


def _add_sizes(writer: Any) -> None:
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)


def _add_vocabulary(writer: Any) -> None:
    writer.add_tokenizer_model("llama")
    writer.add_token_list(VOCABULARY)
    writer.add_token_scores([0.0] * len(VOCABULARY))
    writer.add_token_types([2, 3, 3] + [6] * 256)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)


def _shapes() -> dict[str, tuple[int, ...]]:
    kv = _WIDTH // _HEADS * _KV_HEADS
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (len(VOCABULARY), _WIDTH),
        "output_norm.weight": (_WIDTH,),
        "output.weight": (len(VOCABULARY), _WIDTH),
    }
    for layer in range(LAYERS):
        block = {
            "attn_norm": (_WIDTH,),
            "ffn_norm": (_WIDTH,),
            "attn_q": (_WIDTH, _WIDTH),
            "attn_k": (kv, _WIDTH),
            "attn_v": (kv, _WIDTH),
            "attn_output": (_WIDTH, _WIDTH),
            "ffn_gate": (_FEED_FORWARD, _WIDTH),
            "ffn_up": (_FEED_FORWARD, _WIDTH),
            "ffn_down": (_WIDTH, _FEED_FORWARD),
        }
        shapes |= {f"blk.{layer}.{name}.weight": shape for name, shape in block.items()}
    return shapes
