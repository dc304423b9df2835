"""A hub on loopback for the screens: a few repositories whose headers are real."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.fakes.hub.files import Content
from tests.fakes.hub.server import Hub, serving_hub
from tests.tui.model_files import QWEN3_8B, TINY, Shape

CARD = b"""---
license: apache-2.0
---
# Tiny

A **tiny** model to test with. See [the paper](https://example.invalid/paper).

| size | layers |
|------|--------|
| 20M  | 4      |
"""
KINDS = {"Q4_K_M": ("Q4_K", 15), "Q8_0": ("Q8_0", 7), "BF16": ("BF16", 32)}


def fill(hub: Hub, directory: Path) -> None:
    """Put a tiny, an ungated large and a gated repository on a hub; data are holes."""
    hub.tokens["hf_good"] = "ada"
    hub.add(
        "org/Tiny-GGUF",
        {**files(directory / "tiny", TINY, "Tiny"), "README.md": CARD},
        downloads=1200,
        likes=3,
        licence="apache-2.0",
        gguf={"total": 20_000_000, "architecture": "qwen3", "context_length": 32_768},
    )
    large = hub.add(
        "Qwen/Qwen3-8B-GGUF",
        downloads=123_456,
        likes=789,
        licence="apache-2.0",
        gguf={"total": 8_190_735_360, "architecture": "qwen3", "context_length": 40_960},
    )
    never = files(directory / "qwen", QWEN3_8B, "Qwen3-8B")  # gigabytes that nobody downloads
    hub.commit(large, never, sha256={n: f"{i:064x}" for i, n in enumerate(never)})
    hub.add(
        "meta/Gated-GGUF",
        files(directory / "gated", replace(TINY, name="Gated"), "Gated", ("Q4_K_M",)),
        downloads=5000,
        likes=99,
        licence="llama3.3",
        gated="auto",
        readers={"ada"},
    )


def files(
    directory: Path, shape: Shape, stem: str, names: tuple[str, ...] = tuple(KINDS)
) -> dict[str, Content | bytes]:
    """Return the quantizations of a model by the names of their files."""
    made: dict[str, Content | bytes] = {}
    for name in names:
        kind, file_type = KINDS[name]
        path = directory / f"{stem}-{name}.gguf"
        replace(shape, kind=kind, file_type=file_type).write(path)
        made[path.name] = Content(path=path)
    return made


@contextmanager
def served(directory: Path) -> Iterator[Hub]:
    """Serve the hub that ``fill`` makes."""
    with serving_hub() as hub:
        fill(hub, directory)
        yield hub
