"""KoboldCPP's settings as profiles: recorded files of five years' versions, key by key."""

import json
from pathlib import Path
from typing import Any

import pytest

from termai.profiles.foreign.koboldcpp import FORMAT
from termai.profiles.schema import Adapter
from tests.profiles.foreign.koboldcpp_files import NAMES, SAMPLES, imported, sample

_FIRST_GPU = {
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    "CUDA_VISIBLE_DEVICES": "0",
    "HIP_VISIBLE_DEVICES": "0",
}


def values(**said: Any) -> dict[str, Any]:
    """Return the options of a file that says only this."""
    return dict(imported(json.dumps(said)).profile.values)


def test_a_file_of_the_launcher_of_2023() -> None:
    made = sample("mythomax-1.50.kcpps")
    assert made.profile.name == "mythomax-1.50"
    assert made.profile.values == {
        "path": "C:/Users/ann/models/mythomax-l2-13b.Q4_K_M.gguf",
        "ctx_size": 4096,
        "n_gpu_layers": 43,
        "threads": 7,
        "batch_size": 512,
        "ubatch_size": 512,
        "context_shift": True,
        "port": 5001,
    }
    assert made.profile.env == _FIRST_GPU
    assert made.left == ()


def test_a_file_of_2024_with_two_gpus_and_secrets() -> None:
    made = sample("nemo-1.76.kcpps")
    said = made.profile.values
    assert said["tensor_split"] == (3.0, 1.0)
    assert said["split_mode"] == "row"
    assert said["kv_offload"] is False
    assert (said["cache_type_k"], said["cache_type_v"]) == ("q8_0", "q8_0")
    assert (said["host"], said["port"]) == ("192.168.1.20", 5005)
    assert "context_shift" not in said
    assert made.profile.env == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    listed = {item.key: item for item in made.left}
    assert "api_key_file" in listed["password"].why
    assert listed["sdmodel"].why == "termai makes no images"
    shown = repr(made.left) + repr(made.notes)
    assert "hunter2" not in shown
    assert "aaaabbbbccccdddd" not in shown
    assert made.profile.kept["koboldcpp"]["hordekey"] == '"aaaabbbbccccdddd"'


def test_a_file_of_spring_2025_with_a_draft_model() -> None:
    said = sample("qwen-1.93.kcpps").profile.values
    assert said["lora"] == (Adapter("/srv/loras/style.gguf", 0.75),)
    assert said["override_kv"] == (
        "tokenizer.ggml.pre=str:qwen2",
        "tokenizer.ggml.add_bos_token=bool:false",
    )
    assert said["model_draft"] == "/srv/models/Qwen2.5-0.5B-Instruct-Q8_0.gguf"
    assert (said["spec_type"], said["spec_draft_n_max"]) == ("draft-simple", 6)
    assert said["n_gpu_layers_draft"] == "all"
    assert said["cache_type_v"] == "q4_0"
    assert (said["mlock"], said["mmap"], said["max_tokens"]) == (True, False, 700)


def test_a_file_of_winter_2025_with_vision_and_a_sliding_window() -> None:
    made = sample("gemma-1.102.kcpps")
    said = made.profile.values
    assert said["path"] == "D:\\ai\\gemma-3-27b-it-Q4_K_M.gguf"
    assert said["mmproj_offload"] is False
    assert "swa_full" not in said
    assert "context_shift" not in said  # a window cannot be shifted
    assert said["override_tensor"] == ("blk\\.(5[0-9]|6[01])\\.ffn_.*=CPU",)
    assert made.profile.kept["koboldcpp"]["gendefaults"].startswith('"{')
    assert [item.key for item in made.left] == [
        "visionmaxres",
        "sdgendefaults.steps",
        "sdgendefaults.cfg_scale",
    ]


def test_a_file_of_today_with_everything() -> None:
    made = sample("gpt-oss-1.117.kcpps")
    said = made.profile.values
    assert (said["n_cpu_moe"], said["main_gpu"], said["fit_target"]) == (24, 1, 1536)
    assert (said["parallel"], said["kv_unified"]) == (3, True)
    assert (said["rope_freq_scale"], said["rope_freq_base"]) == (0.5, 20000.0)
    assert (said["temperature"], said["repeat_penalty"]) == (0.65, 1.07)
    assert said["reasoning_effort"] == "medium"
    assert said["rpc"] == ("10.0.0.7:5551", "10.0.0.8:5551")
    assert made.profile.args["llama-server"] == (
        "--image-max-tokens",
        "1024",
        "--chat-template-kwargs",
        '{"reasoning_effort": "high"}',
    )
    assert made.profile.kept["koboldcpp"]["gendefaults"] == '{"smoothing_factor": 0.2}'


