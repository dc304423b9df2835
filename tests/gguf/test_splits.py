"""A split set reads as one model, and says which of its parts is missing or wrong."""

import subprocess
from pathlib import Path

import pytest

from termai.errors import InvalidFileError, NotFoundError
from termai.gguf.header import read_header
from termai.gguf.splits import Split, missing_parts, part_names, parts, read_model, split_of
from termai.models.smoke import model_path
from tests.gguf.building import I32, U16, Typed, write_sparse
from tests.support import native_bin

METADATA = {"general.architecture": "llama", "llama.block_count": 2}


def _write(directory: Path, count: int = 3, **changes: int) -> Path:
    """Write a set of parts with two tensors each; ``changes`` overrides keys of the second part."""
    for number in range(count):
        extra = changes if number == 1 else {}
        metadata = {
            "split.no": Typed(U16, extra.get("no", number)),
            "split.count": Typed(U16, extra.get("count", count)),
            "split.tensors.count": Typed(I32, 2 * count),
        }
        first = extra.get("tensor", 2 * number)
        tensors = [(f"blk.{first + n}.weight", (32, 3 + n), "Q8_0") for n in range(2)]
        name = f"m-{number + 1:05d}-of-{count:05d}.gguf"
        write_sparse(directory / name, (METADATA | metadata) if not number else metadata, tensors)
    return directory / f"m-00001-of-{count:05d}.gguf"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("m-00002-of-00003.gguf", Split("m", 2, 3)),
        ("M-00001-OF-00001.GGUF", Split("M", 1, 1)),
        ("m-00004-of-00003.gguf", None),
        ("m-00000-of-00003.gguf", None),
        ("m-0001-of-0003.gguf", None),
        ("m.gguf", None),
        ("m-00001-of-00003.gguf.part", None),
        ("m-00001-of-00003.gguf\n", None),
    ],
)
def test_reads_the_name_of_a_part(name: str, expected: Split | None) -> None:
    assert split_of(name) == expected


def test_lists_the_parts_of_a_set(tmp_path: Path) -> None:
    assert part_names("a-00002-of-00002.GGUF") == ("a-00001-of-00002.GGUF", "a-00002-of-00002.GGUF")
    assert part_names("a.gguf") == ("a.gguf",)
    first = _write(tmp_path, 2)
    assert parts(first) == (first, tmp_path / "m-00002-of-00002.gguf")
    assert missing_parts(first) == ()
    first.unlink()
    assert missing_parts(first) == (first,)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_any_part_gives_the_whole_model(tmp_path: Path, number: int) -> None:
    _write(tmp_path)
    header = read_model(tmp_path / f"m-{number:05d}-of-00003.gguf", complete=True)
    assert header.architecture == "llama"
    assert [tensor.name for tensor in header.tensors] == [f"blk.{n}.weight" for n in range(6)]
    assert [tensor.offset for tensor in header.tensors] == [0, 128, 288, 416, 576, 704]


def test_a_single_file_is_a_model(tmp_path: Path) -> None:
    path = write_sparse(tmp_path / "m.gguf", METADATA, [("a", (32,), "F32")])
    assert read_model(path).tensors == read_header(path).tensors
    with pytest.raises(NotFoundError):
        read_model(tmp_path / "no.gguf")


def test_missing_parts_are_named(tmp_path: Path) -> None:
    first = _write(tmp_path)
    (tmp_path / "m-00003-of-00003.gguf").unlink()
    with pytest.raises(InvalidFileError, match=r"of which m-00003-of-00003\.gguf is missing"):
        read_model(first)


def test_many_missing_parts_are_counted(tmp_path: Path) -> None:
    path = write_sparse(tmp_path / "m-00001-of-09999.gguf", METADATA, [])
    with pytest.raises(InvalidFileError, match="and 9993 more are missing"):
        read_model(path)


def test_a_part_that_is_cut_short_is_named(tmp_path: Path) -> None:
    first = _write(tmp_path)
    second = tmp_path / "m-00002-of-00003.gguf"
    with second.open("r+b") as stream:
        stream.truncate(second.stat().st_size - 64)
    assert len(read_model(first).tensors) == 6
    with pytest.raises(InvalidFileError, match=r"00002-of-00003\.gguf is cut short"):
        read_model(first, complete=True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"no": 2}, r"00002-of-00003\.gguf is part 3 by its metadata, expected part 2 of 3"),
        ({"tensor": 1}, r"00002-of-00003\.gguf holds tensor blk\.1\.weight, which an earlier"),
    ],
)
def test_parts_that_contradict_are_refused(
    tmp_path: Path, changes: dict[str, int], says: str
) -> None:
    with pytest.raises(InvalidFileError, match=says):
        read_model(_write(tmp_path, **changes))


def test_a_renamed_part_is_refused(tmp_path: Path) -> None:
    renamed = _write(tmp_path).rename(tmp_path / "renamed.gguf")
    with pytest.raises(InvalidFileError, match=r"part of a set of 3, expected 1.*NAME-00001-of-"):
        read_model(renamed)


def test_a_set_with_too_few_tensors_is_refused(tmp_path: Path) -> None:
    first = _write(tmp_path)
    metadata = {"split.no": Typed(U16, 2), "split.count": Typed(U16, 3)}
    write_sparse(tmp_path / "m-00003-of-00003.gguf", metadata, [])
    with pytest.raises(InvalidFileError, match="has 6 tensors, but it has 4"):
        read_model(first)


def test_a_set_that_llama_cpp_split_is_the_model_it_was(tmp_path: Path) -> None:
    program = native_bin("llama-gguf-split")
    limit = ["--split-max-tensors", "10"]
    command = [str(program), *limit, str(model_path()), str(tmp_path / "smoke")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    first = next(path for path in tmp_path.iterdir() if path.name.startswith("smoke-00001-of-"))
    whole, joined = read_header(model_path()), read_model(first, complete=True)
    assert joined.tensors == whole.tensors
    assert {k: v for k, v in joined.metadata.items() if "split." not in k} == whole.metadata
