"""fit from the command line: what is meant, what is told, in words and as JSON."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from termai.models.smoke import model_path
from termai.paths import config_dir, models_dir, profiles_dir
from tests.cli.conftest import Termai
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import Hub, serving_hub
from tests.gguf.building import write_sparse
from tests.models.fit.headers import GIB, write_dense, write_small, write_vision

REPO = "someone/Small-GGUF"
PURPOSES = ("weights", "kv", "compute", "output", "total")


@pytest.fixture
def model(tmp_path: Path) -> str:
    """Return an 8B model of its true size that takes no room on disk."""
    return str(write_dense(tmp_path / "llama-8b.gguf"))


def told(termai: Termai, *arguments: str) -> dict[str, Any]:
    done = termai("fit", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def test_a_path_in_words(termai: Termai, model: str) -> None:
    done = termai("fit", model, "--ctx-size", "8192", "--vram", "24", "--ram", "32")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"{model}: fits wholly"
    assert lines[1].startswith("All 33 layers fit with 8k context; ")
    assert lines[1].endswith(" context would fit.") or lines[2]
    assert max(map(len, lines[1:])) <= 80
    assert "a GPU with 24 GiB" in done.stdout
    assert "RAM  " in done.stdout
    assert "For 33 of 33 layers on the GPU, 8k context (at most 128k), KV cache f16" in done.stdout


def test_json_has_bytes_for_each_device(termai: Termai, model: str) -> None:
    found = told(termai, model, "--ctx-size", "8192", "--vram", "24,12", "--ram", "32")
    assert (found["verdict"], found["n_gpu_layers"], found["n_layers"]) == ("full", 33, 33)
    assert found["max_ctx_size"] == 131_072
    assert found["ctx_size"] == 8192
    assert [device["device"] for device in found["devices"]] == ["CPU", "GPU0", "GPU1"]
    for purpose in PURPOSES:
        assert found[purpose] == sum(device[purpose] for device in found["devices"])
    for device in found["devices"]:
        assert device["total"] == sum(device[purpose] for purpose in PURPOSES[:-1])
    assert found["kv"] == 8192 * 131_072
    assert [device["free"] for device in found["devices"]] == [32 * GIB, 24 * GIB, 12 * GIB]
    assert found["machine"]["gpus"][1]["total"] == 12 * GIB
    assert found["source"] in ("formula", "llama.cpp")
    assert found["advice"].startswith("All 33 layers fit with 8k context; ")


def test_a_local_file_is_answered_by_llama_cpp_itself(termai: Termai, model: str) -> None:
    found = told(termai, model, "--ctx-size", "4096", "--vram", "0", "--ram", "32")
    assert (found["verdict"], found["n_gpu_layers"]) == ("full", 0)
    assert found["source"] == "llama.cpp"
    assert found["kv"] == 512 << 20
    assert [device["device"] for device in found["devices"]] == ["CPU"]


@pytest.mark.parametrize(
    ("arguments", "key", "expected"),
    [
        (("--n-gpu-layers", "10"), "n_gpu_layers", 10),
        (("--n-gpu-layers", "10"), "verdict", "partial"),
        (("--n-gpu-layers", "all"), "n_gpu_layers", 33),
        (("--cache-type-k", "q8_0"), "cache_type_k", "q8_0"),
        (("--cache-type-k", "q8_0", "--cache-type-v", "q8_0"), "kv", 8192 * 131_072 * 17 // 32),
        (("--parallel", "1"), "parallel", 1),
        ((), "parallel", 4),
    ],
)
def test_options(
    termai: Termai, model: str, arguments: tuple[str, ...], key: str, expected: object
) -> None:
    found = told(termai, model, "--ctx-size", "8192", "--vram", "24", *arguments)
    assert found[key] == expected


def test_a_larger_micro_batch_and_no_flash_attention_take_more(termai: Termai, model: str) -> None:
    plain = told(termai, model, "--ctx-size", "8192", "--vram", "24")
    wide = told(termai, model, "--ctx-size", "8192", "--vram", "24", "--ubatch-size", "2048")
    without = told(termai, model, "--ctx-size", "8192", "--vram", "24", "--flash-attn", "off")
    with_it = told(termai, model, "--ctx-size", "8192", "--vram", "24", "--flash-attn")
    assert plain["compute"] == with_it["compute"]
    assert wide["compute"] > 2 * plain["compute"]
    assert without["compute"] > plain["compute"]


@pytest.mark.parametrize(
    ("vram", "ram", "verdict"), [("24", "32", "full"), ("4", "32", "partial"), ("4", "1", "none")]
)
def test_verdicts(termai: Termai, model: str, vram: str, ram: str, verdict: str) -> None:
    found = told(termai, model, "--ctx-size", "8192", "--vram", vram, "--ram", ram)
    assert found["verdict"] == verdict
    assert (found["missing"] > 0) == (verdict == "none")


def test_this_machine(termai: Termai, model: str) -> None:
    found = told(termai, model, "--ctx-size", "512")
    assert found["machine"]["ram_total"] > 0
    assert found["devices"][0]["free"] <= found["machine"]["ram_total"]


def test_without_a_context_the_usual_one_is_judged(termai: Termai, model: str) -> None:
    assert told(termai, model, "--vram", "24")["ctx_size"] == 8192
    assert told(termai, model, "--vram", "4")["ctx_size"] == 8192
    assert told(termai, model, "--vram", "40", "--ctx-size", "0")["ctx_size"] == 131_072
    assert told(termai, str(model_path()))["ctx_size"] == 4096


def test_never_more_context_is_offered_than_the_model_was_trained_for(termai: Termai) -> None:
    found = termai("fit", "smoke").stdout
    assert "would fit" not in found
    assert "4k context (at most 4k)" in found
    beyond = " ".join(termai("fit", "smoke", "--ctx-size", "999999").stdout.split())
    assert "is more than the 4k the model was trained for." in beyond


def test_where_nothing_fits_no_context_is_told(termai: Termai, model: str) -> None:
    done = termai("fit", model, "--vram", "0", "--ram", "1").stdout
    assert "For 8k context, KV cache f16" in done
    assert "at most" not in done


def test_a_profile(termai: Termai) -> None:
    found = told(termai, "smoke")
    assert (found["target"], found["ctx_size"], found["parallel"]) == ("smoke", 4096, 2)
    assert told(termai, "smoke", "--ctx-size", "1024")["ctx_size"] == 1024


def test_a_profile_with_arguments_of_its_own_says_that_they_are_not_counted(termai: Termai) -> None:
    profiles_dir().mkdir(parents=True)
    text = 'schema = 1\n[model]\npath = "builtin:smoke"\n[args]\nllama-server = ["-ngl", "3"]\n'
    (profiles_dir() / "mine.toml").write_text(text)
    [note] = told(termai, "mine")["notes"]
    assert "which are not counted" in note
    assert told(termai, "smoke")["notes"] == []
    assert note in " ".join(termai("fit", "mine").stdout.split())


def test_a_profile_that_names_no_model(termai: Termai) -> None:
    done = termai("fit", "single-gpu")
    assert done.returncode == 2
    assert "names no model" in done.stderr


def test_a_broken_profile_says_where(termai: Termai) -> None:
    profiles_dir().mkdir(parents=True)
    (profiles_dir() / "bad.toml").write_text("schema = ")
    done = termai("fit", "bad")
    assert done.returncode == 4
    assert "bad.toml, line 1" in done.stderr


def test_names_in_the_library(termai: Termai) -> None:
    path = models_dir() / "someone" / "llama" / "llama-8b.gguf"
    path.parent.mkdir(parents=True)
    write_dense(path)
    for name in ("llama-8b.gguf", "someone/llama/llama-8b.gguf", "builtin:smoke"):
        assert told(termai, name, "--vram", "24")["target"] == name


def test_the_curve_is_drawn(termai: Termai, model: str) -> None:
    done = termai("fit", model, "--vram", "12", "--curve")
    assert "VRAM in GiB:  ● f16  ▲ q8_0  ■ q4_0" in done.stdout
    assert "11.0 GiB usable of 12.0 GiB free" in done.stdout
    assert max(map(len, done.stdout.splitlines()[1:])) <= 80
    plain = termai("fit", model, "--vram", "12", "--curve", PYTHONIOENCODING="ascii")
    assert "VRAM in GiB:  * f16  + q8_0  o q4_0" in plain.stdout


def test_the_curve_as_json(termai: Termai, model: str) -> None:
    curve = told(termai, model, "--vram", "12", "--curve")["curve"]
    assert (curve["where"], curve["usable"]) == ("VRAM", 11 * GIB)
    assert [line["cache_type"] for line in curve["lines"]] == ["f16", "q8_0", "q4_0"]
    last = curve["lines"][0]["points"][-1]
    assert last["ctx_size"] == 131_072
    assert last["bytes"] > 16 * GIB


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nothing.gguf",), 3, "nothing.gguf"),
        (("/none/nothing.gguf",), 3, "/none/nothing.gguf does not exist"),
        (
            ("no-such-thing",),
            3,
            "There is no profile, model or file called no-such-thing: looked in ",
        ),
        (("builtin:none",), 3, "There is no model builtin:none"),
        ((str(model_path()), "--vram", "x"), 2, "expected GiB such as 24 or 24,12, found 'x'"),
        ((str(model_path()), "--vram", "-1"), 2, "expected GiB such as 24"),
        ((str(model_path()), "--vram", "nan"), 2, "expected GiB such as 24"),
        ((str(model_path()), "--ram", "-3"), 2, "--ram"),
        ((str(model_path()), "--ctx-size", "many"), 2, "expected a whole number"),
        ((str(model_path()), "--cache-type-k", "q9"), 2, "expected one of f32, f16"),
        ((), 2, "Missing argument 'TARGET'"),
    ],
)
def test_errors_are_one_clear_sentence(
    termai: Termai, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = termai("fit", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert len(done.stderr) < 400
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_model(termai: Termai, tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF" + bytes(20))
    done = termai("fit", str(path))
    assert done.returncode == 4
    assert str(path) in done.stderr


def test_what_goes_with_a_model_is_none(termai: Termai, tmp_path: Path) -> None:
    metadata = {"general.architecture": "llama", "general.type": "adapter"}
    path = write_sparse(tmp_path / "style.gguf", metadata, [("a", (64, 64), "F32")])
    done = termai("fit", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "style.gguf is no model (adapter): it is loaded beside one." in done.stderr


def test_names_from_a_file_do_not_drive_the_terminal(termai: Termai, tmp_path: Path) -> None:
    path = write_dense(tmp_path / "evil\x1b[31m.gguf")
    done = termai("fit", str(path), "--vram", "24")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


def test_a_start_that_is_too_large_is_refused(termai: Termai) -> None:
    config_dir().mkdir(parents=True)
    (config_dir() / "config.toml").write_text('schema = 1\nmemory_guardrails = "1 GB"\n')
    for command in (("start",), ("run",)):
        extra = ("hello",) if command == ("run",) else ()
        done = termai(*command, "smoke", *extra, "--set", "ctx_size=1000000")
        assert (done.returncode, done.stdout) == (2, "")
        assert "smoke was not started, to keep memory free" in done.stderr
        assert "more than the 1 GB that are allowed" in done.stderr
        assert "start it all the same with --force" in done.stderr
    assert json.loads(termai("ps", "--json", "--all").stdout) == []


@pytest.mark.parametrize("value", ["12GB", "Strict"])
def test_a_limit_that_is_mistyped_is_warned_about_at_a_start(termai: Termai, value: str) -> None:
    config_dir().mkdir(parents=True)
    (config_dir() / "config.toml").write_text(f'schema = 1\nmemory_guardrails = "{value}"\n')
    warned = re.compile(f'config.toml.*memory_guardrails.*such as "12 GB", found "?{value}')
    try:
        started = termai("start", "smoke", "--set", "ctx_size=256")
        assert started.returncode == 0, started.stderr
        for done in (started, termai("restart", "smoke")):
            assert warned.search(" ".join(done.stderr.split())), done.stderr
    finally:
        termai("stop", "--all")
    unfit = termai("run", "smoke", "hello", "--set", "ctx_size=100000000")
    assert unfit.returncode == 2
    assert warned.search(" ".join(unfit.stderr.split())), unfit.stderr


def test_force_starts_it_with_a_warning(termai: Termai) -> None:
    config_dir().mkdir(parents=True)
    (config_dir() / "config.toml").write_text('schema = 1\nmemory_guardrails = "1 GB"\n')
    try:
        done = termai("start", "smoke", "--force", "--set", "ctx_size=600000")
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("smoke may run out of memory. It needs ")
        [server] = json.loads(termai("ps", "--json").stdout)
        assert server["memory"]["measured"]["total"] > GIB
        assert server["memory"]["ratio"] == pytest.approx(1, abs=0.05)
    finally:
        termai("stop", "--all")


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Run a hub with three quantizations of a small model, whose weights are holes."""
    directory = tmp_path_factory.mktemp("hub")
    kinds = {"Q8_0": "Q8_0", "Q4_K_M": "Q4_K", "Q2_K": "Q2_K"}
    with serving_hub() as running:
        files = {
            f"Small-{name}.gguf": Content(path=write_small(directory / name, kind))
            for name, kind in kinds.items()
        }
        running.add(REPO, files)
        running.add("someone/Empty", {"README.md": b"# Nothing\n"})
        yield running


