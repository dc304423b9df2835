"""Device files of NVIDIA's GPUs, on the machine itself and in containers."""

from pathlib import Path

import pytest

from termai.environment import Verdict, gpu_devices
from tests.environment import trees

pytestmark = pytest.mark.usefixtures("root_user")


def test_all_of_them_are_fine(tmp_path: Path) -> None:
    trees.nvidia_files(tmp_path, 0, devices=("nvidiactl", "nvidia-uvm", "nvidia0"))
    (found,) = gpu_devices.device_files(tmp_path)
    assert found.verdict is Verdict.OK


def test_without_a_kernel_module_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert not list(gpu_devices.device_files(tmp_path))


def test_a_missing_uvm_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    trees.nvidia_files(tmp_path, 0, devices=("nvidiactl", "nvidia0"))
    (found,) = gpu_devices.device_files(tmp_path)
    assert found.verdict is Verdict.PROBLEM
    assert "/dev/nvidia-uvm" in found.sentence
    assert "nvidia-modprobe -u -c 0" in found.command


def test_every_missing_gpu_is_made(tmp_path: Path) -> None:
    trees.nvidia_files(tmp_path, 0, 1, 2, devices=("nvidiactl", "nvidia-uvm", "nvidia0"))
    (found,) = gpu_devices.device_files(tmp_path)
    assert "/dev/nvidia1, /dev/nvidia2" in found.sentence
    assert found.command.endswith("nvidia-modprobe -u -c 1 -c 2")


def test_a_container_may_have_some_of_the_gpus(tmp_path: Path) -> None:
    trees.nvidia_files(tmp_path, *range(8), devices=("nvidiactl", "nvidia-uvm", "nvidia3"))
    trees.write(tmp_path, {".dockerenv": ""})
    (found,) = gpu_devices.device_files(tmp_path)
    assert (found.verdict, found.sentence) == (
        Verdict.OK,
        "1 of the host's 8 GPUs are given to this container.",
    )


def test_a_container_without_any_is_started_again(tmp_path: Path) -> None:
    trees.nvidia_files(tmp_path, 0, 1, devices=())
    trees.write(tmp_path, {".dockerenv": ""})
    (found,) = gpu_devices.device_files(tmp_path)
    assert found.verdict is Verdict.PROBLEM
    assert "--gpus all" in found.fix


def test_closed_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trees.nvidia_files(tmp_path, 0, devices=("nvidiactl", "nvidia-uvm", "nvidia0"))
    monkeypatch.setattr("os.access", lambda path, mode: path.name != "nvidia0")
    (found,) = gpu_devices.device_files(tmp_path)
    assert found.verdict is Verdict.PROBLEM
    assert "/dev/nvidia0" in found.sentence
