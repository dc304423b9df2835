"""vLLM as an engine: where it is found, its command line, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest

from termai import settings
from termai.engines import choose, exchange
from termai.engines.base import Launch
from termai.engines.served import model_of
from termai.errors import NotFoundError, UsageError
from termai.paths import config_dir
from termai.profiles.profile import Profile
from tests.fakes import vllm


@pytest.fixture(autouse=True)
def program(home: Path) -> Path:
    """Return a vllm in an environment of its own, configured."""
    root = home / "vllm-venv"
    path = root / "bin" / "vllm"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\nexit 9\n")
    path.chmod(0o700)
    (root / "lib/python3.12/site-packages/vllm-0.15.1.dist-info").mkdir(parents=True)
    settings.save(vllm=str(path))
    return path


def profile(**values: Any) -> Profile:
    return Profile("big", engine="vllm").with_values(**{"path": "Qwen/Qwen3-8B", **values})


def composed(wanted: Profile) -> Launch:
    engine, detection = choose.choose("vllm")
    return engine.compose(wanted, detection, model=model_of(wanted), port=8000)


def test_it_is_found_with_its_version_and_not_run(program: Path) -> None:
    _, detection = choose.choose("vllm")
    assert (detection.program, detection.version) == (program, "0.15.1")


def test_none_is_told_with_how_to_get_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save(vllm="")
    monkeypatch.setenv("PATH", str(home))
    with pytest.raises(NotFoundError) as caught:
        choose.choose("vllm")
    assert "uv pip install vllm" in caught.value.fix
    settings.save(vllm="/nowhere/vllm")
    with pytest.raises(NotFoundError, match="/nowhere/vllm"):
        choose.choose("vllm")


def test_a_profile_becomes_its_command_line(program: Path) -> None:
    launch = composed(
        profile(ctx_size=8192, parallel=16, alias="qwen", gpu_memory_utilization=0.5, top_k=3)
    )
    assert launch.argv == (
        str(program), "serve", "Qwen/Qwen3-8B", "--host", "127.0.0.1", "--port", "8000",
        "--allowed-origins", "[]", "--served-model-name", "qwen", "--max-model-len", "8192",
        "--max-num-seqs", "16", "--gpu-memory-utilization", "0.5",
    )  # fmt: skip
    assert launch.env == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def test_a_ray_cluster_runs_it_together() -> None:
    launch = composed(
        profile(tensor_parallel_size=4, pipeline_parallel_size=2, ray_address="10.0.0.1:6379")
    )
    given = vllm.parser().parse_args(launch.argv[1:])
    assert (given.tensor_parallel_size, given.pipeline_parallel_size) == (4, 2)
    assert given.distributed_executor_backend == "ray"
    assert launch.env["RAY_ADDRESS"] == "10.0.0.1:6379"
    assert given.allowed_origins == []


@pytest.mark.parametrize("given", ["10.0.0.1", "http://me:secret@10.0.0.1:6379", "nonsense"])
def test_what_is_no_ray_cluster_is_refused_with_what_is_expected(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        composed(profile(ray_address=given))
    assert "expected auto, HOST:PORT or ray://HOST:PORT" in caught.value.message
    assert "secret" not in str(caught.value)


def test_the_profile_s_environment_comes_last() -> None:
    wanted = Profile("x", engine="vllm", env={"CUDA_DEVICE_ORDER": "FASTEST_FIRST"})
    assert composed(wanted.with_values(path="a/b")).env == {"CUDA_DEVICE_ORDER": "FASTEST_FIRST"}


def test_a_directory_is_a_model(home: Path) -> None:
    (home / "weights").mkdir()
    assert composed(profile(path=str(home / "weights"))).model == home / "weights"


def test_a_gguf_file_that_is_missing_is_told() -> None:
    with pytest.raises(NotFoundError):
        composed(profile(path="/nowhere/model.gguf"))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (profile(n_gpu_layers=20), "no `n_gpu_layers`"),
        (profile(host="0.0.0.0"), "listens on this machine only, not on 0.0.0.0"),
    ],
)
def test_what_it_cannot_do_is_refused(wanted: Profile, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        composed(wanted)
    assert words in caught.value.message


@pytest.fixture
def key() -> str:
    """Write a key file named ``key``."""
    config_dir().mkdir(parents=True, exist_ok=True)
    file = config_dir() / "key"
    file.touch(mode=0o600)
    file.write_text("hunter2\nsecond\n")
    return "key"


def test_a_key_is_read_as_the_program_starts_and_is_in_no_command_line(key: str) -> None:
    launch = composed(profile(api_key_file=key))
    at = launch.argv.index("VLLM_API_KEY")
    assert launch.argv[at + 1] == str(config_dir() / "key")
    assert launch.argv[at + 3] == "serve"
    assert "hunter2" not in repr(launch)
    exported = exchange.write(profile(api_key_file=key), "shell").text
    assert str(config_dir() / "key") in exported
    assert "termai.engines" not in exported


def test_a_key_does_not_open_it_to_others_and_leaves_this_machine_with_no_ray(key: str) -> None:
    for values in ({"host": "0.0.0.0"}, {"ray_address": "10.0.0.1:6379"}):
        with pytest.raises(UsageError) as caught:
            composed(profile(api_key_file=key, **values))
        assert "ssh -L" in caught.value.fix


def test_a_key_file_that_is_missing_is_told() -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        composed(profile(api_key_file="nowhere"))


def test_keys_never_reach_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "hunter2")
    assert composed(profile()).unset_env == ("VLLM_API_KEY",)
    for wanted in (
        Profile("x", engine="vllm", args={"vllm": ("--api_key", "hunter2")}),
        Profile("x", engine="vllm", env={"VLLM_API_KEY": "hunter2"}),
    ):
        with pytest.raises(UsageError) as caught:
            composed(wanted.with_values(path="a/b"))
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("flag", ["--hos", "--ho=0.0.0.0", "--api_k", "--po", "--mode"])
def test_beginnings_of_flags_are_what_they_begin(flag: str) -> None:
    wanted = Profile("x", engine="vllm", args={"vllm": (flag, "0.0.0.0")})
    with pytest.raises(UsageError, match=r"\[args\] of the profile x has --"):
        composed(wanted.with_values(path="a/b"))
