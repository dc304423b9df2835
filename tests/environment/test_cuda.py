"""nvcc against the driver, the GPUs and gcc; its answers are those of CUDA 12.4 and 13.0."""

from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, cuda
from termai.environment.cuda import Machine
from tests.environment.on_path import program, script
from tests.fakes.nvml import Card, install

ADA = Machine(driver=(12, 8), gpus=((8, 9),), present=True)
ARCHITECTURES = "compute_75 compute_80 compute_86 compute_87 compute_89 compute_90"


def nvcc(directory: Path, release: str = "12.4", architectures: str = ARCHITECTURES) -> Path:
    """Write an nvcc that answers as the real one."""
    text = (
        "nvcc: NVIDIA (R) Cuda compiler driver\n"
        "Copyright (c) 2005-2024 NVIDIA Corporation\n"
        f"Cuda compilation tools, release {release}, V{release}.131"
    )
    body = (
        f"case $1 in --version) printf '%s\\n' '{text}';;"
        f" --list-gpu-arch) printf '%s\\n' {architectures};; esac"
    )
    return script(directory, "nvcc", body)


def look(machine: Machine) -> Finding:
    (found,) = cuda.nvcc(machine)
    return found


@pytest.mark.usefixtures("path_dir")
def test_without_a_gpu_it_is_not_needed() -> None:
    assert look(Machine(None, (), present=False)).verdict is Verdict.NOT_NEEDED


def test_one_that_fits(path_dir: Path) -> None:
    path = nvcc(path_dir)
    found = look(ADA)
    assert (found.verdict, found.path, found.version) == (Verdict.OK, str(path), "12.4")
    assert found.fix == ""


def test_without_a_gpu_one_is_told_and_compared_with_nothing(path_dir: Path) -> None:
    nvcc(path_dir / "bin")
    host_config(path_dir, 1)
    (path_dir / "nvcc").symlink_to(path_dir / "bin/nvcc")
    assert look(Machine(None, (), present=False)).verdict is Verdict.OK


def test_one_newer_than_the_driver_is_named(path_dir: Path) -> None:
    nvcc(path_dir, "13.0")
    found = look(ADA)
    assert found.verdict is Verdict.WARNING
    assert found.sentence == "Too new for the driver, which runs CUDA 12.8 at most."
    assert "Update the driver" in found.fix


def test_a_newer_minor_version_runs_what_it_builds_here(path_dir: Path) -> None:
    nvcc(path_dir, "12.9")
    found = look(ADA)
    assert (found.verdict, found.fix) == (Verdict.OK, "")
    assert "Newer than the driver's CUDA 12.8" in found.sentence


def test_a_gpu_that_is_too_new_for_it_is_named(path_dir: Path) -> None:
    nvcc(path_dir)
    found = look(Machine((13, 0), ((12, 0),), present=True))
    assert found.verdict is Verdict.WARNING
    assert "cannot build yet for this GPU, of compute capability 12.0" in found.sentence


def test_a_gpu_that_is_too_old_for_it_is_named(path_dir: Path) -> None:
    nvcc(path_dir, "13.0", "compute_75 compute_120")
    found = look(Machine((13, 0), ((6, 1), (8, 9)), present=True))
    assert "no longer builds for this GPU, of compute capability 6.1" in found.sentence
    assert "an older CUDA toolkit" in found.fix


def host_config(root: Path, newest: int) -> None:
    """Write the part of crt/host_config.h that refuses newer compilers."""
    header = root / "include/crt/host_config.h"
    header.parent.mkdir(parents=True)
    (root / "include/cublas_v2.h").touch()
    header.write_text(f"#if defined(__GNUC__)\n\n#if __GNUC__ > {newest}\n\n#error -- no\n")


@pytest.mark.usefixtures("debian")
def test_a_gcc_that_it_refuses_is_named(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CUDAHOSTCXX", "NVCC_CCBIN"):
        monkeypatch.delenv(name, raising=False)
    toolkit = tmp_path / "cuda-12.4"
    nvcc(toolkit / "bin")
    host_config(toolkit, 13)
    monkeypatch.setenv("PATH", f"{path_dir}:{toolkit}/bin")
    program(path_dir, "g++", "14")
    found = look(ADA)
    assert found.verdict is Verdict.WARNING
    assert found.sentence == "It works with gcc 13 at most, and g++ is 14."
    assert found.command == "apt-get install -y g++-13"
    assert "CUDAHOSTCXX=g++-13" in found.fix
    program(path_dir, "g++-12", "12")
    assert look(ADA).fix == "Build with CUDAHOSTCXX=g++-12 in the environment."
    monkeypatch.setenv("CUDAHOSTCXX", "g++-12")
    assert look(ADA).verdict is Verdict.OK


def test_a_gcc_that_it_takes_is_fine(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toolkit = tmp_path / "cuda-12.4"
    nvcc(toolkit / "bin")
    host_config(toolkit / "targets/x86_64-linux", 13)
    monkeypatch.setenv("PATH", f"{path_dir}:{toolkit}/bin")
    program(path_dir, "g++", "13")
    assert look(ADA).verdict is Verdict.OK


def test_a_toolkit_without_cublas_is_named(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toolkit = tmp_path / "cuda-12.4"
    nvcc(toolkit / "bin")
    host_config(toolkit, 13)
    monkeypatch.setenv("PATH", f"{path_dir}:{toolkit}/bin")
    assert look(ADA).verdict is Verdict.OK
    (toolkit / "include/cublas_v2.h").unlink()
    found = look(ADA)
    assert found.verdict is Verdict.WARNING
    assert "lacks cuBLAS" in found.sentence
    assert "libcublas-dev-12-4" in found.fix


def test_what_fails_comes_before_what_only_limits(path_dir: Path) -> None:
    nvcc(path_dir, "12.9")
    found = look(Machine((12, 8), ((12, 0),), present=True))
    assert "cannot build yet for this GPU" in found.sentence


@pytest.mark.usefixtures("debian")
@pytest.mark.parametrize(
    ("offer", "command"),
    [
        ("12.4.131~12.4.1-2", "apt-get install -y nvidia-cuda-toolkit"),
        ("13.0.1-1", ""),
        ("(none)", ""),
    ],
)
def test_a_missing_one_comes_from_the_system_if_it_fits(
    path_dir: Path, offer: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda, "_PLACES", ())
    program(path_dir, "apt-cache", f"nvidia-cuda-toolkit:\n  Candidate: {offer}")
    found = look(ADA)
    assert (found.verdict, found.command) == (Verdict.WARNING, command)
    assert command or "Install the CUDA toolkit 12.8 from https://" in found.fix


def test_one_beside_path_is_found(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = nvcc(tmp_path / "cuda/bin")
    monkeypatch.setattr(cuda, "_PLACES", (f"{tmp_path}/cuda/bin",))
    found = look(ADA)
    assert found.path == str(path)
    assert "which PATH leaves out" in found.sentence
    assert path_dir.is_dir()


def test_the_machine_is_read_from_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Card(capability=(8, 9)))
    machine = cuda.read()
    assert machine.present
    assert machine.driver is not None
    assert machine.gpus == ((8, 9),)
