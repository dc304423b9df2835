"""NVIDIA's driver: each way in which it does not answer is named, with what mends it."""

import threading
from pathlib import Path
from typing import Any

import pytest

from termai.environment import Finding, Verdict, access, gpu_driver
from tests.environment import trees
from tests.fakes import nvml

pytestmark = pytest.mark.usefixtures("root_user")

NVIDIA = "0x10de"


def look(root: Path) -> Finding:
    (found,) = gpu_driver.driver(root)
    return found


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A machine with one card of NVIDIA."""
    root = tmp_path / "root"
    trees.card(root, "0000:01:00.0", NVIDIA, "nvidia")
    return root


def failing(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    nvml.install(monkeypatch, driver=False, failure=code)


def test_a_driver_that_answers_says_its_version_and_cuda(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml.install(monkeypatch, nvml.Card())
    found = look(box)
    assert (found.verdict, found.version) == (Verdict.OK, "570.86.10")
    assert "CUDA up to 12.8" in found.sentence


def test_a_driver_that_shows_no_gpu_is_a_problem(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml.install(monkeypatch)
    assert look(box).verdict is Verdict.PROBLEM


def test_an_update_without_a_restart_is_named_with_both_versions(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "NVML_ERROR_LIB_RM_VERSION_MISMATCH")
    trees.write(box, {"proc/driver/nvidia/version": trees.NVRM})
    trees.write(box, {"usr/lib/x86_64-linux-gnu/libnvidia-ml.so.570.124.06": ""})
    found = look(box)
    assert found.verdict is Verdict.PROBLEM
    assert "without a restart" in found.sentence
    assert "module 570.86.10, library 570.124.06" in found.sentence
    assert found.fix == "Restart the machine."


def test_in_a_container_the_same_means_the_container_is_to_be_started_again(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "NVML_ERROR_LIB_RM_VERSION_MISMATCH")
    trees.write(box, {".dockerenv": ""})
    assert "Start the container again" in look(box).fix


@pytest.mark.parametrize(
    ("sign", "fix"),
    [
        (".dockerenv", "--gpus all"),
        ("run/.containerenv", "--device nvidia.com/gpu=all"),
        ("var/run/secrets/kubernetes.io/x", "nvidia.com/gpu: 1"),
    ],
)
@pytest.mark.parametrize("code", ["NVML_ERROR_LIBRARY_NOT_FOUND", "NVML_ERROR_DRIVER_NOT_LOADED"])
def test_a_container_without_the_hosts_gpu_names_how_it_is_given(
    box: Path, monkeypatch: pytest.MonkeyPatch, sign: str, fix: str, code: str
) -> None:
    failing(monkeypatch, code)
    trees.write(box, {sign: ""})
    found = look(box)
    assert found.verdict is Verdict.PROBLEM
    assert "this container" in found.sentence
    assert fix in found.fix


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("ID=ubuntu\nID_LIKE=debian\n", "ubuntu-drivers install"),
        ("ID=debian\n", "apt install nvidia-driver"),
        ("ID=fedora\n", "RPM Fusion"),
        ("ID=alpine\n", "https://www.nvidia.com/drivers"),
    ],
)
def test_a_card_without_a_driver_names_what_installs_one(
    box: Path, monkeypatch: pytest.MonkeyPatch, release: str, words: str
) -> None:
    failing(monkeypatch, "NVML_ERROR_LIBRARY_NOT_FOUND")
    trees.write(box, {"etc/os-release": release, "sys/module/nouveau/version": ""})
    found = look(box)
    assert found.verdict is Verdict.PROBLEM
    assert "Nouveau" in found.sentence
    assert words in found.fix


def test_a_module_that_is_not_built_for_this_kernel_is_named(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "NVML_ERROR_DRIVER_NOT_LOADED")
    trees.write(box, {"proc/sys/kernel/osrelease": "6.1.0-31-amd64\n"})
    trees.write(box, {"lib/modules/6.1.0-31-amd64/modules.dep": "kernel/fs/ext4/ext4.ko:\n"})
    found = look(box)
    assert "6.1.0-31-amd64" in found.cause
    assert "dkms autoinstall" in found.fix


def test_secure_boot_is_the_cause_of_a_module_that_is_there_and_not_loaded(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "NVML_ERROR_DRIVER_NOT_LOADED")
    modules = "updates/dkms/nvidia.ko.xz: kernel/drivers/video/backlight.ko\n"
    trees.write(box, {"proc/sys/kernel/osrelease": "6.1.0-31-amd64\n"})
    trees.write(box, {"lib/modules/6.1.0-31-amd64/modules.dep": modules})
    assert look(box).command.endswith("modprobe nvidia")
    assert "Secure Boot" not in look(box).cause
    trees.write(box, {gpu_driver._SECURE_BOOT: "\6\0\0\0\1"})
    assert "Secure Boot" in look(box).cause


def test_what_nvml_says_of_another_failure_is_told(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "NVML_ERROR_GPU_IS_LOST")
    found = look(box)
    assert found.verdict is Verdict.PROBLEM
    assert "GPU is lost" in found.sentence


def test_device_files_of_others_are_named_with_their_group(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "NVML_ERROR_NO_PERMISSION")
    trees.write(box, {"dev/nvidiactl": ""})
    monkeypatch.setattr(access, "group", lambda path: "video")
    assert "usermod -aG video" in look(box).command


def test_without_a_card_nothing_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, "NVML_ERROR_LIBRARY_NOT_FOUND")
    trees.card(tmp_path, "0000:02:00.0", NVIDIA, kind="0x040300")  # the sound of a card
    assert look(tmp_path).verdict is Verdict.NOT_NEEDED


def test_a_gpu_that_the_driver_does_not_show_is_missed_outside_of_containers(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml.install(monkeypatch, nvml.Card())
    trees.card(box, "0000:02:00.0", NVIDIA, "nvidia")
    trees.card(box, "0000:03:00.0", NVIDIA, "vfio-pci")
    found = look(box)
    assert (found.verdict, found.sentence) == (
        Verdict.WARNING,
        "It shows 1 of the machine's 2 GPUs.",
    )
    trees.write(box, {".dockerenv": ""})
    assert look(box).verdict is Verdict.OK


def test_a_driver_that_hangs_is_a_problem(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = nvml.install(monkeypatch, nvml.Card())
    free = threading.Event()
    module.nvmlInit = free.wait
    try:
        (found,) = gpu_driver.driver(box, 0.1)
    finally:
        free.set()
    assert found.verdict is Verdict.PROBLEM
    assert "no answer within 0.1 s" in found.sentence


@pytest.mark.parametrize(
    ("files", "driver", "words"),
    [
        ({}, "vfio-pci", "virtual machines"),
        ({"etc/nv_tegra_release": "# R36"}, "", "Jetson"),
        ({"proc/sys/kernel/osrelease": "5.15-microsoft-standard-WSL2"}, "", "Windows"),
    ],
)
def test_why_no_driver_is_needed_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    driver: str,
    words: str,
) -> None:
    failing(monkeypatch, "NVML_ERROR_LIBRARY_NOT_FOUND")
    trees.write(tmp_path, files)
    if driver:
        trees.card(tmp_path, "0000:01:00.0", NVIDIA, driver)
    found = look(tmp_path)
    assert found.verdict is Verdict.NOT_NEEDED
    assert words in found.sentence
