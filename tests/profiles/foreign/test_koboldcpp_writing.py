"""Profiles as KoboldCPP's settings: what KoboldCPP needs, what it cannot hold, and no secrets."""

import json
from typing import Any

import pytest

from termai.profiles.foreign.base import Exported, Wanted
from termai.profiles.foreign.koboldcpp import FORMAT
from termai.profiles.kept import HIDDEN
from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter
from tests.profiles.foreign.koboldcpp_files import imported, sample


def written(profile: Profile, **wanted: Any) -> Exported:
    assert FORMAT.write is not None
    return FORMAT.write(profile, Wanted(**wanted))


def config(**values: Any) -> dict[str, Any]:
    """Return what the settings say about a profile with these options."""
    found: dict[str, Any] = json.loads(written(Profile("p", values=values)).text)
    return found


def test_a_profile_that_says_nothing_says_what_matters() -> None:
    made = written(Profile("p"))
    assert json.loads(made.text) == {"noshift": True, "host": "127.0.0.1", "istemplate": False}
    assert made.left == ()
    assert "12288" in made.notes[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"path": "/m/a.gguf", "ctx_size": 8192},
            {"model_param": "/m/a.gguf", "contextsize": 8192},
        ),
        ({"n_gpu_layers": "auto"}, {"gpulayers": -1}),
        ({"n_gpu_layers": "all"}, {"gpulayers": 999}),
        ({"device": ("none",)}, {"usecpu": True}),
        ({"device": ("CUDA0", "CUDA1")}, {"device": "CUDA0,CUDA1"}),
        ({"flash_attn": "off"}, {"noflashattention": True}),
        ({"cache_type_k": "q8_0", "cache_type_v": "q8_0"}, {"quantkv": "q8_0"}),
        ({"context_shift": True}, {"noshift": False}),
        ({"host": "0.0.0.0", "port": 5005}, {"host": "0.0.0.0", "port": 5005, "port_param": 5005}),
        ({"mmap": False, "mlock": True}, {"usemmap": False, "usemlock": True}),
        ({"batch_size": 1024, "ubatch_size": 1024}, {"batchsize": 1024}),
        ({"lora": (Adapter("s.gguf", 0.5),)}, {"lora": ["s.gguf"], "loramult": 0.5}),
        ({"cpu_moe": True}, {"moecpu": 999}),
        ({"override_tensor": ("a=CPU", "b=CPU")}, {"overridetensors": "a=CPU,b=CPU"}),
        (
            {"override_kv": ("a=int:1", "tokenizer.ggml.add_bos_token=bool:false")},
            {"overridekv": "a=int:1", "nobostoken": True},
        ),
        ({"rope_freq_scale": 0.5, "rope_freq_base": 1e6}, {"ropeconfig": [0.5, 1000000.0]}),
        ({"kv_offload": False, "swa_full": True}, {"lowvram": True, "noswa": True}),
        ({"chat_template_file": "/t.jinja"}, {"jinjatemplate": "/t.jinja", "jinja": True}),
        ({"reasoning": "off"}, {"jinjathink": "false", "jinja": True}),
        ({"spec_type": "draft-mtp", "spec_draft_n_max": 2}, {"usemtp": True, "draftamount": 2}),
        (
            {"model_draft": "d.gguf", "spec_type": "draft-simple", "n_gpu_layers_draft": "all"},
            {"draftmodel": "d.gguf", "draftgpulayers": 999},
        ),
        (
            {"max_tokens": 300, "temperature": 0.5},
            {"defaultgenamt": 300, "gendefaults": {"max_tokens": 300, "temperature": 0.5}},
        ),
        ({"seed": 3}, {"gendefaults": {"seed": 3, "sampler_seed": 3}}),
        (
            {"parallel": 4, "kv_unified": True},
            {"parallelrequests": 4},
        ),
    ],
)
def test_an_option_is_written_as(values: dict[str, Any], expected: dict[str, Any]) -> None:
    made = config(**values)
    assert {key: made[key] for key in expected} == expected
    assert written(Profile("p", values=values)).left == ()


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ({"system_prompt": "Be brief."}, "system_prompt"),
        ({"api_key_file": "key"}, "api_key_file"),
        ({"cache_type_k": "q8_0"}, "cache_type_k"),
        ({"cache_type_k": "iq4_nl", "cache_type_v": "iq4_nl"}, "cache_type_v"),
        ({"rope_freq_base": 1e6}, "rope_freq_base"),
        ({"parallel": 4}, "kv_unified"),
        ({"parallel": 64, "kv_unified": True}, "parallel"),
        ({"batch_size": 2048, "ubatch_size": 512}, "batch_size"),
        ({"lora": (Adapter("a.gguf"), Adapter("b.gguf"))}, "lora"),
        ({"split_mode": "none"}, "split_mode"),
        ({"override_kv": ("a=str:x,y", "b=int:1")}, "override_kv"),
        ({"spec_draft_n_max": 4}, "spec_draft_n_max"),
        ({"chat_template": "chatml"}, "chat_template"),
        ({"reasoning_effort": "max"}, "reasoning_effort"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"cache_ram": 0}, "cache_ram"),
    ],
)
def test_what_koboldcpp_cannot_hold_is_listed(values: dict[str, Any], listed: str) -> None:
    left = written(Profile("p", values=values)).left
    assert listed in [item.key for item in left]
    assert all(item.why and not item.why.endswith(".") for item in left)