def test_a_template_names_a_model_of_the_hub_and_nothing_of_a_machine() -> None:
    made = sample("qwen3-1.117.kcppt")
    said = made.profile.values
    assert said["path"] == "hub:bartowski/Qwen_Qwen3-8B-GGUF:Q4_K_M"
    assert said["n_gpu_layers"] == "auto"
    assert "threads" not in said
    assert "mmproj" not in said
    assert any("termai pull bartowski/Qwen_Qwen3-8B-GGUF:Q4_K_M" in note for note in made.notes)
    kept = made.profile.kept["koboldcpp"]
    assert kept["istemplate"] == "true"
    assert json.loads(kept["preloadstory"])["prompt"] == "The door opens."
    assert kept["mmproj"].startswith('"https://')


# What KoboldCPP's arguments are when nobody set them, and llama-server does the same then.
_USUAL: tuple[Any, ...] = (None, "", False, 0, -1, 1.0, [0.0, 10000.0], "f16", "layer", "default")
_USUAL_OF = {"draftamount": (4, 8), "draftgpulayers": (999,), "autofitpadding": (1024,)}


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_recorded_file_is_an_option_kept_or_listed(name: str) -> None:
    made = sample(name)
    listed = {item.key.partition(".")[0] for item in made.left}
    config = json.loads((SAMPLES / name).read_text("utf-8"))
    config.pop("port")  # says again what port_param says, in most of the files
    for key, value in config.items():
        rest = {other: said for other, said in config.items() if other != key}
        without = imported(json.dumps(rest), SAMPLES / name)
        counts = without.profile != made.profile or key in listed
        assert counts or value in _USUAL or value in _USUAL_OF.get(key, ([],)), key


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"model": "a.gguf"}, {"path": "a.gguf"}),
        ({"model": ["a.gguf"], "model_param": None}, {"path": "a.gguf"}),
        ({"model": ["a.gguf"], "model_param": "b.gguf"}, {"path": "b.gguf"}),
        ({"model": [], "model_param": ""}, {}),
        ({"gpulayers": -1}, {"n_gpu_layers": "auto"}),
        ({"gpulayers": 999}, {"n_gpu_layers": "all"}),
        ({"gpulayers": "33"}, {"n_gpu_layers": 33}),
        ({"gpulayers": 40, "autofit": True, "moecpu": 3}, {"n_gpu_layers": "auto"}),
        ({"gpulayers": 40, "usecpu": True}, {"n_gpu_layers": 0, "device": ("none",)}),
        ({"noblas": True}, {"n_gpu_layers": 0, "device": ("none",)}),
        ({"threads": -1, "blasthreads": None}, {}),
        ({"threads": 0, "blasthreads": 0}, {}),
        ({"threads": 6, "blasthreads": 12}, {"threads": 6, "threads_batch": 12}),
        ({"batchsize": 1024}, {"batch_size": 1024, "ubatch_size": 1024}),
        ({"blasbatchsize": 256}, {"batch_size": 256, "ubatch_size": 256}),
        ({"batchsize": -1}, {}),
        ({"noflashattention": False, "flashattention": False}, {"flash_attn": "on"}),
        ({"flashattention": False}, {"flash_attn": "off"}),
        ({"quantkv": 2}, {"cache_type_k": "q4_0", "cache_type_v": "q4_0"}),
        ({"quantkv": "3"}, {"cache_type_k": "bf16", "cache_type_v": "bf16"}),
        (
            {"quantkv": "q5_1", "noflashattention": True},
            {"cache_type_k": "q5_1", "flash_attn": "off"},
        ),
        ({"usemmap": False, "nommap": False}, {"mmap": False}),
        ({"nommap": True}, {"mmap": False}),
        ({"nommap": False}, {}),
        ({"noswa": True}, {"swa_full": True}),
        ({"useswa": False}, {"swa_full": True}),
        ({"useswa": False, "noswa": False}, {}),
        ({"moecpu": 999}, {"cpu_moe": True}),
        ({"moecpu": 12}, {"n_cpu_moe": 12}),
        ({"lora": ["a.gguf", "base.bin"]}, {"lora": (Adapter("a.gguf", 1.0),)}),
        ({"lora": "a.gguf", "loramult": 0.5}, {"lora": (Adapter("a.gguf", 0.5),)}),
        ({"maingpu": -1, "tensor_split": None, "splitmode": "layer"}, {}),
        ({"usecublas": ["2", "lowvram"]}, {"kv_offload": False}),
        (
            {"usecuda": ["1"], "tensor_split": [2, 1]},
            {"main_gpu": 1, "tensor_split": (2.0, 1.0)},
        ),
        ({"ropeconfig": [0.0, 10000.0]}, {}),
        ({"ropeconfig": [0.25]}, {"rope_freq_scale": 0.25, "rope_freq_base": 10000.0}),
        ({"port": 5001, "port_param": 5005}, {"port": 5005}),
        ({"port": 5010, "port_param": 5001}, {"port": 5010}),
        ({"jinjathink": "false"}, {"reasoning": "off"}),
        ({"reasoningeffort": "none"}, {"reasoning": "off"}),
        ({"usemtp": True, "draftamount": 2}, {"spec_type": "draft-mtp", "spec_draft_n_max": 2}),
        ({"draftamount": 8, "draftgpulayers": 999}, {}),
        ({"draftmodel": "d.gguf", "draftamount": 0}, {}),
        ({"ropeconfig": [0.5, 20000], "overridenativecontext": 8192}, {}),
        ({"defaultgenamt": 300}, {"max_tokens": 300}),
        ({"defaultgenamt": 1536}, {}),
        ({"gendefaults": '"temperature": 0.3'}, {}),
        ({"gendefaults": '{"temperature": "0.3"}'}, {"temperature": 0.3}),
        ({"gendefaults": {"sampler_seed": 4, "stop_sequence": ["a"]}}, {"seed": 4, "stop": ("a",)}),
        ({"gendefaults": {"nsigma": 0, "typical": 0.9}}, {"typical_p": 0.9}),
    ],
)
def test_a_key_means(said: dict[str, Any], expected: dict[str, Any]) -> None:
    assert values(noshift=True, contextsize=4096, **said) == {"ctx_size": 4096} | expected


