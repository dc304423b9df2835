"""Flags in [args]: known, renamed, removed, mistyped, or options by now."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from termai.engines import drift
from termai.engines.base import Detection
from termai.engines.drift.taken import NUMBERS
from termai.profiles.schema import NATIVE, Adapter
from tests.engines.drift.asking import brought_up_to_date, having, refusal


def one(words: tuple[str, ...], binary: Detection) -> drift.Drift:
    (found,) = drift.check(having(*words), binary)
    return found


@pytest.mark.parametrize(
    ("words", "successor", "options"),
    [
        (("--draft-max", "16"), "load.spec_draft_n_max", {"spec_draft_n_max": 16}),
        (("--draft", "16"), "load.spec_draft_n_max", {"spec_draft_n_max": 16}),
        (("--draft-min", "2"), "load.spec_draft_n_min", {"spec_draft_n_min": 2}),
        (("--mlock",), "load.mlock", {"mlock": True}),
        (("--no-mmap",), "load.mmap", {"mmap": False}),
        (
            ("--memory_f32",),
            "load.cache_type_k, load.cache_type_v",
            {"cache_type_k": "f32", "cache_type_v": "f32"},
        ),
    ],
)
def test_a_removed_flag_becomes_the_option_that_it_is_by_now(
    native: Detection, words: tuple[str, ...], successor: str, options: dict[str, Any]
) -> None:
    assert refusal(native, words)
    found = one(words, native)
    assert found.fatal
    assert found.where == "args.llama-server"
    assert found.flag == words[0]
    assert found.successor == successor
    assert "no longer knows" in found.problem
    assert brought_up_to_date(having(*words), native) == having(**options)


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        (("-dio",), ("--load-mode", "dio")),
        (("--slots-endpoint-disable",), ("--no-slots",)),
        (("-cpent", "512"), ("--checkpoint-min-step", "512")),
        (("--log-colors",), ("--log-colors", "on")),
        (("--log-colors", "--props"), ("--log-colors", "on", "--props")),
        (("--keep=8",), ("--keep", "8")),
        (("--props", "on"), ("--props",)),
        (
            ("--spec-type", "ngram-mod,ngram-simple", "--spec-ngram-size-m", "8"),
            ("--spec-type", "ngram-mod,ngram-simple", "--spec-ngram-size-m", "8"),
        ),
    ],
)
def test_a_flag_that_is_no_option_becomes_its_successor(
    native: Detection, words: tuple[str, ...], becomes: tuple[str, ...]
) -> None:
    assert refusal(native, words)
    changed = brought_up_to_date(having(*words), native)
    assert changed == having(*becomes)
    assert (changed == having(*words)) == bool(refusal(native, becomes))


@pytest.mark.parametrize(
    "words",
    [
        ("--penalize-nl",),
        ("--verbose-prompt",),
        ("-dkvc",),
        ("--tfs", "0.9"),
        ("--grp-attn-n", "4"),
        ("--ctx-size-draft", "4096"),
        ("--spec-replace", "a", "b"),
        ("--no-direct-io",),
        ("--logdir", "/tmp"),
        ("-p", "Hello there"),
        ("-cnv",),
        ("-fmoe",),
        ("-amb", "512"),
    ],
)
def test_a_flag_without_a_successor_is_taken_out(native: Detection, words: tuple[str, ...]) -> None:
    assert refusal(native, words)
    assert one(words, native).fatal
    assert brought_up_to_date(having("--props", *words, "--offline"), native) == having(
        "--props", "--offline"
    )


@pytest.mark.parametrize("flag", ["--version", "--list-devices", "-cl", "--usage"])
def test_a_flag_that_only_prints_is_taken_out(native: Detection, flag: str) -> None:
    assert one((flag,), native).fatal
    assert brought_up_to_date(having("--props", flag), native) == having("--props")


def test_ngram_flags_become_those_of_the_kind_of_drafting(native: Detection) -> None:
    words = ("--spec-ngram-size-n", "12", "--draft-max", "48")
    changed = brought_up_to_date(having(*words, spec_type="ngram-mod"), native)
    assert changed.args[NATIVE] == (
        *("--spec-ngram-mod-n-match", "12"),
        *("--spec-ngram-mod-n-max", "48"),
    )
    unclear = drift.check(having(*words[:2]), native)
    assert [found.updates for found in unclear] == [False]


def test_a_mistyped_flag_is_named_with_the_one_it_is_like(native: Detection) -> None:
    found = one(("--ubatchsize", "512"), native)
    assert found.fatal
    assert found.successor == "--ubatch-size"
    assert "Did you mean --ubatch-size?" in found.problem
    assert not found.updates


def test_a_flag_like_no_other_has_no_successor(native: Detection) -> None:
    found = one(("--zzqqxx", "1"), native)
    assert found.fatal
    assert found.successor == ""


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (("-c", "4096"), {"ctx_size": 4096}),
        (("--ctx_size", "4096"), {"ctx_size": 4096}),
        (("-ngl", "all"), {"n_gpu_layers": "all"}),
        (("-fa", "off"), {"flash_attn": "off"}),
        (("-nkvo",), {"kv_offload": False}),
        (("--load-mode", "mlock"), {"mmap": False, "mlock": True}),
        (("--temp", "0.5"), {"temperature": 0.5}),
        (("--lora-scaled", "/dev/null:0.5"), {"lora": (Adapter("/dev/null", 0.5),)}),
    ],
)
def test_a_flag_that_is_an_option_is_moved_there(
    native: Detection, words: tuple[str, ...], options: dict[str, Any]
) -> None:
    found = one(words, native)
    assert not found.fatal
    assert found.hint
    assert found.updates
    assert brought_up_to_date(having(*words), native) == having(**options)


def test_the_argument_wins_over_the_option_as_it_does_in_llama_server(native: Detection) -> None:
    profile = having("-c", "4096", "-c", "8192", ctx_size=1024)
    found = drift.check(profile, native)[0]
    assert "overrides what the profile says of ctx_size" in found.problem
    assert not found.hint
    assert brought_up_to_date(profile, native) == having(ctx_size=8192)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (("--lora", "style.gguf"), {}),
        (("--chat-template-file", "own.jinja"), {}),
        (("--lora", "/dev/null", "--lora", "/dev/zero"), {}),
        (("--override-kv", "a=int:1"), {"override_kv": ("b=int:2",)}),
        (("--spec-type", "ngram-mod,ngram-simple"), {}),
        (("--load-mode", "dio"), {}),
        (("-hf", "org/name"), {"path": "/m.gguf"}),
    ],
)
def test_a_flag_that_would_say_something_else_as_an_option_stays(
    native: Detection, words: tuple[str, ...], options: dict[str, Any]
) -> None:
    for name in ("style.gguf", "own.jinja"):
        (Path.home() / name).touch()
    assert drift.check(having(*words, **options), native) == ()


def test_flags_that_are_no_options_and_known_are_not_mentioned(native: Detection) -> None:
    words = ("--slot-prompt-similarity", "0.2", "--props", "-l", "15043-1", "--no-slots")
    assert drift.check(having(*words), native) == ()
    assert drift.check(having("--control-vector-layer-range", "1", "2"), native) == ()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("stray",), "'stray' belongs to no flag"),
        (("--props", "5"), "'5' belongs to no flag"),
        (("--top-k",), "needs a value"),
        (("--top-k", "--props"), "needs a value"),
        (("--keep", "many"), "needs a number, not 'many'"),
        (("-ctk", "q3_0"), "-ctk takes f32, f16,"),
        (("--pooling", "most"), "--pooling takes none, mean,"),
        (("--log-colors", "blue"), "--log-colors takes on, off, auto"),
        (("--spec-type", "ngram-mod,oracle"), "--spec-type takes none, draft-simple"),
        (("--control-vector-layer-range", "1"), "needs a value"),
        (("--mlock=0",), "no longer knows --mlock"),
        (("--webui=0",), "takes no `=` behind --webui"),
    ],
)
def test_what_llama_server_ends_at_is_said_before_it_does(
    native: Detection, words: tuple[str, ...], sentence: str
) -> None:
    assert refusal(native, words)
    fatal = [found for found in drift.check(having(*words), native) if found.fatal]
    assert sentence in fatal[0].problem
    assert not fatal[0].updates


def test_what_is_taken_for_a_number_the_real_program_takes_for_one(native: Detection) -> None:
    flags = [flag for flag, about in native.help.items() if about.takes in NUMBERS]
    long = [flag for flag in flags if flag.startswith("--")]
    assert len(long) > 80
    for flag in long:
        refused = refusal(native, (flag, "many"))
        assert bool(refused) == any(
            found.fatal for found in drift.check(having(flag, "many"), native)
        )


def test_words_in_place_of_numbers_are_taken_where_the_help_names_them(native: Detection) -> None:
    for words in (("-ngl", "auto"), ("-ngld", "all"), ("--keep", "-1"), ("--temp", ".5")):
        assert not any(found.fatal for found in drift.check(having(*words), native))
        assert not refusal(native, words)


def test_a_program_whose_help_may_leave_flags_out_is_only_doubted(native: Detection) -> None:
    doubted = replace(native, complete=False)
    for words in (("--mlock",), ("--zzz", "1"), ("stray",), ("--keep",)):
        assert drift.check(having(*words), native)[0].fatal
        found = drift.check(having(*words), doubted)
        assert found
        assert not any(each.fatal or each.hint for each in found)
    assert all(
        found.fatal for found in drift.check(having("--port", "1", "--api-key", "a"), doubted)
    )


def test_a_value_that_the_help_does_not_name_is_no_reason_to_refuse(native: Detection) -> None:
    found = one(("--lazy-mode", "sometimes"), native)
    assert not found.fatal
    assert "takes on, auto, off" in found.problem


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (("--port", "9000"), {"port": 9000}),
        (("--host=0.0.0.0",), {"host": "0.0.0.0"}),
        (("-m", "/models/a.gguf"), {"path": "/models/a.gguf"}),
        (("--api-key-file", "/keys"), {"api_key_file": "/keys"}),
    ],
)
def test_what_termai_sets_itself_is_refused_and_moved(
    native: Detection, words: tuple[str, ...], options: dict[str, Any]
) -> None:
    found = one(words, native)
    assert found.fatal
    assert brought_up_to_date(having(*words), native) == having(**options)


@pytest.mark.parametrize("words", [("--api-key", "sk-1234"), ("--api_key=sk-1234",)])
def test_a_secret_is_refused_and_never_shown(native: Detection, words: tuple[str, ...]) -> None:
    found = one(words, native)
    assert found.fatal
    assert not found.updates
    assert "api_key_file" in found.problem
    assert "sk-1234" not in repr(found)


def test_control_characters_do_not_reach_the_terminal(native: Detection) -> None:
    for found in drift.check(having("--a\x1b[31m", "\x1b]0;x\x07", "--keep", "\x1b[1m"), native):
        assert (found.flag + found.problem).isprintable()


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (("-fa", "on"), {"flash_attn": "on"}),
        (("-fa",), {"flash_attn": "on"}),
        (("--spec-draft-n-max", "8"), {"spec_draft_n_max": 8}),
        (("--load-mode", "mmap+mlock"), {"mlock": True}),
        (("--lora-scaled", "/a.gguf", "0.5"), {"lora": (Adapter("/a.gguf", 0.5),)}),
    ],
)
def test_a_newer_spelling_is_brought_to_an_older_program(
    old: Detection, words: tuple[str, ...], options: dict[str, Any]
) -> None:
    assert brought_up_to_date(having(*words), old) == having(**options)


def test_an_older_program_is_told_what_it_has_not(old: Detection) -> None:
    found = one(("--cpu-moe",), old)
    assert found.fatal
    assert not found.updates
    assert "has nothing else that does the same" in found.problem


def test_another_spelling_of_the_same_flag_is_found(old: Detection, native: Detection) -> None:
    lacking = replace(native, options=native.options - {"--webui", "--log-verbosity"})
    assert brought_up_to_date(having("--webui", "--log_verbosity", "3"), lacking) == having(
        "--ui", "--verbosity", "3"
    )


def test_a_deprecated_flag_is_mentioned_and_taken_out(native: Detection) -> None:
    found = one(("-dt", "0.1"), native)
    assert not found.fatal
    assert "deprecated" in found.problem
    assert brought_up_to_date(having("-dt", "0.1"), native) == having()
