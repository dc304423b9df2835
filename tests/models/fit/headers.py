"""Headers of models at their real sizes, and machines of any size, to fit one to the other."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from termai.gguf.header import Header, parse_header
from termai.models.fit import GpuRoom, Machine
from tests.gguf.building import build, write_sparse

GIB = 1 << 30
MIB = 1 << 20

_Tensors = list[tuple[str, tuple[int, ...], str]]


def machine(*vram: float, ram: float = 64) -> Machine:
    """Return a machine with GPUs and RAM of these GiB, all of it free."""
    gpus = (GpuRoom(f"GPU {n}", int(gib * GIB), int(gib * GIB), n) for n, gib in enumerate(vram))
    return Machine(tuple(gpus), int(ram * GIB), int(ram * GIB))


@cache
def dense(kind: str = "Q4_K") -> Header:
    """Return the header of an 8B Llama 3.1, all its weights of one type."""
    return parse_header(build(*_llama(kind)))


@cache
def mixture(kind: str = "Q4_K") -> Header:
    """Return the header of a mixture of 128 small experts, 30B in all, as Qwen3 30B-A3B is."""
    return parse_header(build(*_qwen3moe(kind)))


@cache
def vision() -> Header:
    """Return the header of a projector for images of 130 MB."""
    return parse_header(build(*_vision()))


def write_vision(path: Path) -> Path:
    """Write the projector as a file that takes no room on disk."""
    return write_sparse(path, *_vision())


def write_dense(path: Path, kind: str = "Q4_K") -> Path:
    """Write the 8B model as a file of its size that takes no room on disk."""
    return write_sparse(path, *_llama(kind))


def write_mixture(path: Path, kind: str = "Q4_K") -> Path:
    """Write the mixture of experts as a file of its size that takes no room on disk."""
    return write_sparse(path, *_qwen3moe(kind))


def write_small(path: Path, kind: str) -> Path:
    """Write a model like it of 160M, 168 MB in Q8_0."""
    metadata, tensors = _llama(kind, Sizes(768, 2048, 8192, 24, 6, 128))
    return write_sparse(path, metadata, tensors)


class Sizes(NamedTuple):
    """Numbers of a Llama."""

    width: int = 4096
    inner: int = 14336
    vocabulary: int = 128_256
    layers: int = 32
    heads: int = 32
    kv: int = 1024


def _llama(kind: str, sizes: Sizes | None = None) -> tuple[dict[str, Any], _Tensors]:
    width, inner, vocabulary, layers, heads, kv = sizes or Sizes()
    metadata = {
        "general.architecture": "llama",
        "general.name": "Llama 3.1 8B",
        "general.file_type": {"F16": 1, "Q8_0": 7, "Q6_K": 18, "Q4_K": 15}.get(kind, 15),
        "llama.block_count": layers,
        "llama.context_length": 131_072,
        "llama.embedding_length": width,
        "llama.feed_forward_length": inner,
        "llama.attention.head_count": heads,
        "llama.attention.head_count_kv": kv * heads // width,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": 128,
        "llama.vocab_size": vocabulary,
        "tokenizer.ggml.model": "none",
    }
    tensors: _Tensors = [
        ("token_embd.weight", (width, vocabulary), kind),
        ("output_norm.weight", (width,), "F32"),
        ("output.weight", (width, vocabulary), kind),
    ]
    for layer in range(layers):
        block: dict[str, tuple[int, ...]] = {
            "attn_q": (width, width),
            "attn_k": (width, kv),
            "attn_v": (width, kv),
            "attn_output": (width, width),
            "ffn_gate": (width, inner),
            "ffn_up": (width, inner),
            "ffn_down": (inner, width),
        }
        norms = {"attn_norm": (width,), "ffn_norm": (width,)}
        tensors += [(f"blk.{layer}.{name}.weight", shape, kind) for name, shape in block.items()]
        tensors += [(f"blk.{layer}.{name}.weight", shape, "F32") for name, shape in norms.items()]
    return metadata, tensors


def _vision() -> tuple[dict[str, Any], _Tensors]:
    metadata = {
        "general.architecture": "clip",
        "clip.projector_type": "gemma3",
        "clip.vision.image_size": 896,
        "clip.vision.patch_size": 14,
        "clip.vision.embedding_length": 1152,
        "clip.vision.feed_forward_length": 4304,
    }
    blocks = [f"v.blk.{n}.ffn_up.weight" for n in range(13)]
    return metadata, [(name, (1152, 4304), "F16") for name in blocks]


def _qwen3moe(kind: str) -> tuple[dict[str, Any], _Tensors]:
    width, inner, vocabulary, layers, experts = 2048, 768, 151_936, 48, 128
    metadata = {
        "general.architecture": "qwen3moe",
        "general.name": "Qwen3 30B A3B",
        "general.file_type": 15,
        "qwen3moe.block_count": layers,
        "qwen3moe.context_length": 40_960,
        "qwen3moe.embedding_length": width,
        "qwen3moe.feed_forward_length": 6144,
        "qwen3moe.expert_feed_forward_length": inner,
        "qwen3moe.expert_count": experts,
        "qwen3moe.expert_used_count": 8,
        "qwen3moe.attention.head_count": 32,
        "qwen3moe.attention.head_count_kv": 4,
        "qwen3moe.attention.key_length": 128,
        "qwen3moe.attention.value_length": 128,
        "qwen3moe.attention.layer_norm_rms_epsilon": 1e-6,
        "qwen3moe.vocab_size": vocabulary,
        "tokenizer.ggml.model": "none",
    }
    tensors: _Tensors = [
        ("token_embd.weight", (width, vocabulary), kind),
        ("output_norm.weight", (width,), "F32"),
        ("output.weight", (width, vocabulary), kind),
    ]
    for layer in range(layers):
        block: dict[str, tuple[int, ...]] = {
            "attn_q": (width, 4096),
            "attn_k": (width, 512),
            "attn_v": (width, 512),
            "attn_output": (4096, width),
            "ffn_gate_exps": (width, inner, experts),
            "ffn_up_exps": (width, inner, experts),
            "ffn_down_exps": (inner, width, experts),
        }
        small = {
            "attn_norm": (width,),
            "ffn_norm": (width,),
            "attn_q_norm": (128,),
            "attn_k_norm": (128,),
            "ffn_gate_inp": (width, experts),
        }
        tensors += [(f"blk.{layer}.{name}.weight", shape, kind) for name, shape in block.items()]
        tensors += [(f"blk.{layer}.{name}.weight", shape, "F32") for name, shape in small.items()]
    return metadata, tensors
