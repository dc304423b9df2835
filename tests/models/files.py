"""Model files for tests, in the layouts that programs keep them in."""

import hashlib
import json
from pathlib import Path
from typing import Any

from termai.models import library
from termai.models.library import Library, ModelFile
from termai.models.stores import BUILT_IN
from tests.gguf.building import TensorSpec, write_sparse

TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
TENSORS: tuple[TensorSpec, ...] = (
    ("token_embd.weight", (256, 64), "F16"),
    ("blk.0.ffn_up.weight", (256, 256), "Q4_K"),
    ("blk.0.ffn_down.weight", (256, 256), "Q4_K"),
)


def metadata(**changes: Any) -> dict[str, Any]:
    """Return the metadata of a small model; ``__`` in a name stands for a dot."""
    plain = {
        "general.architecture": "llama",
        "general.type": "model",
        "general.name": "Tiny",
        "llama.block_count": 1,
        "llama.context_length": 4096,
        "llama.embedding_length": 256,
        "tokenizer.chat_template": TEMPLATE,
    }
    return plain | {key.replace("__", "."): value for key, value in changes.items()}


def model(path: Path, **changes: Any) -> Path:
    """Write a small model."""
    return write_sparse(path, metadata(**changes), TENSORS)


def cut(path: Path, left: int = 100) -> Path:
    """Write a small model that ends ``left`` bytes too early."""
    size = model(path).stat().st_size
    with path.open("r+b") as stream:
        stream.truncate(size - left)
    return path


def parts(directory: Path, stem: str, count: int) -> list[Path]:
    """Write a model in ``count`` parts, with a tensor in each."""
    written = []
    for number in range(count):
        mine: dict[str, Any] = {
            "split.no": number,
            "split.count": count,
            "split.tensors.count": count,
        }
        told = metadata() | mine if not number else mine
        tensors: list[TensorSpec] = [(f"blk.{number}.ffn_up.weight", (256, 256), "Q4_K")]
        path = directory / f"{stem}-{number + 1:05}-of-{count:05}.gguf"
        written.append(write_sparse(path, told, tensors))
    return written


def projector(path: Path, length: int = 256) -> Path:
    """Write a projector for images whose embeddings have ``length`` numbers."""
    told = {
        "general.architecture": "clip",
        "general.type": "mmproj",
        "clip.has_vision_encoder": True,
        "clip.vision.projection_dim": length,
    }
    return write_sparse(path, told, [("v.patch_embd.weight", (16, 16), "F16")])


def adapter(path: Path) -> Path:
    """Write a LoRA adapter for a Llama."""
    told = {"general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora"}
    return write_sparse(path, told, [("blk.0.attn_q.weight.lora_a", (256, 8), "F32")])


def digest(text: str) -> str:
    """Return a digest as Ollama writes it."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def blob(root: Path, name: str) -> Path:
    """Return where Ollama keeps the blob whose digest is that of ``name``."""
    return root / "blobs" / digest(name).replace(":", "-")


def tag(root: Path, reference: str, **layers: str) -> Path:
    """Write a manifest; ``layers`` gives for each kind of layer the name of its blob."""
    listed = []
    for kind, name in layers.items():
        path = blob(root, name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        listed.append(
            {
                "mediaType": f"application/vnd.ollama.image.{kind}",
                "digest": digest(name),
                "size": path.stat().st_size,
            }
        )
    manifest = root / "manifests" / reference
    manifest.parent.mkdir(parents=True, exist_ok=True)
    config = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1}
    blob(root, "config").write_text("{}")
    told = {"schemaVersion": 2, "config": config | {"digest": digest("config")}, "layers": listed}
    manifest.write_text(json.dumps(told))
    return manifest


def snapshot(hub: Path, repository: str, commit: str, name: str, oid: str = "") -> Path:
    """Put a link to a model into a snapshot of a hub cache; ``oid`` names its blob."""
    root = hub / f"models--{repository.replace('/', '--')}"
    target = root / "blobs" / (oid or f"oid-{name.replace('/', '-')}")
    if not target.exists():
        model(target)
    link = root / "snapshots" / commit / name
    link.parent.mkdir(parents=True, exist_ok=True)
    up = "../" * (2 + name.count("/"))
    link.symlink_to(f"{up}blobs/{target.name}")
    return link


def listed(library_: Library | None = None) -> dict[str, ModelFile]:
    """Return the models but the built-in one by name, looked for anew unless given."""
    found = library_ or library.refresh()
    return {one.name: one for one in found.models if one.where != BUILT_IN}
