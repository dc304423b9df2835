"""The form comes from the declarations: every option has a field, and its text means its value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import UsageError
from termai.profiles.kept import HIDDEN
from termai.profiles.profile import Profile
from termai.profiles.schema import GROUPS, OPTIONS, Option
from termai.profiles.values import RefusedValueError
from termai.tui import profile_fields as fields
from termai.tui.profile_draft import Draft
from termai.tui.profile_fields import Field, Origin, Way
from termai.tui.profile_steps import stepped, toggled
from tests.profiles.strategies import SETTABLE

EMPTY = Profile(name="mine")
BY_KEY = {field.identity: field for field in fields.declared()}


def shown(profile: Profile, key: str, **automatic: str) -> fields.Shown:
    return fields.show(profile, BY_KEY[key], EMPTY, automatic)


def test_every_option_has_one_field_in_the_group_it_declares() -> None:
    of_options = [field for field in fields.declared() if field.option]
    assert [field.identity for field in of_options] == [option.key for option in OPTIONS]
    groups = list(dict.fromkeys(field.group for field in fields.fields(EMPTY)))
    assert groups == [fields.ABOUT, *GROUPS, fields.PASSED]


@given(SETTABLE)
def test_the_text_of_a_field_sets_the_value_it_was_made_of(pair: tuple[Option, Any]) -> None:
    option, value = pair
    profile = EMPTY.with_values(**{option.key: value})
    text = fields.text_of(profile, option.key)
    assert fields.with_text(profile, option.key, text) == profile
    if text.strip() == text:
        assert fields.with_text(EMPTY, option.key, text) == profile
    assert fields.unset(profile, option.key) == EMPTY


@given(st.sampled_from(fields.fields(EMPTY)), st.text(max_size=40))
def test_any_text_is_taken_or_refused_with_a_sentence(field: Field, text: str) -> None:
    try:
        profile = fields.with_text(EMPTY, field.identity, text)
    except UsageError as error:
        assert str(error)  # noqa: PT017
    else:
        assert fields.show(profile, field, EMPTY).value


def test_where_a_value_comes_from() -> None:
    profile = EMPTY.with_values(ctx_size=4096)
    assert shown(profile, "ctx_size") == fields.Shown("4096", "tokens", Origin.PROFILE, True)
    assert shown(EMPTY, "batch_size") == fields.Shown("2048", "tokens", Origin.DEFAULT)
    assert shown(EMPTY, "threads_batch") == fields.Shown("-", "", Origin.ENGINE)
    layers = shown(EMPTY, "n_gpu_layers", n_gpu_layers="27/29")
    assert layers == fields.Shown("auto → 27/29", "", Origin.AUTOMATIC)
    context = shown(EMPTY, "ctx_size", ctx_size="40960")
    assert context == fields.Shown("40960", "tokens", Origin.AUTOMATIC)
    assert shown(EMPTY, "port", port="8081").text == "8080 → 8081"
    strict = EMPTY.with_values(port=8099, port_strict=True)
    assert shown(strict, "port", port="8100").text == "8099"


def test_an_option_that_the_chosen_engine_does_not_know_is_said_to_be_ignored() -> None:
    embedded = fields.with_text(EMPTY, "engine", "llama-cpp-python")
    assert shown(embedded, "fit").ignored
    assert not shown(embedded, "ctx_size").ignored
    assert not shown(EMPTY, "fit").ignored


def test_arguments_and_environment_are_fields_too() -> None:
    profile = fields.with_text(EMPTY, "args.llama-server", "--slot 'a b'")
    profile = fields.with_text(profile, fields.NEW_VARIABLE, "CUDA_VISIBLE_DEVICES=0")
    assert profile.args == {"llama-server": ("--slot", "a b")}
    assert profile.env == {"CUDA_VISIBLE_DEVICES": "0"}
    assert fields.text_of(profile, "args.llama-server") == "--slot 'a b'"
    listed = [field.identity for field in fields.listed(profile)]
    assert "env.CUDA_VISIBLE_DEVICES" in listed
    assert "args.llama-server" in listed
    assert "args.llama-cpp-python" not in listed
    profile = fields.unset(fields.unset(profile, "env.CUDA_VISIBLE_DEVICES"), "args.llama-server")
    assert profile == EMPTY


def test_a_variable_that_may_be_a_secret_is_not_drawn() -> None:
    profile = fields.with_text(EMPTY, fields.NEW_VARIABLE, "HF_TOKEN=hf_secret")
    field = next(f for f in fields.fields(profile) if f.identity == "env.HF_TOKEN")
    assert fields.show(profile, field, EMPTY).value == HIDDEN


def test_basic_options_come_first_and_a_profile_s_own_are_never_left_out() -> None:
    basic = {field.identity for field in fields.listed(EMPTY)}
    assert "ctx_size" in basic
    assert "numa" not in basic
    assert "numa" in {f.identity for f in fields.listed(EMPTY.with_values(numa="isolate"))}
    assert fields.listed(EMPTY, everything=True) == fields.fields(EMPTY)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("context", "ctx_size"),
        ("ctx", "ctx_size"),
        ("-ngl", "n_gpu_layers"),
        ("gpu layers", "n_gpu_layers"),
        ("flash", "flash_attn"),
        ("swapped", "mlock"),
        ("temp", "temperature"),
        ("port", "port"),
        ("q8_0", "cache_type_k"),
    ],
)
def test_typed_words_find_options_by_name_flag_group_and_help(words: str, first: str) -> None:
    found = fields.listed(EMPTY, words)
    assert fields.best(found, words) == first


def test_words_that_nothing_has_find_nothing() -> None:
    assert fields.listed(EMPTY, "no such words") == ()
    assert fields.best((), "no such words") == ""


def test_a_field_says_what_it_takes_its_default_and_its_flag() -> None:
    takes, default, flags = fields.facts(BY_KEY["ctx_size"])
    assert takes == "a whole number from 0 to 100000000, in tokens"
    assert default == "default: 0"
    assert flags.startswith("--ctx-size")
    assert fields.facts(BY_KEY["mmap"])[:2] == ("on or off", "default: on")
    assert fields.facts(BY_KEY["numa"])[1] == "default: left to the engine"
    assert fields.facts(BY_KEY["engine"]) == (
        "one of auto, llama-server, llama-cpp-python, koboldcpp, vllm, openai",
    )


@given(st.sampled_from(fields.declared()), st.sampled_from([1, -1]), st.integers(1, 6))
def test_steps_stay_within_what_the_option_takes(field: Field, by: int, count: int) -> None:
    profile: Profile | None = EMPTY
    for _ in range(count):
        assert profile is not None
        after = stepped(profile, field, by)
        if after is None:
            assert field.way not in (Way.SWITCH, Way.CHOICE)
            return
        profile = after


def test_a_context_doubles_and_halves() -> None:
    field, seen, profile = BY_KEY["ctx_size"], [], EMPTY.with_values(ctx_size=4096)
    for by in (1, 1, -1, -1, -1):
        profile = stepped(profile, field, by) or EMPTY
        seen.append(profile.value("ctx_size"))
    assert seen == [8192, 16_384, 8192, 4096, 2048]
    assert stepped(EMPTY.with_values(ctx_size=10_000), field, -1) == EMPTY.with_values(
        ctx_size=8192
    )
    assert stepped(EMPTY.with_values(ctx_size=256), field, -1) == EMPTY.with_values(ctx_size=0)


def test_layers_go_on_from_where_automatic_would_put_them() -> None:
    field = BY_KEY["n_gpu_layers"]
    assert stepped(EMPTY, field, -1, "27/29") == EMPTY.with_values(n_gpu_layers=26)
    assert stepped(EMPTY, field, 1) == EMPTY.with_values(n_gpu_layers="all")
    assert stepped(EMPTY, field, -1) == EMPTY.with_values(n_gpu_layers=0)


def test_switches_turn_over_and_choices_go_round() -> None:
    assert toggled(EMPTY, BY_KEY["mmap"]) == EMPTY.with_values(mmap=False)
    assert toggled(EMPTY, BY_KEY["flash_attn"]) == EMPTY.with_values(flash_attn="on")
    off = EMPTY.with_values(flash_attn="off")
    assert toggled(off, BY_KEY["flash_attn"]) == EMPTY.with_values(flash_attn="auto")
    assert toggled(EMPTY, BY_KEY["path"]) is None
    assert (stepped(EMPTY, BY_KEY["engine"], -1) or EMPTY).engine == "openai"


def test_a_draft_can_be_undone_reverted_and_saved() -> None:
    draft = Draft.of(EMPTY)
    assert draft.unsaved
    assert not draft.changed
    first = draft.to(EMPTY.with_values(ctx_size=1024))
    second = first.to(EMPTY.with_values(ctx_size=2048))
    assert second.to(second.profile) is second
    assert second.undone().profile == first.profile
    assert second.reverted().profile == EMPTY
    assert second.reverted().undone().profile == second.profile
    assert draft.undone() is draft
    stored = second.stored(Profile(name="mine", revision="1").with_values(ctx_size=2048))
    assert not stored.changed
    assert stored.undone().profile.revision == "1"
    assert stored.undone().profile.value("ctx_size") == 1024


def test_what_the_file_replaces_can_be_undone_too() -> None:
    draft = Draft.of(EMPTY).to(EMPTY.with_values(top_k=10)).to(EMPTY.with_values(top_k=20))
    saved = draft.stored(Profile(name="mine", revision="1").with_values(top_k=20))
    restored = saved.stored(Profile(name="mine", revision="2"))
    assert restored.profile == restored.saved
    back = restored.undone().profile
    assert (back.value("top_k"), back.revision) == (20, "2")
    assert restored.undone().undone().profile.value("top_k") == 10


def test_a_refused_value_says_what_was_expected() -> None:
    with pytest.raises(RefusedValueError) as caught:
        fields.with_text(EMPTY, "ctx_size", "much")
    assert "expected a whole number from 0" in caught.value.expected
