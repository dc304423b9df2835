"""Previews: the memory, the clashes and the command that a start would really have."""

import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from termai.engines.base import Detection, OptionHelp
from termai.errors import NotFoundError, UsageError
from termai.models.fit import GpuRoom, Machine
from termai.paths import models_dir
from termai.profiles.profile import Profile
from termai.servers import guarding, manager, preview_sources
from termai.servers.preview import Preview, Previewer, command_line, command_text
from tests.models.fit.headers import GIB, MIB, machine, write_dense, write_vision
from tests.profiles.strategies import ENVIRONMENT, VALUES
from tests.servers.models import write_tiny
from tests.support import free_port, wait_until

NO_HELP = OptionHelp("", "")
TAKES = OptionHelp("N", "'auto' 'all' -1")
KNOWN = (
    "--list-devices", "--fit", "--fit-target", "--fit-ctx", "--ctx-size", "--n-gpu-layers",
    "--cache-type-k", "--cache-type-v", "--flash-attn", "--tensor-split", "--threads",
    "--parallel", "--mmproj", "--model-draft", "--port", "--cors-origins", "--override-tensor",
    "--device", "--split-mode", "--n-cpu-moe", "--temp", "--batch-size", "--ubatch-size",
    "--spec-type",
)  # fmt: skip
CUDA = Detection(
    "llama-server",
    Path("/opt/llama-server"),
    "1",
    ("CUDA0",),
    frozenset(KNOWN),
    {flag: NO_HELP if flag == "--list-devices" else TAKES for flag in KNOWN},
)
CPU = replace(CUDA, devices=())
CARD = Machine((GpuRoom("RTX", 6 * GIB, 8 * GIB, 0),), 60 * GIB, 64 * GIB)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return an 8B model of its true size that takes no room on disk."""
    return write_dense(tmp_path / "llama-8b.gguf")


@pytest.fixture
def previewed(large: Path) -> Callable[..., Preview]:
    """Return what previews the large model on one card."""
    previewer = Previewer(CUDA, CARD)

    def preview(**values: Any) -> Preview:
        return previewer.preview(Profile("p").with_values(path=str(large), **values))

    return preview


def test_it_tells_the_memory_of_each_device(previewed: Callable[..., Preview]) -> None:
    found = previewed(ctx_size=4096)
    assert found.problem == ""
    assert found.engine == "llama-server"
    assert found.model
    assert (found.model.layers, found.model.trained) == (33, 131_072)
    assert (found.model.architecture, found.model.quantization) == ("llama", "Q4_K_M")
    ram, card = found.rows
    assert (ram.device, card.device, card.name) == ("CPU", "CUDA0", "RTX")
    assert (card.free, card.total, card.margin) == (6 * GIB, 8 * GIB, 1024 * MIB)
    assert 4 * GIB < card.needs < 6 * GIB
    assert card.spare == card.free - card.needs
    assert card.fits
    assert ram.fits
    assert (found.verdict, found.fits) == ("fits", True)
    assert "All 33 layers fit with 4k context" in found.advice


def test_it_moves_with_the_values(previewed: Callable[..., Preview]) -> None:
    needs = [previewed(ctx_size=size).rows[1].needs for size in (1024, 2048, 4096)]
    assert needs == sorted(set(needs))
    halved = previewed(ctx_size=4096, cache_type_k="q8_0", cache_type_v="q8_0")
    assert halved.rows[1].needs < needs[-1]
    assert previewed(ctx_size=4096, n_gpu_layers=0).rows[1].needs < GIB


def test_what_does_not_fit_says_what_would(previewed: Callable[..., Preview]) -> None:
    whole = previewed(ctx_size=65_536, n_gpu_layers="all", cache_type_k="f16")
    assert (whole.verdict, whole.fits) == ("does not fit", False)
    assert not whole.rows[1].fits
    assert "n_gpu_layers" in whole.advice
    partly = previewed(ctx_size=65_536)
    assert partly.fits
    assert partly.verdict.startswith("fits partly: ")
    assert partly.automatic["n_gpu_layers"] in f"{partly.verdict}/33".replace(" of ", "/")


def test_what_is_left_open_is_told(previewed: Callable[..., Preview]) -> None:
    automatic = previewed().automatic
    assert automatic["n_gpu_layers"] == "33/33"
    assert 4096 <= int(automatic["ctx_size"]) < 131_072
    assert (automatic["parallel"], automatic["kv_unified"]) == ("4", "on")
    said = previewed(ctx_size=4096, n_gpu_layers=20, parallel=2, threads=3).automatic
    assert not {"ctx_size", "n_gpu_layers", "parallel", "threads"} & set(said)
    assert (said["kv_unified"], said["threads_batch"]) == ("off", "3")


def test_without_a_gpu_it_is_in_ram(large: Path) -> None:
    profile = Profile("p").with_values(path=str(large), ctx_size=4096)
    found = Previewer(CPU, replace(CARD, gpus=())).preview(profile)
    assert [row.device for row in found.rows] == ["CPU"]
    assert (found.verdict, found.fits) == ("fits in RAM", True)
    assert "n_gpu_layers" not in found.automatic


def test_a_start_that_would_be_refused_does_not_fit(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words as the start's own, by the same guardrails."""
    small = Machine((), 3 * GIB, 4 * GIB)
    monkeypatch.setattr("termai.servers.guarding.machine", lambda: small)
    profile = Profile("p").with_values(path=str(large), ctx_size=4096, mmap=False)
    found = Previewer(CPU, small).preview(profile)
    assert found.fits is False
    with pytest.raises(UsageError) as caught:
        guarding.forecast(profile, large, CPU)
    assert caught.value.message.partition(". ")[2].strip() in found.advice


