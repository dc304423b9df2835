"""hipcc, whose answers are those of ROCm 5.2 and 6.2."""

from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, hip
from tests.environment.on_path import program


def look(*, present: bool) -> Finding:
    (found,) = hip.hipcc(present)
    return found


@pytest.mark.usefixtures("path_dir")
def test_without_a_gpu_it_is_not_needed() -> None:
    assert look(present=False).verdict is Verdict.NOT_NEEDED


def test_a_new_one_is_fine(path_dir: Path) -> None:
    program(path_dir, "hipcc", "HIP version: 6.2.41133-dd7f95766\nAMD clang version 18.0.0git")
    found = look(present=True)
    assert (found.verdict, found.version) == (Verdict.OK, "6.2.41133")


def test_one_that_llama_cpp_refuses_is_named(path_dir: Path) -> None:
    program(path_dir, "hipcc", "HIP version: 5.2.21153-0\nclang version 15.0.6")
    found = look(present=True)
    assert found.verdict is Verdict.WARNING
    assert "6.1 or later" in found.sentence
    assert "Vulkan" in found.fix


@pytest.mark.usefixtures("debian")
@pytest.mark.parametrize(("offer", "packaged"), [("5.2.3-8", False), ("6.4.1-1", True)])
def test_a_package_that_is_too_old_is_not_proposed(
    path_dir: Path, offer: str, packaged: bool
) -> None:
    program(path_dir, "apt-cache", f"hipcc:\n  Candidate: {offer}")
    found = look(present=True)
    assert found.command.startswith("apt-get install -y hipcc ") is packaged
    assert found.fix


def test_it_is_not_missed_where_vulkan_can_be_built(path_dir: Path) -> None:
    program(path_dir, "glslc", "shaderc v2023.2")
    assert look(present=True).verdict is Verdict.NOT_NEEDED
    program(path_dir, "hipcc", "HIP version: 6.2.41133")
    assert look(present=True).verdict is Verdict.OK


@pytest.mark.usefixtures("debian")
def test_hipblas_is_missed_beside_it(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROCM_PATH", raising=False)
    rocm = tmp_path / "rocm"
    program(rocm / "bin", "hipcc", "HIP version: 6.2.41133")
    (rocm / "include/hip").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{path_dir}:{rocm}/bin")
    found = look(present=True)
    assert found.verdict is Verdict.WARNING
    assert found.sentence.startswith("hipBLAS")
    assert found.command == "apt-get install -y libhipblas-dev librocblas-dev"
    assert look(present=False).verdict is Verdict.OK
    (rocm / "include/hipblas").mkdir()
    (rocm / "include/hipblas/hipblas.h").touch()
    assert look(present=True).verdict is Verdict.OK
