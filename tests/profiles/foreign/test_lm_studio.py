"""LM Studio's presets: every field an option or listed, and back with what termai does not know."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.profiles.foreign import detect
from termai.profiles.foreign.base import Imported, Source, Wanted
from termai.profiles.foreign.lm_studio import FORMAT, special
from termai.profiles.foreign.lm_studio.fields import AGAIN, BY_KEY, FIELDS
from termai.profiles.foreign.lm_studio.reading import read
from termai.profiles.foreign.lm_studio.writing import write
from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter, option
from tests.profiles.strategies import LINES, PROSE, of_option

PRESET = """{
  "identifier": "@local:no-think-reasoning",
  "name": "no-think reasoning",
  "changed": true,
  "operation": {
    "fields": [
      { "key": "llm.prediction.systemPrompt", "value": "Be \\u00fcber brief.\\nAlways." },
      { "key": "llm.prediction.llama.cpuThreads", "value": 14 },
      { "key": "llm.prediction.topKSampling", "value": 20 },
      { "key": "llm.prediction.temperature", "value": 1 },
      { "key": "llm.prediction.minPSampling", "value": { "checked": true, "value": 0 } },
      { "key": "llm.prediction.topPSampling", "value": { "checked": false, "value": 0.95 } },
      { "key": "llm.prediction.llama.presencePenalty", "value": {"checked": true, "value": 1.5} },
      { "key": "llm.prediction.repeatPenalty", "value": { "checked": true, "value": 1.1 } },
      { "key": "llm.prediction.structured", "value": { "type": "none" } },
      { "key": "llm.prediction.logProbs", "value": { "checked": true,  "value": 3.10 } },
      { "key": "llm.prediction.contextOverflowPolicy", "value": "truncateMiddle" },
      { "key": "ext.virtualModel.customField.a.b", "value": [1,  2] },
      { "key": "llm.prediction.stopStrings", "value": ["##"] }
    ]
  },
  "load": {
    "fields": []
  }
}
"""


def one(text: str, path: Path | None = None) -> Imported:
    [imported] = read(Source(text, path))
    return imported


def preset(*fields: tuple[str, Any], **more: Any) -> str:
    """Return a preset with these fields, each in the list that it belongs to."""
    lists: dict[str, list[dict[str, Any]]] = {"operation": [], "load": []}
    for key, value in fields:
        where = "operation" if key.startswith("llm.prediction.") else "load"
        lists[where].append({"key": key, "value": value})
    return json.dumps({name: {"fields": items} for name, items in lists.items()} | more)


def values(*fields: tuple[str, Any]) -> Mapping[str, Any]:
    return one(preset(*fields)).profile.values


def fields_in(text: str) -> dict[str, Any]:
    read_back = json.loads(text)
    return {
        field["key"]: field["value"]
        for name in ("operation", "load")
        for field in read_back[name]["fields"]
    }


def test_every_field_of_a_preset_is_read_or_listed() -> None:
    imported = one(PRESET)
    profile = imported.profile
    assert profile.name == "no-think reasoning"
    assert profile.values == {
        "system_prompt": "Be über brief.\nAlways.",
        "threads": 14,
        "top_k": 20,
        "temperature": 1.0,
        "min_p": 0.0,
        "top_p": 1.0,
        "presence_penalty": 1.5,
        "repeat_penalty": 1.1,
        "stop": ("##",),
    }
    assert [(item.key, item.kept) for item in imported.left] == [
        ("llm.prediction.contextOverflowPolicy", True),
        ("llm.prediction.logProbs", True),
        ("ext.virtualModel.customField.a.b", True),
    ]
    assert any("names no model" in note for note in imported.notes)


def test_a_preset_comes_back_with_the_bytes_that_termai_does_not_know() -> None:
    exported = write(one(PRESET).profile, Wanted())
    assert exported.left == ()
    for raw in (
        '{ "type": "none" }',
        '{ "checked": true,  "value": 3.10 }',
        '"value": [1,  2]',
        '"identifier": "@local:no-think-reasoning"',
        '"name": "no-think reasoning"',
        '"changed": true',
    ):
        assert raw in exported.text
    assert one(exported.text).profile == one(PRESET).profile


def test_a_preset_of_another_name_gets_an_identifier_of_its_own() -> None:
    exported = json.loads(write(replace(one(PRESET).profile, name="My 2nd!"), Wanted()).text)
    assert (exported["name"], exported["identifier"]) == ("My 2nd!", "@local:my-2nd")
    assert json.loads(write(Profile("プ"), Wanted()).text)["identifier"] == "@local:preset"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("llm.load.contextLength", 8192.0, {"ctx_size": 8192}),
        ("llm.load.llama.acceleration.offloadRatio", "max", {"n_gpu_layers": "all"}),
        ("llm.load.llama.acceleration.offloadRatio", 1, {"n_gpu_layers": "all"}),
        ("llm.load.llama.acceleration.offloadRatio", "off", {"n_gpu_layers": 0}),
        ("llm.load.llama.acceleration.offloadRatio", 0.0, {"n_gpu_layers": 0}),
        ("llm.load.llama.acceleration.offloadRatio", 0.4, {}),
        ("llm.load.llama.autoFit", True, {"n_gpu_layers": "auto"}),
        ("llm.load.llama.autoFit", False, {}),
        ("llm.load.numCpuExpertLayersRatio", "max", {"cpu_moe": True}),
        ("llm.load.numCpuExpertLayersRatio", 0.5, {}),
        ("llm.load.llama.flashAttention", True, {"flash_attn": "on"}),
        (
            "llm.load.llama.kCacheQuantizationType",
            {"checked": True, "value": "q8_0"},
            {"cache_type_k": "q8_0"},
        ),
        ("llm.load.llama.vCacheQuantizationType", {"checked": False, "value": "f16"}, {}),
        ("llm.load.llama.vCacheQuantizationType", False, {}),
        ("llm.load.llama.vCacheQuantizationType", "q4_0", {"cache_type_v": "q4_0"}),
        ("llm.load.llama.keepModelInMemory", True, {"mlock": True}),
        ("llm.load.llama.cpuThreadPoolSize", 6, {"threads": 6}),
        ("llm.prediction.topKSampling", -1, {"top_k": 0}),
        ("llm.prediction.maxPredictedTokens", {"checked": False, "value": 9}, {"max_tokens": -1}),
        ("llm.prediction.reasoning.enableThinking", False, {"reasoning": "off"}),
        (
            "llm.prediction.reasoning.budgetTokens",
            {"checked": True, "value": 64},
            {"reasoning_budget": 64},
        ),
        ("llm.prediction.contextOverflowPolicy", "rollingWindow", {"context_shift": True}),
        ("llm.prediction.contextOverflowPolicy", "stopAtLimit", {"context_shift": False}),
        ("llm.prediction.temperature", None, {}),
        ("llm.prediction.systemPrompt", "", {}),
        (
            "llm.prediction.speculativeDecoding.draftModel",
            "qwen/qwen3-0.6b",
            {"model_draft": "qwen/qwen3-0.6b", "spec_type": "draft-simple"},
        ),
        ("llm.load.llama.speculativeDecoding.draftMtp", True, {"spec_type": "draft-mtp"}),
        (
            "load.gpuSplitConfig",
            {"strategy": "custom", "customRatio": [3, 1]},
            {"tensor_split": (3.0, 1.0)},
        ),
        (
            "load.gpuSplitConfig",
            {"strategy": "tensor", "disabledGpus": []},
            {"split_mode": "tensor"},
        ),
        ("load.gpuSplitConfig", {"strategy": "priorityOrder", "priority": [1]}, {}),
    ],
)
def test_what_a_field_means(key: str, value: Any, expected: dict[str, Any]) -> None:
    assert values((key, value)) == expected


def test_a_template_is_taken_with_its_stop_strings() -> None:
    template = {
        "type": "jinja",
        "jinjaPromptTemplate": {"template": "{{ messages }}", "bosToken": "<s>"},
        "stopStrings": ["##", "</s>"],
    }
    found = values(
        ("llm.prediction.promptTemplate", template), ("llm.prediction.stopStrings", ["##"])
    )
    assert found == {"chat_template": "{{ messages }}", "stop": ("##", "</s>")}
    manual = {
        "type": "manual",
        "manualPromptTemplate": {"beforeUser": "Human: "},
        "stopStrings": [],
    }
    imported = one(preset(("llm.prediction.promptTemplate", manual)))
    assert imported.profile.values == {}
    assert "Jinja" in imported.left[0].why


def test_auto_fit_decides_before_the_ratio() -> None:
    imported = one(
        preset(
            ("llm.load.llama.acceleration.offloadRatio", "max"), ("llm.load.llama.autoFit", True)
        )
    )
    assert imported.profile.values == {"n_gpu_layers": "auto"}
    assert "autoFit" in imported.left[0].why


def test_a_field_that_says_it_again_is_listed() -> None:
    imported = one(
        preset(("llm.load.llama.cpuThreadPoolSize", 6), ("llm.prediction.llama.cpuThreads", 4))
    )
    assert imported.profile.values == {"threads": 4}
    assert [item.key for item in imported.left] == ["llm.load.llama.cpuThreadPoolSize"]


def test_the_environment_that_lm_studio_allows() -> None:
    allowed = {"HSA_OVERRIDE_GFX_VERSION": "10.3.0"}
    assert one(preset(("envVars", allowed))).profile.env == allowed
    other = one(preset(("envVars", {**allowed, "LD_PRELOAD": "x.so"})))
    assert other.profile.env == allowed
    assert len(other.left) == 1


def test_the_config_of_a_model_names_it() -> None:
    place = Path("/home/me/.lmstudio/.internal/user-concrete-model-default-config")
    path = place / "lmstudio-community/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf.json"
    text = preset(("llm.load.contextLength", 4096), preset="")
    imported = one(text, path)
    assert imported.profile.values == {
        "path": "lmstudio-community/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf",
        "ctx_size": 4096,
    }
    assert imported.profile.name == "Qwen3-8B-Q4_K_M"
    assert not any("names no model" in note for note in imported.notes)


def test_what_stands_twice_counts_once() -> None:
    imported = one(preset(("llm.prediction.temperature", 1), ("llm.prediction.temperature", 0.5)))
    assert imported.profile.values == {"temperature": 0.5}
    assert any("stands twice" in note for note in imported.notes)


OLD = json.dumps(
    {
        "name": "Llama 3 V2",
        "load_params": {
            "n_ctx": 2048,
            "n_gpu_layers": -1,
            "rope_freq_base": 0,
            "rope_freq_scale": 0,
            "tensor_split": [0],
            "no_kv_offload": False,
            "use_mlock": True,
            "seed": -1,
            "f16_kv": True,
            "num_experts_used": 4,
        },
        "inference_params": {
            "input_prefix": "<|user|>",
            "pre_prompt": "You are helpful.",
            "pre_prompt_suffix": "",
            "antiprompt": ["<|eot_id|>", ""],
            "temp": 0.7,
            "n_predict": -1,
            "mirostat": 0,
            "seed": 7,
            "lora_adapter": "style.gguf",
            "unheard_of": 1,
        },
    }
)


def test_presets_of_version_0_2() -> None:
    imported = one(OLD)
    assert imported.profile.name == "Llama 3 V2"
    assert imported.profile.values == {
        "ctx_size": 2048,
        "n_gpu_layers": "all",
        "kv_offload": True,
        "mlock": True,
        "system_prompt": "You are helpful.",
        "stop": ("<|eot_id|>",),
        "temperature": 0.7,
        "max_tokens": -1,
        "seed": 7,
        "lora": (Adapter("style.gguf"),),
    }
    assert [item.key for item in imported.left] == [
        "num_experts_used",
        "input_prefix",
        "unheard_of",
    ]
    exported = write(imported.profile, Wanted())
    assert {"load_params/num_experts_used", "inference_params/input_prefix"} <= {
        item.key for item in exported.left
    }
    assert fields_in(exported.text)["llm.prediction.temperature"] == 0.7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "expected a JSON object"),
        ("{", "expected JSON"),
        ('{"operation": []}', "operation: expected an object with fields"),
        ('{"operation": {"fields": {}}}', "operation.fields: expected a list"),
        ('{"load": {"fields": [1]}}', "load.fields: expected objects with key and value, found 1"),
        ('{"load": {"fields": [{"value": 1}]}}', "expected objects with key and value"),
        ('{"load": ' + "[" * 100 + "]" * 100 + "}", "at most 64 levels"),
        ('{"inference_params": []}', "inference_params: expected an object"),
        ('{"load_params": {"n_ctx": "many"}}', "n_ctx: expected a whole number from 0"),
        ('{"load_params": {"tensor_split": 3}}', "tensor_split: expected a list of numbers"),
        (preset(("llm.prediction.temperature", "hot")), "temperature: expected a number from 0"),
        (preset(("llm.prediction.temperature", 1e300)), "temperature: expected a number from 0"),
        (preset(("llm.prediction.topKSampling", 1.5)), "topKSampling: expected a whole number"),
        (preset(("llm.prediction.topKSampling", 10**30)), "topKSampling: expected a whole"),
        (preset(("llm.prediction.topPSampling", {"checked": True, "value": []})), "topPSampling"),
        (preset(("llm.prediction.contextOverflowPolicy", 1)), "one of stopAtLimit"),
        (preset(("llm.prediction.contextOverflowPolicy", [])), "one of stopAtLimit"),
        (preset(("llm.load.llama.flashAttention", "yes")), "expected true or false"),
        (preset(("llm.load.llama.acceleration.offloadRatio", 7)), "max, off or a share"),
        (preset(("llm.load.llama.acceleration.offloadRatio", True)), "max, off or a share"),
        (preset(("llm.load.numCpuExpertLayersRatio", "half")), "max, off or a share"),
        (preset(("llm.prediction.promptTemplate", "x")), "promptTemplate: expected an object"),
        (preset(("load.gpuSplitConfig", 1)), "gpuSplitConfig: expected an object"),
        (preset(("envVars", {"HSA_OVERRIDE_GFX_VERSION": 1})), "envVars: expected an object with"),
        (preset(*[(f"x{n}", 1) for n in range(1100)]), "at most 1024 fields"),
        ('{"operation": {"fields": [{"key": "a", "value": ' + "9" * 5000 + "}, 1]}}", "found 1"),
        (" " * (1 << 20) + "{}", "at most 1048576 characters"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(text: str, said: str) -> None:
    with pytest.raises(InvalidFileError, match=said) as caught:
        one(text, Path("/somewhere/my.preset.json"))
    assert caught.value.message.startswith("/somewhere/my.preset.json")
    assert len(caught.value.message) < 400


def test_it_is_told_from_other_files() -> None:
    assert detect(Source(PRESET)).name == "lm-studio"
    assert detect(Source(OLD)).name == "lm-studio"
    assert detect(Source("{}", Path("a.preset.json"))).name == "lm-studio"
    assert not FORMAT.claims('{"model_param": "x", "gpulayers": 1}')
    assert not FORMAT.claims("llama-server --temp 1")


def test_what_a_preset_cannot_hold_is_listed_with_why() -> None:
    profile = replace(
        Profile("mine", description="Two words").with_values(
            path="qwen3:8b",
            port=9000,
            n_gpu_layers=12,
            n_cpu_moe=3,
            flash_attn="auto",
            ctx_size=0,
            cache_type_k="bf16",
            chat_template="chatml",
            split_mode="row",
            spec_type="ngram-mod",
            top_k=501,
        ),
        engine="llama-server",
        env={"HF_TOKEN": "hf_secret"},
        args={"llama-server": ("--slots",)},
        kept={"koboldcpp": {"x": "1"}},
    )
    exported = write(profile, Wanted())
    assert fields_in(exported.text) == {}
    assert {item.key for item in exported.left} == {
        *profile.values,
        *("description", "engine", "env.HF_TOKEN", "args.llama-server", "kept.koboldcpp"),
    }
    assert all(item.why for item in exported.left)
    assert "hf_secret" not in repr(exported)


def test_load_fields_come_with_a_note() -> None:
    assert write(Profile("p").with_values(ctx_size=4096), Wanted()).notes
    assert not write(Profile("p").with_values(temperature=1), Wanted()).notes


def test_secrets_that_were_kept_are_written_only_when_asked_for() -> None:
    imported = one(preset(("llm.prediction.apiKey", "abc-secret")))
    assert "abc-secret" not in repr(imported.left)
    plain = write(imported.profile, Wanted())
    assert "abc-secret" not in repr(plain)
    whole = write(imported.profile, Wanted(with_secrets=True))
    assert fields_in(whole.text) == {"llm.prediction.apiKey": "abc-secret"}
    assert whole.private


def test_what_is_kept_spoils_no_file() -> None:
    kept = {"operation/llm.prediction.tools": '{"a": 1', "changed": '1, "b": 2'}
    exported = write(replace(Profile("p"), kept={"lm-studio": kept}), Wanted())
    assert json.loads(exported.text)["operation"]["fields"] == []
    assert len(exported.left) == 2


def _held(field_option: str) -> st.SearchStrategy[Any]:
    """Return the values of an option that a preset can hold."""
    found = of_option(option(field_option))
    limits = {field.option: field for field in FIELDS}.get(field_option)
    if limits and (limits.low is not None or limits.high is not None):
        return found.filter(lambda value: limits.takes(value) or value == limits.off)
    if field_option.startswith("cache_type"):
        return found.filter(lambda value: value != "bf16")
    return found


HOLDABLE = st.fixed_dictionaries(
    {},
    optional={
        **{field.option: _held(field.option) for field in FIELDS if field.option != "model_draft"},
        "n_gpu_layers": st.sampled_from(["auto", "all", 0]),
        "cpu_moe": st.booleans(),
        "flash_attn": st.sampled_from(["on", "off"]),
        "reasoning": st.sampled_from(["on", "off"]),
        "context_shift": st.booleans(),
        "tensor_split": of_option(option("tensor_split")),
        "spec_type": st.sampled_from(["draft-simple", "draft-mtp"]),
        "chat_template": PROSE.map(lambda text: text + "{{ messages }}"),
    },
)


@given(HOLDABLE, st.none() | LINES)
def test_a_profile_that_a_preset_can_hold_comes_back_the_same(
    values_: dict[str, Any], draft: str | None
) -> None:
    drafting = {"model_draft": draft, "spec_type": "draft-simple"} if draft else {}
    profile = Profile("mine").with_values(**values_ | drafting)
    exported = write(profile, Wanted())
    assert exported.left == ()
    imported = one(exported.text)
    assert imported.profile.values == profile.values
    assert imported.profile.name == "mine"
    assert imported.left == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | PROSE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LINES, inner, max_size=3),
    max_leaves=6,
)
UNKNOWN = LINES.filter(lambda key: key not in BY_KEY and key not in special.SPECIAL)


@given(
    st.dictionaries(UNKNOWN.map(lambda key: f"llm.prediction.x{key}"), JSON, max_size=4), st.data()
)
def test_what_is_unknown_comes_back_byte_for_byte(
    found: dict[str, Any], data: st.DataObject
) -> None:
    ascii_only = data.draw(st.booleans())
    raw = {key: json.dumps(value, ensure_ascii=ascii_only) for key, value in found.items()}
    items = [f'{{"value":  {text} , "key":{json.dumps(key)}}}' for key, text in raw.items()]
    first = one('{"operation": {"fields": [' + ",\n".join(items) + "]}}")
    exported = write(first.profile, Wanted(with_secrets=True))
    assert exported.left == ()
    for text in raw.values():
        assert f'"value": {text}\n' in exported.text
    again = one(exported.text).profile.kept.get("lm-studio", {})
    assert again.items() >= first.profile.kept.get("lm-studio", {}).items()


KEYS = st.sampled_from([*BY_KEY, *special.SPECIAL, *AGAIN, "llm.prediction.structured", "name"])
SHAPES = st.one_of(
    JSON,
    st.fixed_dictionaries({"checked": JSON, "value": JSON}),
    st.fixed_dictionaries(
        {"strategy": st.sampled_from(["custom", "tensor", 1]), "customRatio": JSON}
    ),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["jinja", "manual", 1]),
            "jinjaPromptTemplate": JSON | st.fixed_dictionaries({"template": JSON}),
            "stopStrings": JSON,
        }
    ),
)


@given(st.lists(st.tuples(KEYS, SHAPES), max_size=5), st.dictionaries(LINES, JSON, max_size=3))
def test_any_json_gives_a_profile_or_an_error_that_names_the_file(
    fields: list[tuple[str, Any]], more: dict[str, Any]
) -> None:
    refused = ""
    try:
        imported = one(preset(*fields, **more), Path("/nowhere/x.preset.json"))
    except InvalidFileError as error:
        refused = error.message
    if refused:
        assert refused.startswith("/nowhere/x.preset.json")
        return
    Profile("checked").with_values(**imported.profile.values)
    json.loads(write(imported.profile, Wanted(with_secrets=True)).text)


OLD_KEYS = st.sampled_from(
    [key for section in ("load_params", "inference_params") for key in json.loads(OLD)[section]]
)


@given(st.dictionaries(OLD_KEYS | LINES, JSON, max_size=5), st.booleans())
def test_any_json_of_version_0_2_gives_a_profile_or_an_error(
    found: dict[str, Any], load: bool
) -> None:
    section = "load_params" if load else "inference_params"
    try:
        imported = one(json.dumps({section: found}))
    except InvalidFileError:
        return
    Profile("checked").with_values(**imported.profile.values)
    write(imported.profile, Wanted())


@given(st.text(max_size=60) | st.text(st.sampled_from('{}[]":,\\ 01e-'), max_size=60))
def test_any_text_gives_a_profile_or_an_error(text: str) -> None:
    FORMAT.claims(text)
    try:
        imported = one(text)
    except InvalidFileError:
        return
    write(imported.profile, Wanted())
