"""Model files for the screens: real headers, tensors of their true sizes, no data."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.gguf.building import TensorSpec, build, write_sparse

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if enable_thinking %}<think>{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A dense model of qwen3's or llama's architecture, by the sizes that decide its memory."""

    name: str = "Tiny 20M"
    architecture: str = "qwen3"
    layers: int = 4
    embedding: int = 256
    feed_forward: int = 1024
    heads: int = 4
    kv_heads: int = 2
    vocabulary: int = 4096
    context: int = 32_768
    file_type: int = 15
    kind: str = "Q4_K"

    def metadata(self) -> dict[str, Any]:
        """Return what a header says of such a model."""
        a = self.architecture
        return {
            "general.architecture": a,
            "general.name": self.name,
            "general.file_type": self.file_type,
            f"{a}.block_count": self.layers,
            f"{a}.context_length": self.context,
            f"{a}.embedding_length": self.embedding,
            f"{a}.feed_forward_length": self.feed_forward,
            f"{a}.attention.head_count": self.heads,
            f"{a}.attention.head_count_kv": self.kv_heads,
            f"{a}.attention.key_length": 128,
            f"{a}.attention.value_length": 128,
            f"{a}.attention.layer_norm_rms_epsilon": 1e-6,
            "tokenizer.chat_template": TEMPLATE,
        }

    def tensors(self) -> Iterator[TensorSpec]:
        """Yield the tensor table."""
        d, q, kv = self.embedding, self.heads * 128, self.kv_heads * 128
        yield "token_embd.weight", (d, self.vocabulary), self.kind
        for layer in range(self.layers):
            b = f"blk.{layer}."
            for norm in ("attn_norm", "ffn_norm"):
                yield f"{b}{norm}.weight", (d,), "F32"
            for name, shape in (("q", (d, q)), ("k", (d, kv)), ("v", (d, kv)), ("output", (q, d))):
                yield f"{b}attn_{name}.weight", shape, self.kind
            for name, shape in (
                ("gate", (d, self.feed_forward)),
                ("up", (d, self.feed_forward)),
                ("down", (self.feed_forward, d)),
            ):
                yield f"{b}ffn_{name}.weight", shape, self.kind
        yield "output_norm.weight", (d,), "F32"
        yield "output.weight", (d, self.vocabulary), self.kind

    def write(self, path: Path) -> Path:
        """Write it as one file whose data is a hole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_sparse(path, self.metadata(), self.tensors())

    def header(self) -> bytes:
        """Return its header alone."""
        return build(self.metadata(), self.tensors())


TINY = Shape()
QWEN3_8B = Shape("Qwen3 8B", "qwen3", 36, 4096, 12_288, 32, 8, 151_936, 40_960)
LLAMA_70B = Shape("Llama 3.3 70B Instruct", "llama", 80, 8192, 28_672, 64, 8, 128_256, 131_072)
MISTRAL_24B = Shape("Mistral Small 24B", "llama", 40, 5120, 32_768, 32, 8, 131_072, 32_768)
