"""Clashes: each is found where it must be and nowhere near, and its fix makes it go away."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.profiles.clashes import (
    Clash,
    EngineFacts,
    MachineLimits,
    ModelFacts,
    PortFacts,
    Severity,
    find,
)
from termai.profiles.profile import Profile
from termai.profiles.schema import OPTIONS, option
from termai.profiles.store import list_profiles
from tests.profiles.clash_samples import (
    DENSE,
    EMBEDDED,
    MIXTURE,
    NATIVE,
    NO_GPU,
    ONE_GPU,
    SAMPLES,
    TWO_GPUS,
    Sample,
    Setup,
)
from tests.profiles.strategies import of_option

BY_ID = [pytest.param(sample, id=f"{n}-{sample.id}") for n, sample in enumerate(SAMPLES)]


def named(sample: Sample, found: tuple[Clash, ...]) -> list[Clash]:
    return [c for c in found if c.name == sample.name and sample.key in c.keys]


@pytest.mark.parametrize("sample", BY_ID)
def test_it_is_found_with_words_and_severity(sample: Sample) -> None:
    [clash] = named(sample, sample.clashing.found())
    assert clash.severity == sample.severity
    assert set(clash.fix) <= {declared.key for declared in OPTIONS}
    assert clash.text.endswith(".")
    assert clash.fix_text.endswith(".")
    for text in (clash.text, clash.fix_text):
        assert "\u2014" not in text
        assert text == text.strip()
        assert len(text) < 260


@pytest.mark.parametrize("sample", BY_ID)
def test_it_is_not_found_nearby(sample: Sample) -> None:
    for harmless in sample.harmless:
        assert named(sample, harmless.found()) == [], harmless


@pytest.mark.parametrize("sample", BY_ID)
def test_a_sample_has_no_other_clash_that_hides_it(sample: Sample) -> None:
    """Its fix leaves a profile that has none, or only others that its own fixes take away."""
    assert settled(sample.clashing, sample.clashing.profile()) == ()


def test_the_profiles_that_termai_makes_have_none() -> None:
    made: Mapping[str, Any] = {"ctx_size": 8192, "flash_attn": "auto", "n_gpu_layers": "auto"}
    assert Setup(made).found() == ()
    quantized = {**made, "cache_type_k": "q8_0", "cache_type_v": "q8_0"}
    assert Setup(quantized).found() == ()


def test_the_shipped_profiles_have_none_where_they_are_meant_to_run() -> None:
    long = replace(DENSE, trained=131_072)
    profiles = list_profiles().profiles
    assert len(profiles) > 3
    for profile in profiles:
        name = profile.name
        gpus = TWO_GPUS if "multi" in name else NO_GPU if "cpu" in name else ONE_GPU
        model = replace(MIXTURE, trained=131_072) if "moe" in name else long
        assert Setup(model=model, engine=gpus).found(profile) == (), name


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert find(Profile("empty")) == ()
    everything = Profile("all").with_values(
        n_gpu_layers=99, tensor_split=[1, 1], threads=64, ctx_size=1_000_000, mlock=True
    )
    assert find(everything) == ()


def test_problems_come_first() -> None:
    values = {"n_gpu_layers": 99, "threads": 9, "cache_type_v": "q8_0", "flash_attn": "off"}
    severities = [clash.severity for clash in Setup(values).found()]
    assert severities == [Severity.PROBLEM, Severity.WARNING, Severity.WARNING]


def test_a_fix_may_change_the_engine() -> None:
    clash = Clash("x", ("y",), Severity.PROBLEM, "", "", {"engine": NATIVE, "threads": None})
    fixed = clash.fixed(Profile("p", engine=EMBEDDED).with_values(threads=3))
    assert fixed.engine == NATIVE
    assert not fixed.is_set("threads")


COUNTS = st.integers(0, 8)
MODELS = st.builds(
    ModelFacts,
    architecture=st.sampled_from(["llama", "grok", "qwen3moe", "deepseek2"]),
    layers=st.integers(1, 100),
    trained=st.sampled_from([0, 256, 512, 4000, 8192, 131_072]),
    experts=st.sampled_from([0, 8]),
    heads_k=st.sampled_from([(), (64,), (80,), (128, 96), (0,)]),
    heads_v=st.sampled_from([(), (64,), (80,), (128,)]),
    window=st.sampled_from([0, 1024]),
    same_cache=st.booleans(),
    shifts=st.booleans(),
    rope_scaling=st.sampled_from(["linear", "yarn", "none", "longrope"]),
    rope_scale=st.sampled_from([1.0, 4.0, 0.5]),
    original=st.sampled_from([0, 4096, 32_768]),
    nextn=st.integers(0, 1),
    draft=st.sampled_from([None, "", "draft-mtp"]),
    other_vocabulary=st.booleans(),
    locked=st.sampled_from([0, 1 << 30]),
)
LIMITS = st.builds(
    MachineLimits,
    cores=st.none() | st.integers(1, 8),
    threads=st.none() | st.integers(1, 16),
    chosen=st.none() | st.integers(1, 64),
    memlock=st.sampled_from([None, 8 << 20]),
)
ENGINES = st.builds(
    EngineFacts,
    name=st.sampled_from([NATIVE, EMBEDDED]),
    devices=st.none() | COUNTS,
    names_drafting=st.booleans(),
    looks_back=st.booleans(),
)
PORTS = st.builds(
    PortFacts,
    host=st.sampled_from(["127.0.0.1", "203.0.113.7"]),
    port=st.just(8080),
    refused=st.sampled_from(["", "is in use by another program"]),
    free=st.none() | st.integers(8081, 8082),
    any_port=st.booleans(),
)
SMALL = {
    "host": st.sampled_from(["127.0.0.1", "203.0.113.7"]),
    "port": st.integers(8080, 8081),
    "ctx_size": st.sampled_from([0, 512, 4096, 16_384, 100_000]),
    "parallel": st.integers(-1, 9),
    "n_gpu_layers": st.sampled_from(["auto", "all", 0, 20, 200]),
    "threads": st.integers(-1, 20),
    "rope_scale": st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    "rope_freq_scale": st.sampled_from([0.0, 0.25, 1.0]),
    "override_kv": st.just(("llama.context_length=int:65536",)),
    "tensor_split": st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=4).map(tuple),
    "device": st.sampled_from([("none",), ("CUDA0",), ("CUDA0", "CUDA1")]),
    "main_gpu": st.integers(0, 3),
    "temperature": st.sampled_from([0.0, 0.7]),
    "repeat_last_n": st.integers(-1, 1),
    "dry_penalty_last_n": st.integers(-1, 1),
    "dry_multiplier": st.sampled_from([0.0, 0.8]),
    "sleep_idle_seconds": st.integers(-1, 1),
}
VALUES = st.lists(
    st.sampled_from(OPTIONS).flatmap(
        lambda o: st.tuples(st.just(o.key), SMALL.get(o.key, of_option(o)))
    ),
    max_size=25,
).map(dict)
SETUPS = st.builds(
    Setup,
    values=VALUES,
    model=st.none() | MODELS,
    limits=st.none() | LIMITS,
    engine=st.none() | ENGINES,
    port=st.none() | PORTS,
)


@given(SETUPS)
def test_the_fix_of_every_clash_makes_it_go_away(setup: Setup) -> None:
    """The very clash, wherever in the profile and whatever else is wrong with it."""
    profile = setup.profile()
    for clash in setup.found(profile):
        if not clash.fix:
            continue
        fixed = clash.fixed(profile)
        assert fixed != profile
        left = setup.found(fixed)
        assert (clash.name, clash.keys[0]) not in [(c.name, c.keys[0]) for c in left]


@given(SETUPS)
def test_a_fix_changes_only_what_clashes_or_what_it_names(setup: Setup) -> None:
    for clash in setup.found():
        for key in clash.fix:
            said = f"{clash.text} {clash.fix_text}"
            assert key in clash.keys or key in said, (clash.name, key)
        for key in clash.keys:
            assert option(key)


@given(SETUPS)
def test_fixing_one_after_the_other_comes_to_an_end(setup: Setup) -> None:
    assert all(not clash.fix for clash in settled(setup, setup.profile()))


def settled(setup: Setup, profile: Profile) -> tuple[Clash, ...]:
    """Return the clashes that are left when every fix was applied, one after the other."""
    for _ in range(60):
        found = setup.found(profile)
        fixable = next((clash for clash in found if clash.fix), None)
        if fixable is None:
            return found
        profile = fixable.fixed(profile)
    raise AssertionError(found)
