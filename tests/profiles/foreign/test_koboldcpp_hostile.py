"""KoboldCPP files that are broken, wrong or made to do harm."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.profiles.foreign.base import TEXT_LIMIT, Wanted
from termai.profiles.foreign.keeping import KEPT_TOTAL
from termai.profiles.foreign.koboldcpp import FORMAT
from termai.profiles.reading import KEPT_LIMIT
from tests.profiles.foreign.koboldcpp_files import FILE, FILES, JSON, KNOWN, SAMPLES, imported


def refusal(text: str) -> str:
    """Return how a text is refused, nothing when it is taken."""
    try:
        imported(text)
    except InvalidFileError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"gpulayers": "many"}, 'gpulayers: expected a whole number, found "many"'),
        ({"contextsize": 4096.5}, "contextsize: expected a whole number, found 4096.5"),
        ({"contextsize": 10**12}, "contextsize: expected a whole number from 0 to 100000000"),
        ({"threads": True}, "threads: expected a whole number, found true"),
        ({"threads": 5000}, "threads: expected a whole number from -1 to 1024"),
        ({"tensor_split": [1, "a"]}, "tensor_split: expected a list of numbers"),
        ({"usemlock": "maybe"}, 'usemlock: expected true or false, found "maybe"'),
        ({"model_param": {"a": 1}}, "model_param: expected a text, found a table"),
        ({"model": [["a"]]}, "model: expected a list of texts"),
        ({"quantkv": "q2_k"}, "quantkv: expected one of f32, f16"),
        ({"port": 70000}, "port: expected a whole number from 1 to 65535"),
        ({"gendefaults": {"temperature": []}}, "temperature: expected a number"),
        ({"gendefaults": '{"top_p": 7}'}, "gendefaults.top_p: expected a number from 0 to 1"),
        ({"usevulkan": ["a"]}, "usevulkan: expected a list of the numbers of GPUs"),
        ({"model_param": "a\nb"}, "model_param: expected a path"),
        ({"splitmode": "diagonal"}, "splitmode: expected one of none, layer"),
    ],
)
def test_a_wrong_value_is_named_with_file_key_and_expectation(
    said: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidFileError) as raised:
        imported(json.dumps(said))
    assert raised.value.message.startswith(f"{FILE}: ")
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a JSON object"),
        ("[1]", "expected a JSON object"),
        ("{", "line 1, column 2: expected JSON"),
        ('{"a": 1,}', "expected JSON"),
        ('{"a": 1} {"a": 2}', "expected JSON: Extra data"),
        ("{'a': 1}", "expected JSON"),
        ('{"a": "\\q"}', "expected JSON"),
        ('{"a": ' + "[" * 100_000, "levels of brackets"),
        ('{"a": ' + '{"a":' * 5000 + "1" + "}" * 5000 + "}", "levels of brackets"),
        ('{"' + '\\"' * 400_000, "expected JSON"),
        ('{"a": "' + "\\" * 400_001, "expected JSON"),
        ("{" + ",".join(f'"k{n}": 1' for n in range(5000)) + "}", "at most 4096 keys"),
        (" " * (TEXT_LIMIT + 1), "characters"),
    ],
)
def test_a_text_that_is_no_settings_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidFileError, match=message):
        imported(text)


@given(st.sampled_from(sorted(KNOWN)), JSON)
def test_a_value_of_any_type_is_taken_or_refused_by_name(key: str, value: Any) -> None:
    text = json.dumps({key: value})
    refused = refusal(text)
    if refused:
        assert str(FILE) in refused
        assert key in refused or "gendefaults" in key
        return
    assert FORMAT.write is not None
    json.loads(FORMAT.write(imported(text).profile, Wanted()).text)


@given(FILES, st.dictionaries(st.sampled_from(sorted(KNOWN)), JSON, max_size=3))
def test_a_file_with_some_wrong_values_is_taken_or_refused(
    known: dict[str, Any], wrong: dict[str, Any]
) -> None:
    refused = refusal(json.dumps(known | wrong))
    assert not refused or str(FILE) in refused


_RECORDED = (SAMPLES / "gpt-oss-1.117.kcpps").read_text("utf-8")


@given(
    st.integers(0, len(_RECORDED)), st.integers(0, 40), st.text('{}[]",:\\u0019ae-. \n', max_size=5)
)
def test_a_damaged_file_is_taken_or_refused(at: int, length: int, instead: str) -> None:
    refused = refusal(_RECORDED[:at] + instead + _RECORDED[at + length :])
    assert not refused or str(FILE) in refused


@pytest.mark.parametrize("number", ["1" * 5000, "-" + "9" * 400_000, "1e99999", "NaN", "Infinity"])
def test_a_huge_number_is_kept_where_nobody_reads_it_and_refused_where_somebody_does(
    number: str,
) -> None:
    made = imported(f'{{"unheard_of": {number}}}')
    fits = len(number) <= KEPT_LIMIT
    assert made.profile.kept.get("koboldcpp", {}).get("unheard_of") == (number if fits else None)
    with pytest.raises(InvalidFileError, match="threads: expected a whole number"):
        imported(f'{{"threads": {number}}}')


def test_what_is_too_long_to_be_kept_is_listed() -> None:
    story = json.dumps("x" * KEPT_LIMIT)
    made = imported(f'{{"preloadstory": {story}, "sdmodel": "a.safetensors"}}')
    assert [(item.key, item.kept) for item in made.left] == [
        ("preloadstory", False),
        ("sdmodel", True),
    ]
    assert "too long" in made.left[0].why
    assert set(made.profile.kept["koboldcpp"]) == {"sdmodel"}


def test_all_that_is_kept_of_a_file_has_a_limit() -> None:
    parts = {f"part{n}": "y" * 60_000 for n in range(12)}
    made = imported(json.dumps(parts))
    kept = made.profile.kept["koboldcpp"]
    assert sum(len(key) + len(text) for key, text in kept.items()) <= KEPT_TOTAL
    dropped = {item.key for item in made.left if not item.kept}
    assert dropped == set(parts) - set(kept)
    assert len(dropped) == 4


def test_what_a_profile_cannot_keep_is_listed() -> None:
    many = {f"key{n}": 1 for n in range(600)}
    made = imported(json.dumps(many | {"a\x00b": 1, "k" * 300: 1}))
    assert len(made.profile.kept["koboldcpp"]) == 512
    assert sum(not item.kept for item in made.left) == 600 + 2 - 512


def test_a_command_of_a_file_is_never_an_option() -> None:
    made = imported('{"onready": "touch /tmp/owned", "mcpfile": "x.json"}')
    assert set(made.profile.values) == {"context_shift"}
    assert made.profile.args == {}
    assert made.left[0].why == "termai runs no command of an imported file"


def test_control_characters_never_reach_a_message() -> None:
    made = imported(json.dumps({"evil\x1b[31m": "\x1b[2J", "sdmodel": "\u202eboo"}))
    shown = "".join(part for item in made.left for part in (item.key, item.value, item.why))
    assert shown.isprintable()
    with pytest.raises(InvalidFileError) as raised:
        imported(json.dumps({"threads": "\x1b[2J"}))
    assert raised.value.message.isprintable()


def test_a_secret_deep_in_a_value_is_kept_and_not_shown() -> None:
    text = '{"model_param": "a.gguf", "sdconfig": {"a": [1, {"apikey":"hunter2"}]}}'
    found = imported(text)
    assert "hunter2" not in repr(found.left) + repr(found.notes)
    assert FORMAT.write is not None
    shown = FORMAT.write(found.profile, Wanted())
    assert "hunter2" not in shown.text + repr(shown.left)
    asked = FORMAT.write(found.profile, Wanted(with_secrets=True))
    assert '"sdconfig": {"a": [1, {"apikey":"hunter2"}]}' in asked.text
    assert asked.private
