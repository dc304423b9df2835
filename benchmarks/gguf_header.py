"""Reading a GGUF header with a vocabulary of 150,000 tokens, against gguf.GGUFReader."""

import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from gguf import GGUFReader, GGUFWriter

from benchmarks.measure import Ratio, ratio_of_medians, seconds
from termai.gguf.header import read_from, read_header
from termai.gguf.source import RangedSource
from tests.gguf.building import vocabulary

TOKENS, MERGES = 151_936, 151_387
LAYERS = 36
MIB = 1 << 20
DATA = bytes(16 * MIB)


def run() -> Iterator[Ratio]:
    """Compare both readers on one file, then fetch the same header in ranges."""
    with tempfile.TemporaryDirectory(prefix="termai-bench-") as directory:
        path = _model(Path(directory) / "model.gguf")
        value, note = ratio_of_medians(
            lambda: seconds(lambda: read_header(path)),
            lambda: seconds(lambda: GGUFReader(path)),
            rounds=3,
        )
        note += f", {1 / value:.0f} times as fast"
        yield Ratio("a header of 150k tokens / gguf.GGUFReader", 100 * value, 1.0, "%", note)
        yield Ratio("memory for that header", _peak(path), 2.0, " MiB")
        source = _fetched(path)
        length = read_header(path).length
        yield Ratio("requests for that header elsewhere", source.requests, 3, "")
        yield Ratio("bytes fetched / bytes of the header", source.fetched / length, 1.5)


def _model(path: Path) -> Path:
    """Write a model with the vocabulary of Qwen 2.5 in size, and hardly any weights."""
    words = vocabulary(TOKENS, MERGES)
    writer = GGUFWriter(path, "qwen2")
    writer.add_block_count(LAYERS)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(words["tokenizer.ggml.tokens"])
    writer.add_token_scores([0.0] * TOKENS)
    writer.add_token_types([1] * TOKENS)
    writer.add_token_merges(words["tokenizer.ggml.merges"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def _peak(path: Path) -> float:
    """Return the most MiB that Python had at once while it read the header."""
    tracemalloc.start()
    try:
        read_header(path)
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


def _fetched(path: Path) -> RangedSource:
    data = path.read_bytes() + DATA
    source = RangedSource(lambda offset, length: data[offset : offset + length], len(data))
    read_from(source, name="elsewhere")
    return source
