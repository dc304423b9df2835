"""The recipe for llama.cpp: what is built for which machine, and when a build is reused."""

from pathlib import Path

import pytest

from termai.engines.recipe import Gpu, GpuChoice, Recipe, choose_gpu, cpu_features, recipe


def machine(tmp_path: Path, *devices: str) -> Path:
    for device in devices:
        path = tmp_path / "root" / device
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "root").mkdir(exist_ok=True)
    return tmp_path / "root"


def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
    directory = tmp_path / "bin"
    directory.mkdir()
    for program in programs:
        (directory / program).write_text("#!/bin/sh\n")
        (directory / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(directory))


@pytest.mark.parametrize(
    ("programs", "devices", "expected"),
    [
        (("nvcc",), ("dev/nvidia0",), Gpu.CUDA),
        (("nvcc",), ("dev/dxg",), Gpu.CUDA),
        (("hipcc",), ("dev/kfd",), Gpu.HIP),
        (("glslc",), ("dev/dri/renderD128",), Gpu.VULKAN),
        (("nvcc", "glslc"), ("dev/nvidia0", "dev/dri/renderD128"), Gpu.CUDA),
        (("nvcc",), (), Gpu.NONE),
        ((), ("dev/nvidia0",), Gpu.NONE),
    ],
)
def test_a_gpu_is_built_for_when_its_compiler_and_device_are_both_here(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    programs: tuple[str, ...],
    devices: tuple[str, ...],
    expected: Gpu,
) -> None:
    on_path(tmp_path, monkeypatch, *programs)
    assert choose_gpu(root=machine(tmp_path, *devices)).gpu is expected


def test_the_reason_names_the_half_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(tmp_path, monkeypatch)
    choice = choose_gpu(root=machine(tmp_path, "dev/nvidia0"))
    assert choice == GpuChoice(Gpu.NONE, "an NVIDIA GPU is here without nvcc")


def test_what_is_asked_for_wins_and_nonsense_is_refused() -> None:
    assert choose_gpu("vulkan").gpu is Gpu.VULKAN
    with pytest.raises(ValueError, match="metal"):
        choose_gpu("metal")


def test_the_key_changes_with_everything_that_changes_the_build() -> None:
    base = Recipe("0.3.36", ("-DA=ON",), "g++ 12", "x86_64 avx2")
    others = [
        Recipe("0.3.37", ("-DA=ON",), "g++ 12", "x86_64 avx2"),
        Recipe("0.3.36", ("-DA=OFF",), "g++ 12", "x86_64 avx2"),
        Recipe("0.3.36", ("-DA=ON",), "g++ 13", "x86_64 avx2"),
        Recipe("0.3.36", ("-DA=ON",), "g++ 12", "x86_64 avx512f"),
    ]
    assert len({base.key, *(other.key for other in others)}) == 5
    assert base.key == Recipe("0.3.36", ("-DA=ON",), "g++ 12", "x86_64 avx2").key


def test_the_build_bypasses_pips_cache_and_keeps_the_dollar_of_the_run_path() -> None:
    made = recipe(Gpu.CUDA, compiler="g++ 12")
    assert "--no-cache-dir" in made.argv(Path("python"), Path("into"))
    arguments = made.environment["CMAKE_ARGS"].split()
    assert "-DCMAKE_INSTALL_RPATH=$ORIGIN/../lib" in arguments
    assert "-DGGML_CUDA=ON" in arguments


def test_the_package_pins_the_version_that_the_recipe_builds() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    pinned = [d for d in project["project"]["dependencies"] if d.startswith("llama-cpp-python")]
    assert pinned == [f"llama-cpp-python[server]=={recipe(Gpu.NONE, compiler='').version}"]


def test_the_cpu_is_described_by_its_features() -> None:
    assert len(cpu_features().split()) > 1


@pytest.mark.parametrize(
    ("cpu", "without_amx"), [("x86_64 avx2 amx_int8 amx_tile", True), ("x86_64 avx2", False)]
)
def test_a_cpu_with_amx_gets_a_build_without_it(
    monkeypatch: pytest.MonkeyPatch, cpu: str, without_amx: bool
) -> None:
    monkeypatch.setattr("termai.engines.recipe.cpu_features", lambda: cpu)
    arguments = recipe(Gpu.NONE, compiler="g++ 12").environment["CMAKE_ARGS"].split()
    assert ("-DCMAKE_CXX_FLAGS=-U__AMX_INT8__" in arguments) is without_amx
