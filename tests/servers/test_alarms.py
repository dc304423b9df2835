"""A GPU box that silently runs on the CPU is an alarm; so is a context that was cut."""

from pathlib import Path
from typing import Any

import pytest

from termai.jobs.states import JobStatus
from termai.servers.alarms import alarm, context_note
from termai.servers.facts import Facts
from termai.servers.records import Server, from_job
from tests.servers.samples import facts_of, make_job


def server(tmp_path: Path, log: str, **given: Any) -> Server:
    return from_job(make_job(tmp_path / "job", **given), facts_of(log))


def test_no_layer_on_a_gpu_that_the_engine_can_use_is_an_alarm(tmp_path: Path) -> None:
    told = alarm(server(tmp_path, "native-ready", devices=["CUDA0"]))
    assert told
    assert "CUDA0" in told
    assert "runs on the CPU" in told


@pytest.mark.parametrize(
    ("log", "values", "remedy"),
    [
        ("native-ready", {}, "saw no GPU"),
        ("no-room", {}, "no room for a layer"),
        ("no-room", {"n_gpu_layers": "auto"}, "no room for a layer"),
        ("no-room", {"n_gpu_layers": 3}, 'Set n_gpu_layers to "auto"'),
    ],
)
def test_the_remedy_fits_what_was_seen(
    tmp_path: Path, log: str, values: dict[str, Any], remedy: str
) -> None:
    job = make_job(tmp_path / "job", devices=["CUDA0"], values=values)
    facts = facts_of("native-ready")
    seen = facts._replace(gpus=(("CUDA0", 90),)) if log == "no-room" else facts
    assert remedy in (alarm(from_job(job, seen)) or "")


def test_an_engine_built_without_gpu_on_a_gpu_box_is_an_alarm(tmp_path: Path) -> None:
    told = alarm(server(tmp_path, "native-ready", gpus=["NVIDIA GeForce RTX 3060"]))
    assert told
    assert "RTX 3060" in told
    assert "termai engines build" in told


def test_the_alarm_says_what_the_driver_said(tmp_path: Path) -> None:
    told = alarm(server(tmp_path, "source-cuda-driver-too-old", gpus=["NVIDIA L4"]))
    assert told
    assert "driver version is insufficient" in told


@pytest.mark.parametrize(
    "given",
    [
        {"values": {"n_gpu_layers": 0}},
        {"values": {"device": ["none"]}},
        {"env": {"CUDA_VISIBLE_DEVICES": ""}},
        {"env": {"CUDA_VISIBLE_DEVICES": "-1"}},
    ],
)
def test_a_profile_that_asks_for_the_cpu_gets_it_without_alarm(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    assert alarm(server(tmp_path, "native-ready", devices=["CUDA0"], **given)) is None


@pytest.mark.parametrize("log", ["source-cuda-ready", "source-cuda-two-partial"])
def test_layers_on_a_gpu_are_no_alarm(tmp_path: Path, log: str) -> None:
    assert alarm(server(tmp_path, log, devices=["CUDA0"], gpus=["NVIDIA L4"])) is None


def test_nothing_is_alarming_before_the_layers_are_placed(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", devices=["CUDA0"])
    assert alarm(from_job(job, Facts())) is None


def test_a_machine_without_gpu_runs_on_the_cpu_without_alarm(tmp_path: Path) -> None:
    assert alarm(server(tmp_path, "native-ready")) is None


def test_a_server_that_ended_raises_no_alarm(tmp_path: Path) -> None:
    given = {"devices": ["CUDA0"], "status": JobStatus.EXITED}
    assert alarm(server(tmp_path, "native-ready", **given)) is None


def test_a_smaller_context_than_asked_for_is_an_alarm(tmp_path: Path) -> None:
    told = alarm(server(tmp_path, "source-cuda-ready", values={"ctx_size": 65536}))
    assert told
    assert "36864" in told
    assert "65536" in told


def test_a_context_rounded_by_llama_cpp_is_no_alarm(tmp_path: Path) -> None:
    assert alarm(server(tmp_path, "native-ready", values={"ctx_size": 513})) is None


def test_more_context_than_the_model_knows_is_an_alarm_unless_it_is_stretched(
    tmp_path: Path,
) -> None:
    facts = facts_of("native-ready")._replace(slot_context=2048)
    plain = from_job(make_job(tmp_path / "a"), facts)
    stretched = from_job(make_job(tmp_path / "b", values={"rope_scaling": "yarn"}), facts)
    assert "trained with" in (alarm(plain) or "")
    assert alarm(stretched) is None


def test_the_note_tells_what_was_granted_of_what(tmp_path: Path) -> None:
    note = context_note(server(tmp_path, "source-cuda-ready"))
    assert note
    assert "36864" in note
    assert "40960 did not fit" in note
    short = context_note(server(tmp_path, "native-ready"))
    assert short == "256 tokens for each conversation of the 512 the model was trained with"


def test_names_in_an_alarm_cannot_drive_the_terminal(tmp_path: Path) -> None:
    told = alarm(server(tmp_path, "native-ready", devices=["\x1b]0;x\x07CUDA0\x1b[2J"]))
    assert told
    assert told.isprintable()