@pytest.fixture
def hub(repositories: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Let every termai of the test ask the hub."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_TOKEN", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HF_ENDPOINT", repositories.url)
    repositories.asked.clear()
    return repositories


def test_a_model_on_the_hub_is_fitted_by_its_header(hub: Hub, termai: Termai) -> None:
    found = told(termai, f"{REPO}:q4_k_m", "--ctx-size", "512", "--vram", "24", "--ram", "32")
    assert (found["verdict"], found["n_gpu_layers"]) == ("full", 25)
    assert found["source"] == "formula"
    assert found["kv"] == 512 * 24 * 2 * 2 * 128
    assert not list(models_dir().rglob("*.gguf"))


SEEING = "someone/Seeing-GGUF"


def test_the_projector_is_counted_before_the_download_as_it_is_after(
    hub: Hub, termai: Termai, tmp_path: Path
) -> None:
    there = models_dir() / SEEING
    there.mkdir(parents=True)
    model = write_small(tmp_path / "Seeing-Q4_K_M.gguf", "Q4_K")
    projector = write_vision(tmp_path / "mmproj-F16.gguf")
    hub.add(SEEING, {path.name: Content(path=path) for path in (model, projector)})
    options = ("--ctx-size", "512", "--vram", "24", "--ram", "32")
    before = told(termai, f"{SEEING}:Q4_K_M", *options)
    [compared] = told(termai, SEEING, *options)["quantizations"]
    shutil.copy(model, there)
    alone = told(termai, f"{SEEING}:Q4_K_M", *options)
    shutil.copy(projector, there)
    after = told(termai, f"{SEEING}:Q4_K_M", *options)
    assert before["weights"] == after["weights"] == compared["weights"]
    assert before["total"] == compared["total"]
    assert after["weights"] - alone["weights"] > 120 << 20
    assert before["total"] - alone["total"] > 200 << 20
    assert before["notes"] == after["notes"] == ["Its projector is counted."]


def test_llama_cpps_own_answer_has_a_profiles_projector(termai: Termai, model: str) -> None:
    projector = write_vision(Path(model).with_name("mmproj.gguf"))
    profiles_dir().mkdir(parents=True)
    options = ("--ctx-size", "4096", "--vram", "0", "--ram", "32")
    for name, line in (("seeing", f'mmproj = "{projector}"\n'), ("plain", "")):
        text = f'schema = 1\n[model]\npath = "{model}"\n{line}'
        (profiles_dir() / f"{name}.toml").write_text(text)
    seeing, plain = told(termai, "seeing", *options), told(termai, "plain", *options)
    assert seeing["source"] == plain["source"] == "llama.cpp"
    assert seeing["weights"] - plain["weights"] == 13 * 1152 * 4304 * 2
    assert seeing["compute"] - plain["compute"] > 100 << 20


def test_advice_names_a_quantization_of_the_repository(hub: Hub, termai: Termai) -> None:
    done = termai("fit", f"{REPO}:Q8_0", "--ctx-size", "512", "--vram", "1.11", "--ram", "32")
    assert "fits partly" in done.stdout
    assert re.search(r"In (Q4_K_M|Q2_K) \(\d+ MiB\) all layers would fit\.", done.stdout)


def test_a_repository_is_compared(hub: Hub, termai: Termai) -> None:
    done = termai("fit", REPO, "--ctx-size", "512", "--vram", "1.15", "--ram", "32")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == REPO
    assert lines[1].split() == ["QUANTIZATION", "SIZE", "FITS", "LAYERS", "CONTEXT", "MOST"]
    assert [line.split()[0] for line in lines[2:5]] == ["Q2_K", "*", "Q8_0"]
    assert lines[3].split()[1:5] == ["Q4_K_M", "85", "MiB", "wholly"]
    assert "Q4_K_M is the most precise that fits wholly with 512 context; Q8_0 does not." in (
        " ".join(done.stdout.split())
    )
    assert max(map(len, lines)) <= 80


def test_a_repository_as_json(hub: Hub, termai: Termai) -> None:
    found = told(termai, REPO, "--ctx-size", "512", "--vram", "1.15", "--ram", "32")
    assert found["best"] == "Q4_K_M"
    assert [(q["name"], q["verdict"], q["best"]) for q in found["quantizations"]] == [
        ("Q2_K", "full", False),
        ("Q4_K_M", "full", True),
        ("Q8_0", "partial", False),
    ]
    assert all(q["source"] == "formula" for q in found["quantizations"])


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        (f"{REPO}:Q5_K_M", 3, "Q5_K_M"),
        ("someone/nothing:Q4_K_M", 3, "someone/nothing"),
        ("someone/Empty", 3, "someone/Empty has no GGUF files"),
        (f"hub:{REPO}:Q5_K_M", 3, "Q5_K_M"),
    ],
)
def test_what_the_hub_does_not_have(
    hub: Hub, termai: Termai, name: str, code: int, words: str
) -> None:
    done = termai("fit", name)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


def test_what_is_downloaded_is_not_asked_for(hub: Hub, termai: Termai) -> None:
    path = models_dir() / REPO / "Small-Q4_K_M.gguf"
    path.parent.mkdir(parents=True)
    write_small(path, "Q4_K")
    assert told(termai, f"{REPO}:Q4_K_M", "--ctx-size", "512", "--vram", "0")["verdict"] == "full"
    assert hub.asked == []
