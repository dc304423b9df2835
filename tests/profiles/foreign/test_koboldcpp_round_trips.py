"""KoboldCPP's settings there and back: nothing is lost without a word."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from termai import tomlfile
from termai.profiles.foreign.base import Exported, Wanted
from termai.profiles.foreign.koboldcpp import FORMAT
from termai.profiles.foreign.rawjson import members
from termai.profiles.profile import Profile
from termai.profiles.reading import keys_of, read_profile
from termai.profiles.schema import OPTIONS, Option
from tests.profiles.foreign.koboldcpp_files import (
    FILE,
    FILES,
    NAMES,
    SAMPLES,
    UNKNOWN,
    imported,
    sample,
)
from tests.profiles.foreign.koboldcpp_meaning import meaning
from tests.profiles.strategies import ENVIRONMENT, LINES, VALUES

ASKED = Wanted(with_secrets=True)
LAYOUTS = st.sampled_from((None, 1, 2, "\t"))


def exported(profile: Profile, wanted: Wanted = ASKED) -> Exported:
    assert FORMAT.write is not None
    return FORMAT.write(profile, wanted)


def again(profile: Profile) -> Profile:
    """Return the profile after an export and an import."""
    return replace(imported(exported(profile).text).profile, name=profile.name)


def through_toml(profile: Profile) -> Profile:
    """Return the profile after it was saved and read."""
    text = tomlfile.new_text(keys_of(profile))
    read = read_profile(profile.name, tomlfile.parse(text, FILE), shipped=False, revision="")
    return replace(read, path=None)


@given(FILES, UNKNOWN, LAYOUTS)
def test_a_file_means_the_same_after_it_was_a_profile(
    known: dict[str, Any], unknown: dict[str, Any], layout: Any
) -> None:
    text = json.dumps(known | unknown, indent=layout)
    profile = through_toml(imported(text).profile)
    back = json.loads(exported(profile).text)
    assert meaning(back) == meaning(known)


@given(FILES, UNKNOWN, LAYOUTS, st.booleans())
def test_unknown_keys_come_back_to_the_byte(
    known: dict[str, Any], unknown: dict[str, Any], layout: Any, ascii_only: bool
) -> None:
    text = json.dumps(unknown | known, indent=layout, ensure_ascii=ascii_only)
    before = members(text, "before")[0]
    profile = through_toml(imported(text).profile)
    after = members(exported(profile).text, "after")[0]
    assert {key: after[key].raw for key in unknown} == {key: before[key].raw for key in unknown}


@given(FILES, UNKNOWN)
def test_what_came_from_a_file_survives_exactly(
    known: dict[str, Any], unknown: dict[str, Any]
) -> None:
    once = imported(json.dumps(known | unknown)).profile
    twice = again(once)
    assert again(twice) == twice
    assert twice.values == once.values
    assert twice.env == once.env
    assert twice.args == once.args


def _said(option: Option, profile: Profile) -> Any:
    """Return what an option does, in one form for the values that do the same."""
    value = profile.value(option.key)
    below_one = option.key in ("threads", "threads_batch", "parallel")
    if below_one and (value is None or value < 1):
        return "automatic"
    if option.key in ("n_gpu_layers", "n_gpu_layers_draft") and value == 999:
        return "all"
    if option.key in ("top_n_sigma", "max_tokens") and value < 0:
        return "off"
    if option.key == "top_n_sigma" and value == 0:
        return "off"
    if option.key == "ubatch_size":
        return min(value, profile.value("batch_size"))
    if option.key in ("cpu_moe", "n_cpu_moe"):
        layers = 999 if profile.value("cpu_moe") else profile.value("n_cpu_moe")
        return min(layers, 200)
    return value


def _of_a_local_file(profile: Profile) -> bool:
    paths = [str(value) for key, value in profile.values.items() if key in ("path", "mmproj")]
    return not any(path.startswith("http") for path in paths)


@settings(max_examples=50)
@given(VALUES, ENVIRONMENT)
@example({"ubatch_size": 1024}, {})
@example({"cache_type_k": "q8_0", "cache_type_v": "q8_0", "flash_attn": "off"}, {})
@example({"parallel": 4}, {})
@example({"rope_freq_base": 1e6}, {})
@example({"model_draft": "d.gguf", "spec_draft_n_max": 0}, {})
@example({"model_draft": "d.gguf", "spec_type": "draft-mtp"}, {})
@example({"device": ("none",), "n_gpu_layers": 4}, {})
@example({"context_shift": True, "parallel": 3, "kv_unified": True}, {})
@example({"tensor_split": (1.0, 2.0)}, {"CUDA_VISIBLE_DEVICES": "1"})
def test_every_option_is_held_or_listed(values: dict[str, Any], env: dict[str, str]) -> None:
    profile = Profile("p", values=values, env=env)
    if not _of_a_local_file(profile):
        return
    made = exported(profile)
    back = imported(made.text).profile
    listed = {item.key for item in made.left}
    if "ubatch_size" in values:
        listed.add("batch_size")  # one number for both, see the notes
    lost = {
        option.key: (profile.value(option.key), back.value(option.key))
        for option in OPTIONS
        if option.key not in listed and _said(option, profile) != _said(option, back)
    }
    assert lost == {}
    unsaid = set(env.items()) - set(back.env.items()) - {("CUDA_DEVICE_ORDER", "PCI_BUS_ID")}
    assert {f"env.{name}" for name, _ in unsaid} <= listed


HELD = st.fixed_dictionaries(
    {},
    optional={
        "path": LINES.map(lambda name: f"/models/{name}.gguf"),
        "ctx_size": st.integers(1, 1_000_000),
        "n_gpu_layers": st.sampled_from(("auto", "all", 0, 33)),
        "n_cpu_moe": st.integers(1, 199),
        "threads": st.integers(1, 128),
        "threads_batch": st.integers(1, 128),
        "flash_attn": st.sampled_from(("on", "off")),
        "mmap": st.booleans(),
        "mlock": st.just(True),
        "swa_full": st.just(True),
        "kv_offload": st.just(False),
        "context_shift": st.just(True),
        "fit_target": st.integers(0, 1000),
        "port": st.integers(1, 65535),
        "host": st.sampled_from(("0.0.0.0", "box.lan", "::1")),
        "mmproj_offload": st.just(False),
        "reasoning": st.sampled_from(("on", "off")),
        "reasoning_effort": st.sampled_from(("low", "medium", "high")),
        "temperature": st.floats(0, 10),
        "seed": st.integers(-1, 2**32 - 1),
        "stop": st.lists(LINES, min_size=1, max_size=3).map(tuple),
        "max_tokens": st.integers(0, 100_000),
    },
)


@given(HELD)
def test_a_profile_that_the_format_holds_comes_back_equal(values: dict[str, Any]) -> None:
    profile = Profile("p", values=values)
    made = exported(profile)
    assert made.left == ()
    assert again(profile) == profile


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_file_means_the_same_after_it_was_a_profile(name: str) -> None:
    before = sample(name)
    text = exported(through_toml(before.profile)).text
    original = json.loads((SAMPLES / name).read_text("utf-8"))
    assert meaning(json.loads(text)) == meaning(original)
    assert again(before.profile) == before.profile
