"""Models of llama's architecture at their real sizes, without their weights."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.gguf.building import TensorSpec, vocabulary, write_sparse


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model: rows of its matrices, layers, tokens, experts (0: dense)."""

    embedding: int
    feed_forward: int
    keys: int
    layers: int
    tokens: int
    tied: bool = False
    experts: int = 0

    @property
    def parameters(self) -> int:
        """Return how many weights it has."""
        return sum(math.prod(shape) for _, shape, _ in self.tensors())

    def metadata(self) -> dict[str, Any]:
        """Return what llama.cpp asks of a header, without a tokenizer."""
        made: dict[str, Any] = {
            "general.architecture": "llama",
            "general.file_type": 1,
            "llama.block_count": self.layers,
            "llama.context_length": 8192,
            "llama.embedding_length": self.embedding,
            "llama.feed_forward_length": self.feed_forward,
            "llama.attention.head_count": self.embedding // 64,
            "llama.attention.head_count_kv": self.keys // 64,
            "llama.attention.key_length": 64,
            "llama.attention.value_length": 64,
            "llama.attention.layer_norm_rms_epsilon": 1e-5,
            "llama.rope.freq_base": 500_000.0,
            "llama.rope.dimension_count": 64,
            "llama.vocab_size": self.tokens,
        }
        if self.experts:
            made |= {"llama.expert_count": self.experts, "llama.expert_used_count": 8}
        return made

    def tensors(self) -> Iterator[TensorSpec]:
        """Yield the tensor table, in F16."""
        yield "token_embd.weight", (self.embedding, self.tokens), "F16"
        for layer in range(self.layers):
            yield from self._layer(f"blk.{layer}.")
        yield "output_norm.weight", (self.embedding,), "F32"
        if not self.tied:
            yield "output.weight", (self.embedding, self.tokens), "F16"

    def write(self, path: Path) -> Path:
        """Write it as a file whose data is a hole."""
        return write_sparse(path, self.metadata() | vocabulary(self.tokens, 10), self.tensors())

    def _layer(self, block: str) -> Iterator[TensorSpec]:
        size, wide = self.embedding, self.feed_forward
        for norm in ("attn_norm", "ffn_norm"):
            yield f"{block}{norm}.weight", (size,), "F32"
        for name, rows in (("q", size), ("k", self.keys), ("v", self.keys), ("output", size)):
            yield f"{block}attn_{name}.weight", (size, rows), "F16"
        suffix, experts = ("_exps", (self.experts,)) if self.experts else ("", ())
        if self.experts:
            yield f"{block}ffn_gate_inp.weight", (size, self.experts), "F32"
        for name in ("gate", "up"):
            yield f"{block}ffn_{name}{suffix}.weight", (size, wide, *experts), "F16"
        yield f"{block}ffn_down{suffix}.weight", (wide, size, *experts), "F16"


SHAPES = {
    "llama-3.1-8b": Shape(4096, 14336, 1024, 32, 128_256),
    "smollm2-135m": Shape(576, 1536, 192, 30, 49_152, tied=True),
    "experts-30b": Shape(2048, 768, 512, 48, 151_936, experts=128),
}