def test_the_command_is_the_one_that_runs(native: Profile) -> None:
    profile = native.with_values(ctx_size=256, temperature=0.5)
    found = Previewer().preview(profile)
    server = manager.start(profile)
    assert found.command == tuple(server.job.spec.argv)
    assert command_line(profile) == found.command
    assert found.fits
    estimate = server.job.spec.meta["estimate"]["devices"]
    assert found.rows[0].needs == sum(
        estimate[0][part] for part in ("weights", "kv", "compute", "output")
    )


def test_the_port_of_a_running_server_of_the_profile_is_its_own(native: Profile) -> None:
    manager.wait_ready(manager.start(native), timeout_s=60)
    again = Previewer().preview(native)
    assert again.clashes == ()
    assert "port" not in again.automatic
    other = replace(native, name="other")
    [clash] = Previewer().preview(other).clashes
    assert clash.name == "port-taken"
    assert "is used by the server tiny" in clash.text
    assert Previewer().preview(other).automatic["port"] == str(clash.fix["port"])
    assert Previewer().preview(clash.fixed(other)).clashes == ()


def test_a_host_with_a_name_is_not_looked_up(
    previewed: Callable[..., Preview], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(preview_sources, "refusal", refuse)
    assert previewed(host="no.such.example", api_key_file="key").fits


def test_a_profile_without_a_model_is_told_so() -> None:
    found = Previewer().preview(Profile("empty"))
    assert "names no model" in found.problem
    assert (found.model, found.rows, found.fits, found.command) == (None, (), None, ())
    assert found.engine


def test_a_model_that_is_not_there_keeps_the_clashes() -> None:
    values = {"path": "gone", "cache_type_v": "q8_0", "flash_attn": "off"}
    found = Previewer().preview(Profile("p").with_values(**values))
    assert "gone is not in" in found.problem
    assert [clash.name for clash in found.clashes] == ["quantized-v-cache-without-flash-attention"]


def test_an_engine_that_is_not_there_is_told(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: str) -> None:
        raise NotFoundError("No engine was found.")

    monkeypatch.setattr(preview_sources, "choose", nothing)
    found = Previewer().preview(Profile("p").with_values(path=str(large)))
    assert (found.engine, found.problem) == ("", "No engine was found.")
    assert found.model


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    projector = write_vision(tmp_path / "mmproj.gguf")
    found = Previewer(CUDA, CARD).preview(Profile("p").with_values(path=str(projector)))
    assert "is a projector, which is loaded beside a model" in found.problem
    for name in ("text.gguf", "text.bin"):
        (tmp_path / name).write_text("nothing")
        text = Profile("p").with_values(path=str(tmp_path / name))
        assert f"{name} is not a GGUF file" in Previewer(CUDA, CARD).preview(text).problem


def test_what_decides_about_memory_itself_is_told(previewed: Callable[..., Preview]) -> None:
    found = previewed(override_tensor=["ffn=CPU"])
    assert found.fits is None
    assert found.rows == ()
    assert "override_tensor" in found.problem
    assert found.command


def test_a_start_that_cannot_be_composed_says_why(large: Path) -> None:
    profile = Profile("p").with_values(path=str(large), api_key_file="gone")
    found = Previewer(CUDA, CARD).preview(profile)
    assert found.command == ()
    assert "gone does not exist" in found.problem
    open_to_all = Profile("p").with_values(path=str(large), host="0.0.0.0")
    found = Previewer(CUDA, CARD).preview(open_to_all)
    assert (found.command, found.problem) == ((), "")
    assert [clash.name for clash in found.clashes] == ["open-without-key"]


def test_what_is_loaded_beside_it_counts(large: Path, tmp_path: Path) -> None:
    projector = write_vision(tmp_path / "mmproj.gguf")
    plain = Profile("p").with_values(path=str(large), ctx_size=4096)
    seeing = plain.with_values(mmproj=str(projector))
    previewer = Previewer(CUDA, CARD)
    more = previewer.preview(seeing).rows[1].needs - previewer.preview(plain).rows[1].needs
    assert 100 * MIB < more < 2 * GIB
    assert str(projector) in previewer.preview(seeing).command


def test_a_draft_model_that_is_not_used_is_told(tmp_path: Path) -> None:
    path = str(write_tiny(tmp_path / "tiny.gguf"))
    profile = Profile("p").with_values(path=path, model_draft=path, ctx_size=256)
    [clash] = [c for c in Previewer().preview(profile).clashes if "draft" in c.name]
    assert clash.name == "draft-model-unused"


def test_files_beside_the_model_that_are_something_else_are_told(tmp_path: Path) -> None:
    path = str(write_tiny(tmp_path / "tiny.gguf"))
    projector = str(write_vision(tmp_path / "mmproj.gguf"))
    good = Profile("p").with_values(path=path, mmproj=projector, ctx_size=256)
    assert [c.name for c in Previewer().preview(good).clashes] == []
    swapped = good.with_values(mmproj=path, lora=[{"path": projector}])
    found = {c.name: c.text for c in Previewer().preview(swapped).clashes}
    assert "is a model and no projector" in found["no-projector"]
    assert "is a projector and no LoRA adapter" in found["no-adapter"]


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "model.gguf")
    profile = Profile("p").with_values(path=str(path), ctx_size=256)
    previewer = Previewer(CPU, replace(CARD, gpus=()))
    before = previewer.preview(profile).model
    assert before
    write_dense(path)
    previewer.refresh()
    after = previewer.preview(profile).model
    assert after
    assert (before.layers, after.layers) == (3, 33)


