"""A profile made for a model on a machine: what it sets, how it is called, what it says."""

from dataclasses import replace
from pathlib import Path

import pytest

from termai.engines.base import Detection
from termai.engines.llama_server import LlamaServer
from termai.errors import NotFoundError
from termai.models.fit import Machine
from termai.paths import models_dir
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile
from termai.servers import fitting
from termai.servers.fitting import profile_for
from tests.models.fit.headers import dense, machine, mixture, write_dense

NATIVE = Detection("llama-server", Path("/opt/llama-server"), "1", ("CUDA0",), frozenset({"--fit"}))
EMBEDDED = Detection("llama-cpp-python", Path("/usr/bin/python"), "1", ("CUDA0",))
REPOSITORY = "hub:someone/Llama-3.1-8B-GGUF:Q4_K_M"


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, NATIVE)


def use(monkeypatch: pytest.MonkeyPatch, detection: Detection) -> None:
    monkeypatch.setattr(fitting, "choose", lambda name: (LlamaServer(), detection))


def made(here: Machine, **changes: object) -> Profile:
    return profile_for(REPOSITORY, header=dense(), here=here, **changes)  # type: ignore[arg-type]


def test_room_for_everything() -> None:
    profile = made(machine(24))
    assert profile.name == "Llama-3.1-8B-Q4_K_M"
    assert profile.values == {
        "path": REPOSITORY,
        "ctx_size": 32_768,
        "n_gpu_layers": "auto",
        "flash_attn": "auto",
    }
    assert profile.description == (
        "Llama 3.1 8B Q4_K_M, made for GPU 0 with 24 GiB free: 32k context, 33 of 33 layers on the "
        "GPU"
    )


def test_a_context_of_16k_comes_before_a_quantized_cache() -> None:
    values = made(machine(8)).values
    assert 16_384 <= values["ctx_size"] < 32_768
    assert values["ctx_size"] % 1024 == 0
    assert "cache_type_k" not in values


def test_a_quantized_cache_comes_before_less_context() -> None:
    values = made(machine(7)).values
    assert values["cache_type_k"] == values["cache_type_v"] == "q8_0"
    assert values["ctx_size"] >= 16_384


def test_partly_the_layers_are_left_to_llama_server() -> None:
    profile = made(machine(4))
    assert (profile.value("ctx_size"), profile.value("n_gpu_layers")) == (8192, "auto")
    assert "of 33 layers on the GPU" in profile.description


def test_partly_an_engine_that_does_not_fit_gets_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(monkeypatch, EMBEDDED)
    layers = made(machine(4)).value("n_gpu_layers")
    assert isinstance(layers, int)
    assert 0 < layers < 33
    assert made(machine(24)).value("n_gpu_layers") == "auto"


def test_experts_in_ram(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = profile_for("hub:a/b:Q4_K_M", header=mixture(), here=machine(12))
    assert "n_cpu_moe" not in profile.values
    assert "layers in RAM" in profile.description
    use(monkeypatch, replace(NATIVE, options=frozenset()))
    older = profile_for("hub:a/b:Q4_K_M", header=mixture(), here=machine(12))
    assert 0 < older.value("n_cpu_moe") < 48
    assert older.value("n_gpu_layers") == 49


def test_the_processor_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, replace(NATIVE, devices=()))
    profile = made(machine(24, ram=32))
    assert not profile.is_set("n_gpu_layers")
    assert profile.description.endswith("made for 32 GiB of free RAM: 32k context in RAM")


def test_where_it_does_not_fit_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, replace(NATIVE, devices=()))
    profile = made(machine(ram=4))
    assert profile.value("ctx_size") == 8192
    assert profile.description.endswith("8k context, which does not fit")


def test_memory_that_is_not_known() -> None:
    profile = made(replace(machine(), unmeasured=("GB10",)))
    assert profile.values["ctx_size"] == 32_768
    assert "does not tell its memory" in profile.description


def test_the_trained_context_is_the_most() -> None:
    profile = profile_for("hub:a/b", header=mixture(), here=machine(200), most_ctx=1_000_000)
    assert profile.value("ctx_size") == 40_960


def test_it_can_be_saved_and_the_next_gets_another_name() -> None:
    first = made(machine(24))
    save_profile(first)
    assert load_profile(first.name).values == first.values
    assert made(machine(24)).name == "Llama-3.1-8B-Q4_K_M-2"
    assert made(machine(24), name="My model: best").name == "My model- best"


def test_a_file_and_a_name_in_the_library() -> None:
    path = models_dir() / "someone" / "llama" / "Llama 8B.Q4_K_M.gguf"
    path.parent.mkdir(parents=True)
    write_dense(path)
    by_path = profile_for(path, here=machine(24))
    assert (by_path.name, by_path.value("path")) == ("Llama 8B.Q4_K_M", str(path))
    by_name = profile_for("someone/llama/Llama 8B.Q4_K_M.gguf", here=machine(24))
    assert by_name.value("path") == "someone/llama/Llama 8B.Q4_K_M.gguf"
    with pytest.raises(NotFoundError):
        profile_for("nothing.gguf", here=machine(24))


def test_a_projector_is_loaded_with_it(tmp_path: Path) -> None:
    profile = made(machine(24), projector=tmp_path / "mmproj.gguf")
    assert profile.value("mmproj") == str(tmp_path / "mmproj.gguf")
