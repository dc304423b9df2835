"""What a profile may add by hand, and what it may not."""

from dataclasses import replace
from pathlib import Path

import pytest

from termai.engines import extras
from termai.engines.base import Detection
from termai.errors import UsageError
from termai.profiles.profile import Profile


def with_args(*arguments: str) -> Profile:
    return Profile("p", args={"llama-server": arguments})


def test_further_arguments_are_passed_on_as_they_are() -> None:
    profile = with_args("--slot-prompt-similarity", "0.2")
    assert extras.extra_args(profile, "llama-server") == ("--slot-prompt-similarity", "0.2")
    assert extras.extra_args(profile, "llama-cpp-python") == ()


@pytest.mark.parametrize(
    "argument",
    ["--host", "--port", "--api-key", "--api_key", "--api-key=secret", "--api-key-file", "-m"],
)
def test_an_argument_that_would_undo_what_termai_sees_to_is_refused(argument: str) -> None:
    with pytest.raises(UsageError) as caught:
        extras.extra_args(with_args(argument, "secret"), "llama-server")
    assert "secret" not in str(caught.value)
    assert "[server]" in caught.value.fix or "[model]" in caught.value.fix


@pytest.mark.parametrize("argument", ["--hf-token", "-hft", "--hf_token", "--hf-token=secret"])
def test_a_token_in_the_arguments_is_refused_without_showing_it(argument: str) -> None:
    with pytest.raises(UsageError, match="can read a program's arguments") as caught:
        extras.extra_args(with_args(argument, "secret"), "llama-server")
    assert "secret" not in str(caught.value)
    assert "HF_TOKEN" in caught.value.fix


def test_a_key_in_the_environment_of_a_profile_is_refused() -> None:
    with pytest.raises(UsageError, match="LLAMA_API_KEY") as caught:
        extras.extra_env(Profile("p", env={"LLAMA_API_KEY": "secret"}))
    assert "secret" not in str(caught.value)


def test_other_variables_are_passed_on() -> None:
    env = {"CUDA_VISIBLE_DEVICES": "0", "LLAMA_ARG_CACHE_RAM": "0"}
    assert extras.extra_env(Profile("p", env=env)) == env


def test_variables_that_would_change_the_profile_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_ARG_PORT", "1")
    monkeypatch.setenv("LLAMA_API_KEY", "k")
    monkeypatch.setenv("LLAMA_CACHE", "/models")
    found = extras.overriding_env(("LLAMA_ARG_", "LLAMA_API_KEY"))
    assert {"LLAMA_ARG_PORT", "LLAMA_API_KEY"} <= set(found)
    assert "LLAMA_CACHE" not in found


def test_cuda_counts_gpus_as_nvidia_smi_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    on_cuda = Detection("llama-server", Path("/x"), "1", ("CUDA0", "CUDA1"))
    assert extras.gpu_order(on_cuda) == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert extras.gpu_order(replace(on_cuda, devices=("Vulkan0",))) == {}
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST")
    assert extras.gpu_order(on_cuda) == {}
