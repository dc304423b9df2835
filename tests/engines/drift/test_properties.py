"""Whatever stands in [args]: the check answers, and what it offers to update it updates."""

import functools

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from termai.engines import drift
from termai.engines.base import Detection
from termai.engines.drift.words import items
from termai.engines.llama_server import LlamaServer
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED, NATIVE
from termai.text import printable
from tests.engines.drift.asking import brought_up_to_date, having, refusal
from tests.fakes import old_llama_server
from tests.profiles.strategies import PROSE, VALUES

_ANY_FLAG = (
    *("--draft-max", "--draft", "--mlock", "--no-mmap", "-dio", "--tfs", "-spf", "--webui"),
    *("--spec-ngram-size-n", "--spec-type", "-dt", "-fa", "-c", "--ctx_size", "--lora"),
    *("--lora-scaled", "--override-kv", "--host", "-m", "--api-key", "--top-k", "--props"),
    *("--control-vector-layer-range", "--log-colors", "--alias", "--zzz", "-fmoe", "--memory-f32"),
    *("--load-mode", "--metrics", "--no-slots", "--slots-endpoint-disable", "--spec-replace"),
)
_ANY_VALUE = ("1", "-1", "on", "off", "auto", "ngram-mod", "/a.gguf", "0.5", "/a.gguf:0.5", "x=y")
WORDS = st.lists(
    st.one_of(
        st.sampled_from(_ANY_FLAG),
        st.sampled_from(_ANY_VALUE),
        st.tuples(st.sampled_from(_ANY_FLAG), st.sampled_from(_ANY_VALUE)).map("=".join),
        PROSE,
        st.just(""),
    ),
    max_size=8,
).map(tuple)
_VARIABLES = (
    *("LLAMA_ARG_DRAFT_MAX", "LLAMA_ARG_CTX_SIZE", "LLAMA_ARG_NO_MMAP", "LLAMA_ARG_MLOCK"),
    *("LLAMA_ARG_ZZZ", "LLAMA_ARG_LOAD_MODE", "LLAMA_ARG_SLOTS", "CUDA_VISIBLE_DEVICES"),
)
PROFILES = st.builds(
    lambda env, args, values: Profile("p", args=args, values=values, env=env),
    st.dictionaries(st.sampled_from(_VARIABLES), st.one_of(st.sampled_from(_ANY_VALUE), PROSE)),
    st.dictionaries(st.sampled_from((NATIVE, EMBEDDED)), WORDS),
    VALUES,
)
BOTH = pytest.mark.parametrize("age", ["new", "old"])
PLENTY = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@functools.cache
def binary(age: str) -> Detection:
    """Return the program beside termai, or one of January 2025, without starting anything twice."""
    if age == "new":
        return LlamaServer().detect()
    from pathlib import Path

    from termai.engines.helptext import parse_help

    known = parse_help(old_llama_server.usage())
    return Detection(NATIVE, Path("llama-server"), "4417", (), frozenset(known), known)


@BOTH
@PLENTY
@given(profile=PROFILES)
def test_the_check_never_fails_and_says_where_and_what(age: str, profile: Profile) -> None:
    for found in drift.check(profile, binary(age)):
        assert found.where.partition(".")[2]
        assert found.problem.endswith((".", "?"))
        assert printable(found.problem) == found.problem
        assert printable(found.flag) == found.flag
        assert drift.as_json(found)["updates"] == found.updates


@BOTH
@PLENTY
@given(words=WORDS)
def test_every_word_belongs_to_one_item(age: str, words: tuple[str, ...]) -> None:
    position = 0
    for item in items(words, binary(age)):
        assert item.start == position
        assert item.stop > item.start
        position = item.stop
    assert position == len(words)


