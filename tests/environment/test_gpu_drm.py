"""GPUs of AMD and Intel: driver, device files, groups."""

from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, access, gpu_drm
from tests.environment import trees

pytestmark = pytest.mark.usefixtures("root_user")


def look(root: Path) -> Finding:
    (found,) = gpu_drm.others(root)
    return found


def amd(root: Path, *files: str) -> Path:
    device = trees.card(root, "0000:0c:00.0", "0x1002", "amdgpu")
    (device / "drm/renderD128").mkdir(parents=True)
    return trees.write(root, dict.fromkeys((f"dev/{name}" for name in files), ""))


def test_an_amd_gpu_with_its_files_is_fine(tmp_path: Path) -> None:
    found = look(amd(tmp_path, "kfd", "dri/renderD128"))
    assert (found.name, found.verdict) == ("AMD GPU", Verdict.OK)
    assert "/dev/dri/renderD128, /dev/kfd" in found.sentence


def test_a_missing_kfd_is_named(tmp_path: Path) -> None:
    found = look(amd(tmp_path, "dri/renderD128"))
    assert found.verdict is Verdict.WARNING
    assert found.sentence == "Not there: /dev/kfd."
    trees.write(tmp_path, {".dockerenv": ""})
    assert "--device /dev/kfd --device /dev/dri" in look(tmp_path).fix


def test_the_group_that_may_open_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    amd(tmp_path, "kfd", "dri/renderD128")
    monkeypatch.setattr(gpu_drm, "_open", lambda node: False)
    monkeypatch.setattr(access, "group", lambda node: "render")
    monkeypatch.setattr(access, "is_waiting", lambda group: False)
    found = look(tmp_path)
    assert "usermod -aG render " in found.command
    assert "log in again" in found.fix
    monkeypatch.setattr(access, "is_waiting", lambda group: True)
    assert look(tmp_path).fix.startswith("Log in again")
    assert not look(tmp_path).command


def test_a_gpu_without_its_driver_is_named(tmp_path: Path) -> None:
    trees.card(tmp_path, "0000:03:00.0", "0x8086")
    found = look(tmp_path)
    assert (found.name, found.verdict) == ("Intel GPU", Verdict.WARNING)
    assert found.command.endswith("modprobe i915")


def test_graphics_inside_a_processor_are_not_needed(tmp_path: Path) -> None:
    device = trees.card(tmp_path, "0000:00:02.0", "0x8086", "i915")
    (device / "drm/renderD128").mkdir(parents=True)
    assert look(tmp_path).verdict is Verdict.NOT_NEEDED


def test_a_machine_without_them_says_nothing(tmp_path: Path) -> None:
    assert not list(gpu_drm.others(tmp_path))