def test_what_stands_beside_the_options_is_listed() -> None:
    profile = Profile(
        "p",
        description="Mine",
        engine="llama-server",
        args={"llama-server": ("--rpc", "a:1", "--verbose"), "llama-cpp-python": ("--x", "1")},
        env={"HF_TOKEN": "hf_secret", "CUDA_VISIBLE_DEVICES": "0,1"},
    )
    made = written(profile)
    assert json.loads(made.text)["rpctargets"] == "a:1"
    assert [item.key for item in made.left] == [
        "env.HF_TOKEN",
        "env.CUDA_VISIBLE_DEVICES",
        "args.llama-server",
        "description",
        "engine",
        "args.llama-cpp-python",
    ]
    assert made.left[2].value == "--verbose"
    assert "hf_secret" not in made.text + repr(made.left)


def test_what_is_kept_of_other_programs_files_is_counted_and_named() -> None:
    kept = {"ollama": {"LICENSE": "x", "MESSAGE": "y"}, "koboldcpp": {"sdmodel": '"a"'}}
    made = written(Profile("p", kept=kept))
    assert [(item.key, item.value) for item in made.left] == [
        ("kept.ollama", "2 keys: LICENSE, MESSAGE")
    ]
    assert json.loads(made.text)["sdmodel"] == "a"


def _only(gpu: str) -> dict[str, str]:
    return {"CUDA_VISIBLE_DEVICES": gpu, "HIP_VISIBLE_DEVICES": gpu}


def test_one_gpu_of_the_environment_is_chosen() -> None:
    env = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} | _only("1")
    made = written(Profile("p", env=env))
    assert json.loads(made.text)["usecuda"] == ["normal", "1"]
    assert made.left == ()


def test_another_gpu_than_the_files_is_chosen() -> None:
    profile = imported('{"usecuda": ["normal", "0", "mmq"], "usevulkan": null}').profile
    assert json.loads(written(profile).text)["usecuda"] == ["normal", "0", "mmq"]
    other = Profile("p", env=_only("2"), kept=profile.kept)
    assert json.loads(written(other).text)["usecuda"] == ["normal", "2"]
    every = Profile("p", kept=profile.kept)
    assert json.loads(written(every).text)["usecuda"] == ["normal", "mmq"]


def test_secrets_are_written_only_when_they_are_asked_for() -> None:
    profile = sample("nemo-1.76.kcpps").profile
    plain = written(profile)
    assert not plain.private
    assert "hunter2" not in plain.text
    assert "aaaabbbb" not in plain.text
    assert [(item.key, item.value) for item in plain.left] == [
        ("password", HIDDEN),
        ("hordekey", HIDDEN),
    ]
    full = written(profile, with_secrets=True)
    assert full.private
    assert json.loads(full.text)["password"] == "hunter2"
    assert json.loads(full.text)["hordekey"] == "aaaabbbbccccdddd"
    assert not written(sample("gemma-1.102.kcpps").profile, with_secrets=True).private


