"""Which projector goes with which model."""

from pathlib import Path

import pytest

from termai.models import library
from termai.models.model_file import Kind
from termai.paths import models_dir
from tests.models import files


def pairs() -> dict[str, str | None]:
    """Return the name of the projector of each model."""
    found = library.refresh()
    return {
        model.path.name: model.projector.name if model.projector else None
        for model in found.files
        if model.kind is Kind.MODEL and model.where != "built in"
    }


def put(*names: str) -> None:
    """Write models, and projectors for the names that say so."""
    for name in names:
        write = files.projector if "mmproj" in name.rpartition("/")[2] else files.model
        write(models_dir() / name)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("m-Q4_K_M", "m-Q8_0", "mmproj-F16"), {"m-Q4_K_M": "mmproj-F16", "m-Q8_0": "mmproj-F16"}),
        (("gemma-3-4b-it-Q4_0", "mmproj-model-f16"), {"gemma-3-4b-it-Q4_0": "mmproj-model-f16"}),
        (("a-Q4_0", "mmproj-F32", "mmproj-F16", "mmproj-BF16"), {"a-Q4_0": "mmproj-F16"}),
        (
            ("Qwen2.5-VL-7B-Q4_0", "Qwen2.5-VL-3B-Q4_0", "mmproj-Qwen2.5-VL-7B-f16"),
            {"Qwen2.5-VL-7B-Q4_0": "mmproj-Qwen2.5-VL-7B-f16", "Qwen2.5-VL-3B-Q4_0": None},
        ),
        (
            ("gemma-3-4b-it", "gemma-3-12b-it", "gemma-3-4b-it-mmproj", "gemma-3-12b-it-mmproj"),
            {"gemma-3-4b-it": "gemma-3-4b-it-mmproj", "gemma-3-12b-it": "gemma-3-12b-it-mmproj"},
        ),
        (("llava-7b", "mistral-7b", "mmproj-llava-7b"), {"llava-7b": "mmproj-llava-7b"}),
        (("one", "two", "mmproj-F16"), {}),
    ],
)
def test_a_projector_goes_with_the_models_it_is_named_after(
    names: tuple[str, ...], expected: dict[str, str | None]
) -> None:
    put(*(f"d/{name}.gguf" for name in names))
    models = {name for name in names if "mmproj" not in name}
    found = {name.removesuffix(".gguf"): one for name, one in pairs().items()}
    wanted = {name: expected.get(name) for name in models}
    assert {n: p.removesuffix(".gguf") if p else None for n, p in found.items()} == wanted


def test_projectors_of_other_directories_are_left_alone() -> None:
    put("a/m.gguf", "b/mmproj-F16.gguf", "b/n.gguf")
    assert pairs() == {"m.gguf": None, "n.gguf": "mmproj-F16.gguf"}


def test_the_length_of_embeddings_decides_between_names_that_tell_nothing() -> None:
    put("d/m.gguf")
    files.projector(models_dir() / "d/mmproj-a-F32.gguf", 256)
    files.projector(models_dir() / "d/mmproj-F16.gguf", 4096)
    files.projector(models_dir() / "d/mmproj-F32.gguf", 256)
    assert pairs() == {"m.gguf": "mmproj-F32.gguf"}


def test_half_a_projector_is_paired_with_nothing() -> None:
    put("d/m.gguf")
    size = files.projector(models_dir() / "d/mmproj-F16.gguf").stat().st_size
    with (models_dir() / "d/mmproj-F16.gguf").open("r+b") as stream:
        stream.truncate(size - 10)
    assert pairs() == {"m.gguf": None}


def test_a_model_with_a_projector_sees(tmp_path: Path) -> None:
    put("d/m.gguf", "d/mmproj.gguf", "e/n.gguf")
    found = {model.path.name: model.vision for model in library.refresh().models}
    assert found["m.gguf"]
    assert not found["n.gguf"]
