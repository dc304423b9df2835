"""The native engine: where it is looked for, and command lines that the real binary takes."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from termai import settings
from termai.engines import llama_server, rpc
from termai.engines.base import Detection, Launch
from termai.engines.llama_server import LlamaServer, search
from termai.errors import InvalidFileError, UsageError
from termai.models.smoke import model_path
from termai.paths import config_dir
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE, OPTIONS, Adapter, Kind, Option
from tests.engines.serving import running
from tests.support import free_port, native_bin, wait_until

ENGINE = LlamaServer()

VALUES: dict[str, Any] = {
    "override_kv": ("general.name=str:other", "llama.rope.freq_base=float:20000"),
    "override_tensor": ("ffn_.*=CPU",),
    "device": ("none",),
    "rpc": ("127.0.0.1:1",),
    "tensor_split": (1.0,),
    "chat_template": "chatml",
    "stop": ("end",),
    "cors_origins": ("https://chat.example",),
    "alias": "mine",
    "host": "127.0.0.1",
}


def sample(option: Option, model: Path) -> Any:
    """Return a value that an option takes."""
    if option.key in VALUES:
        return VALUES[option.key]
    if option.kind is Kind.ADAPTERS:
        return (Adapter(str(model), 0.5), Adapter(str(model), 1.0))
    if option.kind is Kind.PATH:
        return str(model)
    if option.kind is Kind.SWITCH:
        return not option.default
    if option.choices:
        return option.choices[-1]
    return 2 if option.kind is Kind.WHOLE else 1.0


@pytest.fixture
def lender(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let ``sample`` name an RPC server that answers: llama-server looks for it at once."""
    endpoint = f"127.0.0.1:{free_port()}"
    program = native_bin("ggml-rpc-server")
    argv = rpc.arguments(program, host="127.0.0.1", port=int(endpoint.split(":")[1]), threads=1)
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        wait_until(lambda: rpc.answers(endpoint))
        monkeypatch.setitem(VALUES, "rpc", (endpoint,))
        yield
        server.kill()


def composed(detection: Detection, model: Path, profile: Profile) -> Launch:
    return ENGINE.compose(profile, detection, model=model, port=free_port())