def test_a_name_in_the_library_is_found_and_forgotten_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models_dir().mkdir(parents=True)
    write_tiny(models_dir() / "tiny.gguf")
    now = 0.0
    monkeypatch.setattr(preview_sources, "monotonic", lambda: now)
    profile = Profile("p").with_values(path="tiny", ctx_size=256)
    previewer = Previewer(CPU, replace(CARD, gpus=()))
    assert previewer.preview(profile).model
    (models_dir() / "tiny.gguf").unlink()
    assert previewer.preview(profile).model
    now = 3.0
    assert "tiny" in previewer.preview(profile).problem


def test_the_machine_is_read_again_after_two_seconds(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, free = 0.0, 60
    monkeypatch.setattr(preview_sources, "monotonic", lambda: now)
    monkeypatch.setattr(preview_sources, "here_with_servers", lambda _: machine(ram=free))
    previewer = Previewer(CPU)
    profile = Profile("p").with_values(path=str(large), ctx_size=4096)
    assert previewer.preview(profile).rows[0].free == 60 * GIB
    free = 30
    assert previewer.preview(profile).rows[0].free == 60 * GIB
    now = 2.5
    assert previewer.preview(profile).rows[0].free == 30 * GIB


def test_a_machine_that_answers_slowly_is_asked_beside_the_previews(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked, told = 0.0, threading.Event(), threading.Event()

    def slow(_: Detection) -> Machine:
        nonlocal now
        if now:
            asked.set()
            assert told.wait(30)
            return machine(ram=30)
        now = 1.0
        return machine(ram=60)

    monkeypatch.setattr(preview_sources, "monotonic", lambda: now)
    monkeypatch.setattr(preview_sources, "here_with_servers", slow)
    previewer = Previewer(CPU)
    profile = Profile("p").with_values(path=str(large), ctx_size=4096)
    assert previewer.preview(profile).rows[0].free == 60 * GIB
    now = 100.0
    assert previewer.preview(profile).rows[0].free == 60 * GIB
    assert asked.wait(30)
    told.set()
    wait_until(lambda: previewer.preview(profile).rows[0].free == 30 * GIB)


def test_any_number_of_threads_may_ask(large: Path) -> None:
    previewer = Previewer(CUDA, CARD)
    base = Profile("p").with_values(path=str(large))
    found: dict[int, Preview] = {}

    def ask(size: int) -> None:
        found[size] = previewer.preview(base.with_values(ctx_size=size))

    threads = [threading.Thread(target=ask, args=(512 * n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    previewer.refresh()
    for thread in threads:
        thread.join(60)
    needs = [found[512 * n].rows[1].needs for n in range(1, 9)]
    assert needs == sorted(set(needs))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES, env=ENVIRONMENT, bare=st.booleans())
def test_no_profile_is_too_odd_for_a_preview(
    large: Path, values: dict[str, Any], env: dict[str, str], bare: bool
) -> None:
    named = values if bare else {**values, "path": str(large)}
    profile = Profile("odd", env=env).with_values(**named)
    found = Previewer(CUDA, CARD).preview(profile)
    assert found.command or found.problem or found.clashes
    assert not (found.rows and found.fits is None)


def test_a_command_can_be_pasted_into_a_shell() -> None:
    argv = ("printf", "%s|", "a b", "it's", "$HOME", "")
    line = command_text(argv, {"GREETING": "hello you"})
    said = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout
    assert said == "a b|it's|$HOME||"
    assert line.startswith("GREETING='hello you' printf ")


def test_a_command_shows_no_secret_and_takes_it_from_the_shell() -> None:
    line = command_text(("sh", "-c", "echo $HF_TOKEN"), {"HF_TOKEN": "hunter2"})
    assert "hunter2" not in line
    said = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, check=True, env={"HF_TOKEN": "own"}
    ).stdout
    assert said == "own\n"
    assert "hunter2" not in command_text(("x", "--api-key", "hunter2"))


def test_the_command_line_of_what_cannot_start_raises(large: Path) -> None:
    with pytest.raises(UsageError, match="names no model"):
        command_line(Profile("p"))
    with pytest.raises(NotFoundError):
        command_line(Profile("p").with_values(path="gone", port=free_port()))
