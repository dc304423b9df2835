"""A full disk, a driver that does not answer and a broken terminal, found by the real command."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from termai.paths import private_dir, profiles_dir

ROOT = Path(__file__).parents[2]

# What nvidia-ml-py says of a driver that was updated without a restart (NVML_ERROR 18).
PYNVML = """
class NVMLError(Exception):
    value = 18

NVML_ERROR_LIB_RM_VERSION_MISMATCH = 18

def nvmlInit():
    raise NVMLError("Driver/library version mismatch")
"""
FILL = (
    'mount -t tmpfs -o size=4m none "$1" && { head -c 8m /dev/zero >"$1/fill" || true; } '
    '2>/dev/null && exec "$2" -m termai doctor --json --only memory'
)

DOCTOR = (sys.executable, "-m", "termai", "doctor", "--json", "--only")


def found(*command: str, stdin: int = subprocess.DEVNULL, **environ: str) -> dict[str, Any]:
    """Return the findings by name, and that the command says that profiles do not suffer."""
    done = subprocess.run(
        command,
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **environ},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    findings = told["findings"] if isinstance(told, dict) else told
    return {one["name"]: one for one in findings}


def doctor(group: str, stdin: int = subprocess.DEVNULL, **environ: str) -> dict[str, Any]:
    return found(*DOCTOR, group, stdin=stdin, **environ)


def test_a_driver_updated_without_a_restart_is_named(tmp_path: Path) -> None:
    (tmp_path / "pynvml.py").write_text(PYNVML)
    one = doctor("gpu", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")["NVIDIA driver"]
    assert one["verdict"] == "problem"
    assert one["fix"]


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rm", "true"], check=False).returncode:
        pytest.skip("needs unshare and user namespaces to mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    command = (unshare, "-rm", "sh", "-c", FILL, "sh", str(disk), sys.executable)
    told = found(*command, TERMAI_DATA_DIR=str(disk / "termai"))
    one = told["Disk of models"]
    assert one["verdict"] == "problem"
    assert "It is full" in one["sentence"]
    assert "data cannot be written" in one["sentence"]
    assert told["Disk of state"]["verdict"] != "problem"


def test_a_terminal_that_lost_its_name_is_named() -> None:
    ours, theirs = os.openpty()
    try:
        one = doctor("terminal", theirs, TERM="dumb")["Colours"]
    finally:
        os.close(ours)
        os.close(theirs)
    assert one["verdict"] == "problem"
    assert "TERM is dumb" in one["sentence"]


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = int(other.getsockname()[1])
        text = f'schema = 1\n[model]\npath = "builtin:smoke"\n[server]\nport = {port}\n'
        private_dir(profiles_dir()).joinpath("mine.toml").write_text(text)
        one = doctor("network")[f"Port {port}"]
    assert one["verdict"] == "warning"
    assert f"(process {os.getpid()} of " in one["sentence"]
    assert "profile mine wants" in one["sentence"]


def test_hidden_gpus_are_named() -> None:
    one = doctor("gpu", CUDA_VISIBLE_DEVICES="-1")["GPU choice"]
    assert one["verdict"] == "warning"
    assert one["fix"] == "unset CUDA_VISIBLE_DEVICES"