def refusal(launch: Launch) -> str:
    """Return what the program says against a command line, or nothing.

    Arguments are handled in order and --version ends the program, so nothing is loaded.
    """
    done = subprocess.run([*launch.argv, "--version"], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


NATIVE_OPTIONS = [
    option
    for option in OPTIONS
    if option.flag and NATIVE in option.engines and option.key not in ("path", "api_key_file")
]


def test_the_real_binary_takes_every_option_with_every_choice_and_word(
    native: Detection, model: Path, lender: None
) -> None:
    refused: dict[tuple[str, Any], str] = {}
    for option in NATIVE_OPTIONS:
        for value in (sample(option, model), *option.choices, *option.words):
            profile = Profile("p").with_values(**{option.key: value})
            said = refusal(composed(native, model, profile))
            if said:
                refused[option.key, value] = said
    assert refused == {}


def test_the_real_binary_takes_all_options_at_once(
    native: Detection, model: Path, lender: None
) -> None:
    every = {option.key: sample(option, model) for option in NATIVE_OPTIONS}
    assert refusal(composed(native, model, Profile("p").with_values(**every))) == ""


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mlock": True, "flash_attn": "on", "cache_type_k": "q8_0", "cache_type_v": "q8_0"},
        {"mmap": False, "parallel": 2, "kv_unified": True, "metrics": True, "alias": "mine"},
        {"n_gpu_layers": "all", "fit": False, "swa_full": True, "context_shift": True},
        {"rope_scaling": "yarn", "rope_scale": 2.0, "yarn_orig_ctx": 2048, "warmup": False},
        {"reasoning": "off", "reasoning_budget": 0, "cpu_moe": True, "kv_offload": False},
    ],
    ids=lambda options: ",".join(options) or "nothing",
)
def test_a_composed_server_starts_and_is_healthy(
    native: Detection, model: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    profile = Profile("p").with_values(ctx_size=512, threads=1, **options)
    with running(composed(native, model, profile), tmp_path / "log") as server:
        server.wait_ready()


def test_the_log_says_where_layers_and_buffers_are(
    native: Detection, model: Path, tmp_path: Path
) -> None:
    profile = Profile("p").with_values(ctx_size=512, threads=1)
    with running(composed(native, model, profile), tmp_path / "log") as server:
        server.wait_ready()
        for text in ("model buffer size", "KV buffer size", "compute buffer size", "offloaded"):
            assert text in server.log
        assert "\x1b" not in server.log


def test_an_adapter_is_applied_with_its_scale(
    native: Detection, models: Path, tmp_path: Path
) -> None:
    lora = (Adapter(str(models / "adapter.gguf"), 0.25),)
    profile = Profile("p").with_values(ctx_size=512, threads=1, lora=lora)
    launch = composed(native, models / "tiny.gguf", profile)
    with running(launch, tmp_path / "log") as server:
        server.wait_ready()
        assert server.ask("GET", "/lora-adapters").json[0]["scale"] == 0.25


def test_pages_of_other_origins_are_not_let_in(
    native: Detection, model: Path, tmp_path: Path
) -> None:
    profile = Profile("p").with_values(ctx_size=512, threads=1)
    with running(composed(native, model, profile), tmp_path / "log") as server:
        server.wait_ready()
        assert allowed(server, "http://localhost:3000") == "http://localhost:3000"
        assert allowed(server, "https://evil.example") is None


def allowed(server: Any, origin: str) -> str | None:
    answer = server.ask("GET", "/health", headers={"origin": origin})
    found = answer.headers.get("access-control-allow-origin")
    return None if found is None else str(found)


def test_the_environment_does_not_change_what_the_profile_says(
    native: Detection, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_ARG_CTX_SIZE", "256")
    monkeypatch.setenv("LLAMA_ARG_ALIAS", "intruder")
    monkeypatch.setenv("LLAMA_ARG_DRAFT_MAX", "4")
    monkeypatch.setenv("LLAMA_API_KEY", "unknown-to-termai")
    launch = composed(native, model, Profile("p").with_values(threads=1))
    assert {"LLAMA_ARG_CTX_SIZE", "LLAMA_API_KEY"} <= set(launch.unset_env)
    with running(launch, tmp_path / "log") as server:
        server.wait_ready()
        props = server.ask("GET", "/props")
        assert props.status == 200
        assert props.json["default_generation_settings"]["n_ctx"] > 256
        assert "intruder" not in props.body.decode()


def test_the_users_own_environment_is_applied_on_top(native: Detection, model: Path) -> None:
    profile = Profile("p", env={"LLAMA_ARG_CACHE_RAM": "0", "CUDA_VISIBLE_DEVICES": "1"})
    assert composed(native, model, profile).env == profile.env


def test_gpus_are_numbered_as_nvidia_smi_does_unless_the_profile_says_otherwise(
    native: Detection, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    on_cuda = replace(native, devices=("CUDA0",))
    assert composed(on_cuda, model, Profile("p")).env == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    own = Profile("p", env={"CUDA_DEVICE_ORDER": "FASTEST_FIRST"})
    assert composed(on_cuda, model, own).env == own.env


def test_further_arguments_come_last(native: Detection, model: Path) -> None:
    profile = Profile("p", args={NATIVE: ("--temp", "0.1")}).with_values(temperature=0.9)
    argv = composed(native, model, profile).argv
    assert argv[-2:] == ("--temp", "0.1")
    assert "0.9" in argv


def write_keys(content: str) -> Path:
    config_dir().mkdir(parents=True)
    path = config_dir() / "key"
    path.touch(mode=0o600)
    path.write_text(content)
    return path


def test_a_key_is_demanded_and_never_in_the_command_line(
    native: Detection, model: Path, tmp_path: Path
) -> None:
    write_keys("open-sesame\n")
    values = {"api_key_file": "key", "ctx_size": 512, "threads": 1, "host": "0.0.0.0"}
    launch = composed(native, model, Profile("p").with_values(**values))
    assert "open-sesame" not in " ".join((*launch.argv, *launch.env.values()))
    assert launch.url == f"http://127.0.0.1:{launch.port}"
    with running(launch, tmp_path / "log") as server:
        server.wait_ready()
        assert server.ask("GET", "/props").status == 401
        bearer = {"authorization": "Bearer open-sesame"}
        assert server.ask("GET", "/props", headers=bearer).status == 200


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ("open-7QzXv\n", ("open-7QzXv",)),
        ("# ours\nopen-7QzXv\n\n", ("open-7QzXv",)),
        ("open-7QzXv\nopen-9KwJy\n", ("open-7QzXv", "open-9KwJy")),
    ],
    ids=["one key", "one key and a comment", "two keys"],
)
def test_the_log_tells_nothing_of_a_key(
    native: Detection, tmp_path: Path, content: str, keys: tuple[str, ...]
) -> None:
    write_keys(content)
    profile = Profile("p").with_values(api_key_file="key", ctx_size=256, threads=1)
    with running(composed(native, model_path(), profile), tmp_path / "log") as server:
        server.wait_ready()
        for key in keys:
            assert server.ask("GET", "/props", headers={"x-api-key": key}).status == 200
            assert key[-4:] not in server.log
        for key in ("wrong", "# ours", f"{keys[0]},{keys[0]}", ""):
            assert server.ask("GET", "/props", headers={"x-api-key": key}).status == 401
        assert "api_keys: 2 keys loaded" in server.log
        assert "****" not in server.log


def test_an_older_build_that_takes_comments_for_keys_gets_none(
    old_program: Path, model: Path
) -> None:
    old = llama_server.detection("on PATH", old_program)
    profile = Profile("p").with_values(api_key_file="key")
    path = write_keys("# ours\nopen-sesame\n")
    with pytest.raises(InvalidFileError, match="has comments, which") as caught:
        composed(old, model, profile)
    assert "ours" not in str(caught.value)
    path.write_text("open-sesame\n")
    done = subprocess.run(composed(old, model, profile).argv, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_listening_wider_without_a_key_is_refused(native: Detection, model: Path) -> None:
    with pytest.raises(UsageError, match="api_key_file"):
        composed(native, model, Profile("p").with_values(host="0.0.0.0"))


def test_an_older_build_takes_what_is_composed_for_it(old_program: Path, model: Path) -> None:
    old = llama_server.detection("on PATH", old_program)
    values = {"mlock": True, "mmap": False, "flash_attn": "on", "spec_draft_n_max": 8}
    launch = composed(old, model, Profile("p").with_values(**values, n_gpu_layers="all"))
    done = subprocess.run(launch.argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not {"--jinja", "--cors-origins", "--verbosity", "--log-colors"} & set(launch.argv)
    assert {"--log-prefix", "--log-timestamps", "--draft-max"} <= set(launch.argv)


def test_an_older_build_cannot_restrict_origins_when_asked_to(
    old_program: Path, model: Path
) -> None:
    old = llama_server.detection("on PATH", old_program)
    profile = Profile("p").with_values(cors_origins=("https://chat.example",))
    with pytest.raises(UsageError, match="cors_origins"):
        composed(old, model, profile)


def test_the_configured_program_comes_first_and_path_last(
    old_program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "bin" / "llama-server"
    other.parent.mkdir()
    shutil.copy(old_program, other)
    monkeypatch.setenv("PATH", f"{other.parent}{os.pathsep}{os.environ['PATH']}")
    settings.save(llama_server=str(old_program))
    found, problems = search()
    assert [d.source for d in found] == [
        "configured in config.toml",
        "beside termai",
        "on PATH",
    ]
    assert found[0].program == old_program
    assert problems == ()


def test_the_same_program_is_listed_once(
    native: Detection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(native.program.parent), prepend=os.pathsep)
    settings.save(llama_server=str(native.program))
    assert [d.source for d in search()[0]] == ["configured in config.toml"]


def test_a_configured_program_that_is_missing_or_no_program_is_a_problem(tmp_path: Path) -> None:
    settings.save(llama_server=str(tmp_path / "gone"))
    found, problems = search()
    assert "does not exist" in str(problems[0])
    assert found
    plain = tmp_path / "plain"
    plain.write_text("text")
    plain.chmod(stat.S_IRUSR)
    settings.save(llama_server=str(plain))
    assert "is not executable" in str(search()[1][0])