def test_an_older_spelling_of_a_secret_is_one_too() -> None:
    said = '{"hordeconfig": ["name", "100", "2048", "the-key", "worker"]}'
    made = written(imported(said).profile)
    assert "the-key" not in made.text + repr(imported(said).left)
    assert [item.key for item in made.left] == ["hordeconfig"]


def test_files_are_named_by_where_they_are() -> None:
    profile = Profile(
        "p", values={"path": "a", "mmproj": "b", "model_draft": "c", "lora": (Adapter("d"),)}
    )
    made = json.loads(written(profile, locate=lambda reference: f"/models/{reference}").text)
    assert (made["model_param"], made["mmproj"]) == ("/models/a", "/models/b")
    assert (made["draftmodel"], made["lora"]) == ("/models/c", ["/models/d"])


def test_a_reference_without_a_file_is_named() -> None:
    made = written(Profile("p", values={"path": "hub:a/b:Q4_K_M", "ctx_size": 256}))
    assert made.notes == ("hub:a/b:Q4_K_M is no file that KoboldCPP would find.",)


@pytest.mark.parametrize(
    ("values", "offered"),
    [
        ({"ctx_size": 12_288}, True),
        ({"ctx_size": 18_432}, True),
        ({"ctx_size": 131_072}, True),
        ({"ctx_size": 512}, True),
        ({"ctx_size": 17_408}, False),
        ({"ctx_size": 10_000}, False),
        ({"ctx_size": 100}, False),
        ({"ctx_size": 8192, "batch_size": 256, "ubatch_size": 256}, True),
        ({"ctx_size": 8192, "batch_size": 300, "ubatch_size": 300}, False),
    ],
)
def test_a_size_that_the_launcher_window_cannot_show_is_noted(
    values: dict[str, Any], offered: bool
) -> None:
    made = written(Profile("p", values=values))
    assert any("launcher window" in note for note in made.notes) is not offered


def test_an_address_goes_back_as_the_address_it_was() -> None:
    before = sample("qwen3-1.117.kcppt").profile
    after = json.loads(written(before, locate=lambda _: "/here/model.gguf").text)
    assert after["model_param"].startswith("https://huggingface.co/bartowski/")
    assert after["istemplate"] is True
    moved = before.with_values(path="/other.gguf")
    assert json.loads(written(moved).text)["model_param"] == "/other.gguf"


def test_what_was_kept_of_the_requests_stays_beside_the_sampling() -> None:
    before = imported('{"gendefaults": "{\\"steps\\": 20, \\"temperature\\": 1.5}"}').profile
    after = json.loads(written(before.with_values(temperature=0.2, top_k=5)).text)
    assert after["gendefaults"] == {"temperature": 0.2, "top_k": 5, "steps": 20}


def test_a_damaged_text_that_is_kept_is_not_written() -> None:
    kept = {"sdmodel": '"a", "onready": "x"', "gendefaults": "{", "usecuda": "", "tts": " 1 "}
    made = written(Profile("p", values={"seed": 1}, kept={"koboldcpp": kept}))
    assert "onready" not in json.loads(made.text)
    assert json.loads(made.text)["gendefaults"]["seed"] == 1
    assert [item.key for item in made.left] == ["sdmodel", "gendefaults", "usecuda"]


def test_the_file_is_laid_out_as_koboldcpp_does() -> None:
    text = written(Profile("p", values={"ctx_size": 4096})).text
    assert text == json.dumps(json.loads(text), indent=2) + "\n"


def test_machines_that_lend_their_memory_go_both_ways() -> None:
    made = written(Profile("p", values={"rpc": ("10.0.0.7:50052", "10.0.0.8:50052")}))
    assert json.loads(made.text)["rpctargets"] == "10.0.0.7:50052,10.0.0.8:50052"
    assert json.loads(made.text)["rpcmode"] == "connect"
