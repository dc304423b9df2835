"""Grouping of files into quantizations, whatever the files are called."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.gguf.splits import split_of
from termai.models.hub.files import RepoFile, is_plain, read_siblings
from termai.models.hub.variants import Variants, grouped, label
from termai.models.names import is_gguf, is_projector

PARTS = st.sampled_from(("", "-00001-of-00002", "-00002-of-00002", "-00001-of-00001"))
STEMS = st.sampled_from(("m", "M", "other", "mmproj", "imatrix", "m-Q4_K_M", "Q8_0", "ud"))
QUANTS = st.sampled_from(
    ("", "-Q4_K_M", "-q4_k_m", ".Q8_0", "-UD-Q4_K_XL", "-BF16", "-fp16", "-IQ1_S")
)
FOLDERS = st.sampled_from(("", "Q4_K_M/", "BF16/", "a/b/", "Q8_0/x/"))
ENDINGS = st.sampled_from((".gguf", ".GGUF", ".Gguf", ".txt", ""))
PATHS = st.tuples(FOLDERS, STEMS, QUANTS, PARTS, ENDINGS).map("".join)
FILES = st.lists(
    st.builds(RepoFile, PATHS, st.integers(0, 1 << 40)), max_size=30, unique_by=lambda f: f.path
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(
                ("rfilename", "path", "size", "lfs", "sha256", "oid", "type", "blobId")
            ),
            inner,
        )
    ),
    max_leaves=30,
)


@given(FILES)
def test_every_file_is_in_one_place_and_every_name_is_one(files: list[RepoFile]) -> None:
    found = grouped(files)
    taken = [file for variant in found.found for file in (*variant.files,)]
    assert len(taken) == len(set(taken))
    assert not any(is_projector(file.path) for file in taken)
    assert all(file in files for file in (*taken, *found.projectors))
    alone = {
        f for f in files if is_gguf(f.path) and not split_of(f.name) and "imatrix" not in f.path
    }
    assert alone <= {*taken, *found.projectors}
    names = [variant.name.lower() for variant in found.found]
    assert len(names) == len(set(names))
    assert all(names)
    sizes = [variant.size for variant in found.found]
    assert sizes == sorted(sizes)
    for variant in found.found:
        assert set(variant.projectors) == set(found.projectors)


@given(FILES)
def test_sets_are_whole_and_in_order(files: list[RepoFile]) -> None:
    for variant in grouped(files).found:
        splits = [split_of(file.name) for file in variant.files]
        numbers = [split.number for split in splits if split]
        assert numbers == list(range(1, len(numbers) + 1))
        if len(variant.files) > 1:
            assert len(numbers) == len(variant.files)
        assert all(split.count == len(variant.files) for split in splits if split)


def test_no_file_is_lost_where_names_differ_in_case_alone() -> None:
    names = ("m.gguf", "m.GGUF", "m.Gguf", "M.gguf", "m-Q8_0.gguf", "m-q8_0.gguf")
    found = grouped(RepoFile(name, 1) for name in names).found
    assert {file.path for variant in found for file in variant.files} == set(names)


@given(FILES, st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(files: list[RepoFile], random: object) -> None:
    def as_set(found: Variants) -> set[tuple[str, frozenset[RepoFile]]]:
        return {(variant.name, frozenset(variant.files)) for variant in found.found}

    shuffled = list(files)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert as_set(grouped(shuffled)) == as_set(grouped(files))


@given(st.lists(JSON, max_size=10) | JSON)
def test_whatever_a_hub_lists_only_plain_paths_come_of_it(said: object) -> None:
    found = read_siblings(said)
    for file in found.files:
        assert is_plain(file.path)
        assert 0 <= file.size < 1 << 50
        assert len(file.sha256) in (0, 64)
    assert all(problem.isprintable() for problem in found.problems)
    grouped(found.files)
    json.dumps([file.path for file in found.files])


@given(st.text(max_size=60))
def test_a_plain_path_stays_below_its_directory(path: str) -> None:
    if is_plain(path):
        assert not path.startswith("/")
        assert not {"", ".", ".."} & set(path.split("/"))
        assert "\x00" not in path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("llama-2-7b.Q4_K_M.gguf", "Q4_K_M"),
        ("UD-Q2_K_XL/Qwen3-235B-A22B-UD-Q2_K_XL-00001-of-00001.gguf", "UD-Q2_K_XL"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("qwen2.5-7b-instruct-q4_k_m-00001-of-00001.gguf", "Q4_K_M"),
        ("qwen2.5-7b-instruct-fp16.gguf", "FP16"),
        ("Phi-3-mini-4k-instruct-q4.gguf", "Q4"),
        ("DeepSeek-R1-0528-UD-TQ1_0.gguf", "UD-TQ1_0"),
        ("model.i1-IQ3_XXS.gguf", "IQ3_XXS"),
        ("nomic-embed-text-v1.5.f16.gguf", "F16"),
        ("Llama-3.2-1B-Instruct-Q6_K_L.gguf", "Q6_K_L"),
        ("gemma-2b.gguf", "gemma-2b"),
        ("ggml-model-i2_s.gguf", "ggml-model-i2_s"),
        ("original/model.gguf", "model"),
    ],
)
def test_names_that_publishers_give_are_understood(path: str, name: str) -> None:
    assert [variant.name for variant in grouped([RepoFile(path, 1)]).found] == [name]


@pytest.mark.parametrize(
    "path",
    [
        *("google_gemma-3-4b-it-imatrix.gguf", "imatrix_unsloth.gguf", "model.gguf.part1of2"),
        *("mmproj-google_gemma-3-4b-it-f16.gguf", "x.imatrix", "config.json", "a.gguf/b.txt"),
    ],
)
def test_what_publishers_add_is_no_quantization(path: str) -> None:
    assert grouped([RepoFile(path, 1)]).found == ()


def test_labels_are_read_from_names_and_then_from_directories() -> None:
    assert label("Q4_K_M/m-00001-of-00002.gguf") == "Q4_K_M"
    assert label("BF16/m-Q8_0.gguf") == "Q8_0"
    assert label("m-fp16.gguf") == "FP16"
    assert label("model.i1-IQ2_XXS.gguf") == "IQ2_XXS"
    assert label("m-UD-Q8_K_XL.gguf") == "UD-Q8_K_XL"
    assert label("plain/model.gguf") == ""