@pytest.mark.parametrize(
    ("said", "shifts"),
    [
        ({}, True),
        ({"noshift": False}, True),
        ({"noshift": True}, False),
        ({"nofastforward": True}, False),
        ({"parallelrequests": 2}, False),
        ({"useswa": True}, False),
        ({"useswa": True, "noswa": False}, True),
    ],
)
def test_what_happened_with_a_full_context_goes_on_happening(
    said: dict[str, Any], shifts: bool
) -> None:
    made = imported(json.dumps(said))
    assert made.profile.value("context_shift") is shifts
    assert any("context_shift" in note for note in made.notes) is shifts


def test_a_server_for_everybody_listens_here_only_and_says_so() -> None:
    made = imported('{"host": ""}')
    assert not made.profile.is_set("host")
    assert any("127.0.0.1 only" in note for note in made.notes)


def test_a_model_beside_the_file_is_found_and_another_stays_as_written(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").touch()
    file = tmp_path / "x.kcpps"
    made = imported('{"model_param": "m.gguf", "mmproj": "gone.gguf"}', file)
    assert made.profile.values["path"] == str(tmp_path / "m.gguf")
    assert made.profile.values["mmproj"] == "gone.gguf"


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    made = imported('{"threads": 1, "x": [1], "threads": 2, "x": [2]}')
    assert made.profile.values["threads"] == 2
    assert made.profile.kept["koboldcpp"] == {"x": "[2]"}
    assert [note for note in made.notes if "twice" in note] == [
        "threads stands twice in the file; the last one counts.",
        "x stands twice in the file; the last one counts.",
    ]


def test_only_a_model_that_is_loaded_becomes_the_path() -> None:
    made = imported('{"model": ["a.gguf", "b.gguf"]}')
    assert made.profile.values["path"] == "a.gguf"
    assert [(item.key, item.value) for item in made.left] == [("model", "b.gguf")]


def test_other_json_is_not_claimed() -> None:
    for name in NAMES:
        assert FORMAT.claims((SAMPLES / name).read_text("utf-8"))
    assert not FORMAT.claims('{"identifier": "@local:x", "load": {"fields": []}}')
    assert not FORMAT.claims("llama-server -m a.gguf --port 5001")
