"""What `doctor --prove` prints of an engine that takes no model of this kind."""

import json
from pathlib import Path

import pytest

from termai.cli import doctor_proof
from termai.doctor import proving
from termai.doctor.proving import Target
from termai.engines.base import Detection
from termai.profiles.schema import VLLM

TARGET = Target(Detection(VLLM, Path("/opt/vllm"), "0.15.1"), "")


def test_one_that_is_not_proved_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(proving, "targets", lambda: (TARGET,))
    assert doctor_proof.prove(as_json=False) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "-      vllm (0.15.1)"
    assert told[1].strip() == "Not proved: it takes no GGUF of this kind."
    assert told[2].startswith("       do: Start a profile")
    assert told[-1] == "0 of 0 work; 1 not proved."
    assert doctor_proof.prove(as_json=True) == 0
    (proof,) = json.loads(capsys.readouterr().out)
    assert (proof["engine"], proof["works"], proof["device"]) == (VLLM, None, "")
