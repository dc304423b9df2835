"""The machine on the command line: real processor and memory, GPUs behind a fake driver."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from termai.cli import monitoring
from termai.hardware import gpus, holders
from tests.cli.conftest import Termai, environment
from tests.fakes import nvml
from tests.support import wait_until


def test_the_machine_as_text(termai: Termai) -> None:
    done = termai("monitor")
    assert done.returncode == 0, done.stderr
    heads = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"CPU", "RAM"} <= set(heads)
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_the_machine_as_json(termai: Termai) -> None:
    told = json.loads(termai("monitor", "--json").stdout)
    assert told["ram_total"] == psutil.virtual_memory().total
    assert len(told["cores"]) == psutil.cpu_count()
    assert told["gpus"] == told["holders"] == [] or told["gpus"]


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "soon"])
def test_what_is_no_time_is_refused(termai: Termai, seconds: str) -> None:
    done = termai("monitor", "--watch", seconds)
    assert done.returncode == 2
    assert done.stdout == ""


def test_watching_prints_a_line_for_each_look_until_ctrl_c() -> None:
    watched = subprocess.Popen(
        [sys.executable, "-m", "termai", "monitor", "--json", "--watch", "0.2"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment(),
    )
    assert watched.stdout is not None
    looks = [json.loads(watched.stdout.readline()) for _ in range(3)]
    assert [look["at"] for look in looks] == sorted(look["at"] for look in looks)
    watched.send_signal(signal.SIGINT)
    watched.communicate(timeout=20)
    assert watched.returncode == 130


def test_who_holds_a_gpu_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    me = psutil.Process()
    monkeypatch.setattr(holders, "_FIRST_PID_NAMESPACE", holders._PID_NAMESPACE.stat().st_ino)
    card = nvml.Card(computing=((me.pid, 3 << 30),), milliwatts=412_530, reasons=0x40, fan=64)
    nvml.install(monkeypatch, card, nvml.Card(name="Gone", lost=True))
    monitoring.monitor(None, as_json=False)
    said = capsys.readouterr().out
    assert "NVIDIA GeForce RTX 4090" in said
    assert "busy 63%  71C  413 W  fan 64%" in said
    assert "held down by: heat (hardware)" in said
    assert f"3.0 GiB  {me.name()} of {me.username()}, process {me.pid}" in said
    assert "lost: it has fallen off the bus" in said


def test_a_server_of_ours_is_named_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], smoke: str
) -> None:
    assert smoke
    from termai.servers import registry

    server = registry.get("smoke")
    wait_until(lambda: registry.refresh(server).pid, what="the server's process")
    pid = registry.refresh(server).pid or 0
    nvml.install(monkeypatch, nvml.Card(computing=((pid, 1 << 30), (os.getpid(), 1 << 20))))
    monitoring.monitor(None, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert [(one["pid"], one["server"]) for one in told["holders"]] == [
        (pid, "smoke"),
        (os.getpid(), ""),
    ]


@pytest.mark.parametrize("kind", nvml.KINDS)
def test_in_a_narrow_terminal_every_fact_of_a_card_is_whole(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    nvml.install_recorded(monkeypatch, kind)
    for gpu in gpus.read_all():
        if not gpu.lost:
            facts = list(monitoring._facts(gpu))
            lines = list(monitoring._filled(facts, 40))
            assert all(len(line) <= 40 for line in lines)
            assert "  ".join(line.strip() for line in lines) == "  ".join(facts)
