"""Headers of all quantizations of a repository, read from a hub, against those headers' bytes."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

from benchmarks.gguf_header import LAYERS, MERGES, TOKENS
from benchmarks.home import temporary_home
from benchmarks.measure import Ratio, seconds
from termai.errors import TermaiError
from termai.gguf.header import Header
from termai.models.hub import remote_headers, repository
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import Hub, serving_hub
from tests.gguf.building import vocabulary, write_sparse

REPO = "maker/Model-GGUF"
QUANTS = ("Q2_K", "Q3_K_M", "Q4_0", "Q4_K_S", "Q4_K_M", "Q5_0", "Q5_K_M", "Q6_K", "Q8_0", "BF16")
_LAYER = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


def run() -> Iterator[Ratio]:
    """Read them for the first time, and once more."""
    with temporary_home() as env, serving_hub() as hub:
        _publish(hub, Path(env["TERMAI_DATA_DIR"]))
        with patch.dict(os.environ, {**env, "HF_ENDPOINT": hub.url, "NO_PROXY": "*"}):
            found = repository(REPO)
            headers: dict[str, Header | TermaiError] = {}

            def read() -> None:
                remote_headers(found, found.quantizations, lambda v, h: headers.update({v.name: h}))

            first = seconds(read)
            sent = hub.files.sent
            again = seconds(read)
        whole = sum(header.length for header in headers.values() if isinstance(header, Header))
        note = f"{sent / 1e6:.1f} MB of {whole / 1e6:.1f} MB, {len(headers)} headers"
        yield Ratio("bytes fetched / bytes of all headers", 100 * sent / whole, 15.0, "%", note)
        note = f"{1000 * again:.1f} ms against {1000 * first:.0f} ms"
        yield Ratio("reading them again / the first time", 100 * again / first, 25.0, "%", note)


def _publish(hub: Hub, folder: Path) -> None:
    """Put a model with the vocabulary of Qwen 2.5 in size on the hub, in many quantizations."""
    words = vocabulary(TOKENS, MERGES)
    merges = {"tokenizer.ggml.merges": words.pop("tokenizer.ggml.merges")}
    arrays = {key: value for key, value in words.items() if not key.endswith("_id")}
    files: dict[str, Content | bytes] = {}
    for number, quant in enumerate(QUANTS):
        about = {"general.architecture": "llama", "general.file_type": number}
        metadata: Mapping[str, object] = {**about, **arrays, **merges, "general.quantized": quant}
        kind = quant.removesuffix("_M").removesuffix("_S")
        tensors = [
            (f"blk.{layer}.{name}.weight", (4096, 256), kind)
            for layer in range(LAYERS)
            for name in _LAYER
        ]
        path = write_sparse(folder / quant, metadata, tensors)
        files[f"Model-{quant}.gguf"] = Content(path=path)
    hashes = {name: f"{number:064x}" for number, name in enumerate(files)}
    hub.commit(hub.add(REPO), files, sha256=hashes)
