"""What is told of a fit with GPUs, which no test machine needs to have."""

import sys
from dataclasses import replace

import pytest

from termai.cli import fitting
from termai.models.fit import Holder
from termai.servers import guarding
from tests.models.fit.headers import GIB, machine

HERE = replace(machine(8), holders=(Holder(0, 7, GIB, "ann", "llama-server", "qwen"),))


@pytest.fixture(autouse=True)
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "here_with_servers", lambda detection: HERE)


def told(capsys: pytest.CaptureFixture[str], name: str) -> str:
    assert fitting.fit(name, {}, vram=None, ram=None, curve=False, as_json=False) == 0
    return " ".join(capsys.readouterr().out.split())


def test_who_has_the_rest_of_a_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    assert "GPU 0 is also used by qwen 1.0 GiB." in told(capsys, "builtin:smoke")


def test_an_engine_that_cannot_use_the_gpu_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The llama-server of the tests is built for the processor."""
    assert "The llama-server here cannot use a GPU" in told(capsys, "builtin:smoke")


def test_gpus_left_out_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without = replace(HERE, gpus=(), unmeasured=("GB10\x1b[2J",))
    monkeypatch.setattr(guarding, "here_with_servers", lambda detection: without)
    assert "Left out, as its memory cannot be read: GB10." in told(capsys, "builtin:smoke")


def test_without_any_engine_a_llama_server_of_today_is_assumed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    monkeypatch.setenv("PATH", "")
    assert "builtin:smoke: fits wholly" in told(capsys, "builtin:smoke")