@BOTH
@PLENTY
@example(profile=Profile("p", args={"llama-server": ("--draft-max", "--mlock", "-A")}))
@given(profile=PROFILES)
def test_an_update_removes_what_it_says_and_a_second_one_does_nothing(
    age: str, profile: Profile
) -> None:
    drifts = drift.check(profile, binary(age))
    changed = drift.updated(profile, drifts)
    assert (changed != profile) == any(found.updates for found in drifts)
    assert not any(found.updates for found in drift.check(changed, binary(age)))
    assert drift.updated(changed, drifts) == changed
    assert brought_up_to_date(changed, binary(age)) == changed
    assert (changed.path, changed.revision) == (profile.path, profile.revision)
    assert changed.args.get(EMBEDDED) == profile.args.get(EMBEDDED)


@BOTH
@PLENTY
@given(profile=PROFILES)
def test_one_update_alone_touches_nothing_else(age: str, profile: Profile) -> None:
    for found in drift.check(profile, binary(age)):
        changed = drift.updated(profile, [found])
        assert drift.updated(changed, [found]) == changed
        if not found.updates:
            assert changed == profile
            continue
        change = found.change
        assert change
        assert set(changed.values) - set(profile.values) <= set(change.values)
        if change.variable:
            assert changed.args == profile.args
            assert set(profile.env) - set(changed.env) == {change.variable}
            continue
        assert changed.env == profile.env
        before, after = profile.args[NATIVE], changed.args.get(NATIVE, ())
        assert after == (*before[: change.start], *change.words, *before[change.stop :])


_SOUND = st.sampled_from(
    (
        *(("--props",), ("--no-slots",), ("--keep", "8"), ("-ngl", "all"), ("-c", "4096")),
        *(("-fa", "1"), ("--pooling", "mean"), ("-ctk", "q8_0"), ("--spec-type", "ngram-mod")),
        *(("--control-vector-layer-range", "1", "2"), ("--seed", "-1"), ("--temp", ".5")),
        *(("--numa", "isolate"), ("-lm", "mlock"), ("--reasoning-format", "auto")),
    )
)
_ODD = st.sampled_from(
    (
        *(("--draft-max", "3"), ("--mlock",), ("--no-mmap",), ("stray",), ("--zzz",), ("-p", "x")),
        *(("--keep",), ("--pooling", "most"), ("--keep", "many"), ("--keep=8",), ("-fa",)),
        *(("--props", "on"), ("--spec-type", "x"), ("--spec-ngram-size-n", "3"), ("-", "")),
        *(("--lora-scaled", "/a.gguf", "0.5"), ("-fa", "blue"), ("--control-vector-layer-range",)),
    )
)
COMMAND_LINES = st.lists(st.one_of(_SOUND, _SOUND, _ODD), min_size=1, max_size=5).map(
    lambda parts: tuple(word for part in parts for word in part)
)


@settings(max_examples=120, deadline=None)
@given(words=COMMAND_LINES)
def test_it_refuses_what_the_real_program_ends_at_and_nothing_else(words: tuple[str, ...]) -> None:
    told = refusal(binary("new"), words)
    fatal = [found for found in drift.check(having(*words), binary("new")) if found.fatal]
    assert bool(fatal) == bool(told), told


@settings(max_examples=60, deadline=None)
@given(words=COMMAND_LINES)
def test_the_real_program_takes_what_was_brought_up_to_date(words: tuple[str, ...]) -> None:
    changed = brought_up_to_date(having(*words), binary("new"))
    fatal = any(found.fatal for found in drift.check(changed, binary("new")))
    assert fatal or refusal(binary("new"), changed.args.get(NATIVE, ())) == ""


@settings(max_examples=120)
@given(words=COMMAND_LINES)
def test_an_older_program_is_judged_by_its_own_flags(words: tuple[str, ...]) -> None:
    changed = brought_up_to_date(having(*words), binary("old"))
    fatal = any(found.fatal for found in drift.check(changed, binary("old")))
    assert fatal or old_llama_server.accept(list(changed.args.get(NATIVE, ()))) == ""
