"""Headers that are well formed are read as they are, whatever their version and byte order."""

from pathlib import Path

import pytest

from termai.gguf.header import SkippedArray, parse_header, read_header
from tests.gguf.building import ARRAY, F64, I8, I32, STRING, Typed, build, vocabulary, write_sparse

METADATA = {
    "general.architecture": "llama",
    "llama.block_count": 2,
    "llama.rope.freq_base": 0.5,
    "llama.attention.head_count_kv": [8, 4],
    "small": Typed(I8, -3),
    "precise": Typed(F64, 0.1),
    "large": 1 << 40,
    "wanted": True,
    "flags": [True, False],
    "names": ["a", "b"],
}
TENSORS = [
    ("token_embd.weight", (256, 10), "Q4_K"),
    ("blk.0.attn_norm.weight", (7,), "F32"),
    ("blk.0.ffn_gate_exps.weight", (64, 32, 4), "MXFP4"),
]


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("big_endian", [False, True])
def test_reads_every_version_and_byte_order(version: int, big_endian: bool) -> None:
    header = parse_header(build(METADATA, TENSORS, version=version, big_endian=big_endian))
    assert (header.version, header.big_endian) == (version, big_endian)
    expected = {**METADATA, "llama.attention.head_count_kv": (8, 4), "small": -3, "precise": 0.1}
    expected |= {"flags": (True, False), "names": SkippedArray(STRING, 2)}
    assert header.metadata == expected
    assert [(t.name, t.shape, t.type.name) for t in header.tensors] == TENSORS
    assert [t.size for t in header.tensors] == [10 * 144, 28, 64 * 32 * 4 // 32 * 17]
    assert [t.offset for t in header.tensors] == [0, 1440, 1472]


def test_a_sparse_file_is_complete(tmp_path: Path) -> None:
    path = write_sparse(tmp_path / "m.gguf", METADATA, TENSORS)
    header = read_header(path)
    assert header.data_offset % 32 == 0
    assert header.file_size == path.stat().st_size


def test_arrays_are_built_when_asked_for() -> None:
    data = build(vocabulary(5000, 30))
    skipped = parse_header(data)
    assert skipped.metadata["tokenizer.ggml.tokens"] == SkippedArray(STRING, 5000)
    assert skipped.metadata["tokenizer.ggml.token_type"] == SkippedArray(I32, 5000)
    built = parse_header(data, arrays={"tokenizer.ggml.token_type", "tokenizer.ggml.merges"})
    assert built.metadata["tokenizer.ggml.token_type"] == (1,) * 5000
    merges = built.metadata["tokenizer.ggml.merges"]
    assert isinstance(merges, tuple)
    assert merges[:2] == ("Ġ0 0", "Ġ1 1")
    assert built.metadata["tokenizer.ggml.tokens"] == SkippedArray(STRING, 5000)


def test_typed_look_ups_take_no_other_types() -> None:
    header = parse_header(build(METADATA | {"llama.context_length": "many"}))
    assert header.architecture == "llama"
    assert header.own("block_count") == "llama.block_count"
    assert header.number("llama.block_count") == header.layers == 2
    assert header.number("llama.context_length", 7) == 7
    assert header.number("wanted", 7) == 7
    assert header.real("llama.rope.freq_base") == 0.5
    assert header.real("llama.block_count") == 2.0
    assert header.flag("wanted") is True
    assert header.flag("llama.block_count") is False
    assert header.text("llama.block_count") == ""


@pytest.mark.parametrize(
    ("key", "layers", "expected"),
    [
        ("llama.attention.head_count_kv", 2, (8, 4)),
        ("llama.attention.head_count_kv", 3, (8, 4, 1)),
        ("llama.attention.head_count_kv", 1, (8,)),
        ("llama.block_count", 3, (2, 2, 2)),
        ("absent", 2, (1, 1)),
        ("names", 2, (1, 1)),
    ],
)
def test_a_number_for_each_layer(key: str, layers: int, expected: tuple[int, ...]) -> None:
    assert parse_header(build(METADATA)).per_layer(key, layers, 1) == expected


@pytest.mark.parametrize("count", [-1, 4097, 1 << 31, "2", True, 2.0])
def test_absurd_numbers_of_layers_are_absent(count: object) -> None:
    header = parse_header(build(METADATA | {"llama.block_count": count}))
    assert header.layers == 0
    assert len(header.per_layer("small", 1 << 31)) == 4096


def test_alignment_of_the_file() -> None:
    data = build({"general.alignment": 256, "x": Typed(ARRAY, [], I32)}, TENSORS)
    header = parse_header(data)
    assert header.alignment == 256
    assert header.data_offset == len(data)
    assert [t.offset for t in header.tensors] == [0, 1536, 1792]
