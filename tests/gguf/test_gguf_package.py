"""What the gguf package writes is read as the gguf package reads it."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFEndian, GGUFReader, GGUFWriter

from termai.gguf.header import Header, SkippedArray, check_complete, read_header
from termai.gguf.splits import read_model
from termai.models.smoke import model_path


def _write(path: Path, endian: GGUFEndian = GGUFEndian.LITTLE, **options: Any) -> None:
    """Write metadata of every type and tensors with data."""
    writer = GGUFWriter(path, "llama", endianess=endian, **options)
    writer.add_uint8("t.u8", 200)
    writer.add_int8("t.i8", -100)
    writer.add_uint16("t.u16", 60_000)
    writer.add_int16("t.i16", -30_000)
    writer.add_uint32("t.u32", 1 << 31)
    writer.add_int32("t.i32", -(1 << 30))
    writer.add_uint64("t.u64", 1 << 63)
    writer.add_int64("t.i64", -(1 << 62))
    writer.add_float32("t.f32", 0.1)
    writer.add_float64("t.f64", 0.1)
    writer.add_bool("t.yes", True)
    writer.add_string("t.text", "grüße ◁think▷\n")
    writer.add_array("t.numbers", [3, -1, 2])
    writer.add_array("t.reals", [0.5, -1.25])
    writer.add_array("t.flags", [True, False, True])
    writer.add_token_list([f"tok{n}" for n in range(5000)])
    writer.add_token_types([1] * 5000)
    writer.add_token_scores([0.25] * 5000)
    rng = np.random.default_rng(7)
    for number in range(5):
        writer.add_tensor(f"blk.{number}.weight", rng.random((3, 7), dtype=np.float32))
        writer.add_tensor(f"blk.{number}.half", rng.random((2, 3, 5)).astype(np.float16))
    quantized = gguf.quantize(rng.random((8, 256), dtype=np.float32), GGMLQuantizationType.Q4_0)
    writer.add_tensor("blk.5.weight", quantized, raw_dtype=GGMLQuantizationType.Q4_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _compare(path: Path) -> Header:
    """Read with both and compare everything."""
    theirs = GGUFReader(path)
    keys = {name for name in theirs.fields if not name.startswith("GGUF.")}
    ours = read_header(path, arrays=keys)
    assert ours.metadata.keys() == keys
    for name in keys:
        expected = theirs.fields[name].contents()
        found = ours.metadata[name]
        assert (list(found) if isinstance(found, tuple) else found) == expected, name
    assert ours.data_offset == theirs.data_offset
    assert ours.alignment == theirs.alignment
    assert len(ours.tensors) == len(theirs.tensors)
    for mine, other in zip(ours.tensors, theirs.tensors, strict=True):
        assert (mine.name, list(mine.shape)) == (other.name, other.shape.tolist())
        assert mine.type.id == other.tensor_type
        assert ours.data_offset + mine.offset == other.data_offset
        assert (mine.elements, mine.size) == (other.n_elements, other.n_bytes)
    check_complete(ours, path.stat().st_size, name=path.name)
    return ours


@pytest.mark.parametrize("endian", list(GGUFEndian))
def test_every_type_in_both_byte_orders(tmp_path: Path, endian: GGUFEndian) -> None:
    path = tmp_path / "m.gguf"
    _write(path, endian)
    header = _compare(path)
    assert header.big_endian == (endian is GGUFEndian.BIG)
    assert header.text("t.text") == "grüße ◁think▷\n"
    assert header.metadata["t.flags"] == (True, False, True)


def test_the_smoke_model() -> None:
    header = _compare(model_path())
    assert header.file_size == model_path().stat().st_size


def test_other_alignments(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_custom_alignment(4096)
    for number in range(3):
        writer.add_tensor(f"t{number}", np.ones((number + 1, 9), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert _compare(path).alignment == 4096


def test_split_sets(tmp_path: Path) -> None:
    _write(tmp_path / "m.gguf", split_max_tensors=4)
    files = sorted(tmp_path.glob("*.gguf"))
    assert len(files) == 3
    for path in files:
        _compare(path)
    header = read_model(files[1], complete=True)
    assert header.architecture == "llama"
    assert len(header.tensors) == 11
    assert header.metadata["tokenizer.ggml.tokens"] == SkippedArray(8, 5000)
