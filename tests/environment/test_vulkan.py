"""The Vulkan loader, its drivers and glslc, laid out as distributions do."""

import json
from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, shaders, vulkan
from termai.hardware.gpu import Vendor
from tests.environment.on_path import program

AMD = (Vendor.AMD,)
VARIABLES = (
    *("LD_LIBRARY_PATH", "VK_DRIVER_FILES", "VK_ICD_FILENAMES"),
    *("XDG_DATA_HOME", "VULKAN_SDK"),
)


@pytest.fixture
def root(debian: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(vulkan, "ROOT", debian)
    return debian


def loader(root: Path, version: str) -> Path:
    place = root / "usr/lib/x86_64-linux-gnu"
    place.mkdir(parents=True)
    (place / f"libvulkan.so.{version}").touch()
    (place / "libvulkan.so.1").symlink_to(f"libvulkan.so.{version}")
    return place / f"libvulkan.so.{version}"


def driver(root: Path, name: str, version: str, library: str = "libvulkan_radeon.so") -> Path:
    file = root / "usr/share/vulkan/icd.d" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    entry = {"library_path": library, "api_version": version}
    file.write_text(json.dumps({"ICD": entry, "file_format_version": "1.0.0"}))
    return file


def look(vendors: tuple[Vendor, ...]) -> dict[str, Finding]:
    return {finding.name: finding for finding in vulkan.vulkan(vendors)}


@pytest.mark.usefixtures("root", "path_dir")
def test_nothing_is_missed_without_a_gpu_that_needs_it() -> None:
    for vendors in ((), (Vendor.NVIDIA,)):
        found = look(vendors)
        assert {one.verdict for one in found.values()} == {Verdict.NOT_NEEDED}
        assert next(shaders.glslc(vendors)).verdict is Verdict.NOT_NEEDED


@pytest.mark.usefixtures("root", "path_dir")
def test_what_an_amd_gpu_lacks_comes_with_its_packages() -> None:
    found = look(AMD)
    assert found["Vulkan loader"].command == "apt-get install -y libvulkan1"
    assert found["Vulkan driver"].command == "apt-get install -y mesa-vulkan-drivers"
    (compiler,) = shaders.glslc(AMD)
    assert compiler.command == "apt-get install -y glslc libvulkan-dev spirv-headers"


def test_both_are_found_with_their_versions(root: Path) -> None:
    library = loader(root, "1.3.239")
    file = driver(root, "radeon_icd.x86_64", "1.3.230")
    driver(root, "lvp_icd.x86_64", "1.3.230", "libvulkan_lvp.so")
    found = look(AMD)
    assert found["Vulkan loader"].path == str(library)
    assert found["Vulkan loader"].version == "1.3.239"
    assert found["Vulkan driver"].path == str(file)
    assert found["Vulkan driver"].version == "1.3.230"
    assert {one.verdict for one in found.values()} == {Verdict.OK}


@pytest.mark.usefixtures("path_dir")
def test_one_that_runs_on_the_cpu_is_no_driver_of_a_gpu(root: Path) -> None:
    driver(root, "lvp_icd.x86_64", "1.3.230", "libvulkan_lvp.so")
    found = look(AMD)["Vulkan driver"]
    assert found.verdict is Verdict.WARNING
    assert found.sentence.startswith("Only one that runs on the CPU was found.")


@pytest.mark.usefixtures("path_dir")
def test_old_ones_are_named(root: Path) -> None:
    loader(root, "1.1.70")
    driver(root, "radeon_icd", "1.1.90")
    found = look(AMD)
    assert {one.verdict for one in found.values()} == {Verdict.WARNING}
    assert all("needs Vulkan 1.2" in one.sentence for one in found.values())


def test_the_users_choice_of_drivers_counts(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(root, "radeon_icd", "1.3.230")
    mine = driver(tmp_path / "mine", "own_icd", "1.4.303")
    monkeypatch.setenv("VK_DRIVER_FILES", f"{mine}:/nowhere.json")
    assert [one.manifest for one in vulkan.drivers()] == [mine]


@pytest.mark.parametrize("text", ["", "[]", '{"ICD": 3}', '{"ICD": {}}', "[" * 9999, '"\x00"'])
def test_broken_manifests_are_passed_over(root: Path, text: str) -> None:
    driver(root, "radeon_icd", "1.3.230").write_text(text)
    assert vulkan.drivers() == ()


def test_a_driver_whose_library_is_gone_is_passed_over(root: Path) -> None:
    driver(root, "radeon_icd", "1.3.230", str(root / "gone.so"))
    assert vulkan.drivers() == ()


def test_a_compiler_of_shaders_needs_headers(path_dir: Path, root: Path) -> None:
    program(path_dir, "glslc", "shaderc v2023.2")
    (found,) = shaders.glslc(AMD)
    assert found.sentence == "The headers of Vulkan and SPIR-V, needed beside it, are not found."
    assert found.command == "apt-get install -y glslc libvulkan-dev spirv-headers"
    assert next(shaders.glslc(())).verdict is Verdict.OK, "nothing is built for it here"
    for header in ("vulkan/vulkan.h", "spirv/unified1/spirv.h"):
        (root / "usr/include" / header).parent.mkdir(parents=True)
        (root / "usr/include" / header).touch()
    assert next(shaders.glslc(AMD)).verdict is Verdict.OK


def test_a_compiler_of_shaders_is_told(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for header in ("vulkan/vulkan.h", "spirv/unified1/spirv.h"):
        (tmp_path / "sdk/include" / header).parent.mkdir(parents=True)
        (tmp_path / "sdk/include" / header).touch()
    monkeypatch.setenv("VULKAN_SDK", str(tmp_path / "sdk"))
    program(path_dir, "glslc", "shaderc v2023.2 v2023.2-1\nspirv-tools v2023.2\nTarget: SPIR-V 1.0")
    (found,) = shaders.glslc(AMD)
    assert (found.verdict, found.version) == (Verdict.OK, "2023.2")


@pytest.mark.usefixtures("root")
def test_vulkan_is_not_missed_where_hip_can_be_built(path_dir: Path) -> None:
    program(path_dir, "hipcc", "HIP version: 6.2.41133")
    assert look(AMD)["Vulkan loader"].verdict is Verdict.NOT_NEEDED
    assert look((Vendor.AMD, Vendor.INTEL))["Vulkan loader"].verdict is Verdict.WARNING
    assert next(shaders.glslc(AMD)).verdict is Verdict.NOT_NEEDED
