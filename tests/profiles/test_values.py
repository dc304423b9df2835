"""Values are checked by their declaration, and a form's text means the value it was made of."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import UsageError
from termai.profiles.schema import OPTIONS, Adapter, Option, option
from termai.profiles.values import (
    RefusedValueError,
    check,
    format_value,
    parse_assignment,
    parse_value,
)
from termai.text import one_line
from tests.profiles.strategies import SETTABLE


@given(SETTABLE)
def test_a_valid_value_is_kept_as_it_is(pair: tuple[Option, Any]) -> None:
    declared, value = pair
    assert check(declared, value) == value


@given(SETTABLE)
def test_formatting_and_parsing_give_the_value_back(pair: tuple[Option, Any]) -> None:
    declared, value = pair
    assert parse_value(declared, format_value(declared, value)) == value


@given(st.sampled_from(OPTIONS), st.text())
def test_any_text_is_a_value_or_is_refused_by_name(declared: Option, text: str) -> None:
    try:
        value = parse_value(declared, text)
    except RefusedValueError as error:
        assert f"{declared.section}.{declared.key}: expected " in str(error)  # noqa: PT017
        assert one_line(str(error)) == str(error)  # noqa: PT017
    else:
        assert value is None or check(declared, value) == value


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(OPTIONS), ANYTHING)
def test_any_toml_value_is_checked_without_an_accident(declared: Option, value: Any) -> None:
    try:
        checked = check(declared, value)
    except RefusedValueError as error:
        assert error.expected.startswith("expected ")  # noqa: PT017
    else:
        assert checked is None or check(declared, checked) == checked


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("ctx_size", True, "expected a whole number from 0 to 100000000, found true"),
        ("ctx_size", 4096.0, "found 4096.0"),
        ("ctx_size", "4096", 'found "4096"'),
        ("ctx_size", -1, "from 0 to 100000000, found -1"),
        pytest.param("ctx_size", 10**5000, "found a number of 16610 bits", id="digits"),
        ("n_gpu_layers", "most", 'from 0 to 100000, "auto" or "all", found "most"'),
        ("temperature", True, "expected a number from 0 to 10, found true"),
        ("temperature", float("nan"), "found nan"),
        ("mmap", 1, "expected true or false, found 1"),
        ("cache_type_k", "q9", "expected one of f32, f16, bf16, q8_0"),
        ("alias", "a\nb", "expected a text on one line"),
        ("alias", "\x1b[31mred", 'found "red"'),
        ("path", "x" * 5000, "expected a path, found"),
        ("stop", ["a", 5], "expected a list of texts, found 5 in it"),
        ("stop", "end", 'expected a list of texts, found "end"'),
        ("tensor_split", [1, True], "expected a list of numbers from 0"),
        ("lora", [{"file": "x"}], "found a table in it"),
        ("lora", [{"path": "x", "scale": "1"}], "found a table in it"),
        ("system_prompt", "a\x00b", "expected a text, found"),
    ],
)
def test_a_wrong_value_says_what_was_expected(key: str, value: Any, message: str) -> None:
    with pytest.raises(RefusedValueError) as caught:
        check(option(key), value)
    assert message in str(caught.value)
    assert one_line(str(caught.value)) == str(caught.value)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("ctx_size=8192", "ctx_size", 8192),
        ("load.ctx_size = 8192", "ctx_size", 8192),
        ("n_gpu_layers=all", "n_gpu_layers", "all"),
        ("mlock=yes", "mlock", True),
        ("temperature=1", "temperature", 1.0),
        ("tensor_split=3,1", "tensor_split", (3.0, 1.0)),
        ("stop=END, ###", "stop", ("END", "###")),
        ('stop=["a, b"]', "stop", ("a, b",)),
        ("lora=style.gguf:0.5,C:x.gguf", "lora", (Adapter("style.gguf", 0.5), Adapter("C:x.gguf"))),
        ("path=", "path", None),
        ("path=a=b.gguf", "path", "a=b.gguf"),
    ],
)
def test_an_assignment_from_the_command_line(text: str, key: str, value: Any) -> None:
    assert parse_assignment(text) == (key, value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ctx_size", "is not KEY=VALUE"),
        ("ctx_sise=1", "Did you mean ctx_size"),
        ("server.ctx_size=1", "belongs to load"),
        ("ctx_size=many", 'found "many"'),
    ],
)
def test_a_wrong_assignment_says_why(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_assignment(text)


@pytest.mark.parametrize(
    ("text", "value"), [("16k", 16_384), ("16 K", 16_384), ("8.75k", 8960), ("16384", 16_384)]
)
def test_whole_numbers_are_read_in_thousands_of_1024(text: str, value: int) -> None:
    assert parse_value(option("ctx_size"), text) == value


@pytest.mark.parametrize("text", ["k", "1.0001k", "-1k", "16kk", "1e9k", "99999999999k"])
def test_what_is_no_whole_number_of_thousands_is_refused(text: str) -> None:
    with pytest.raises(RefusedValueError, match="expected a whole number"):
        parse_value(option("ctx_size"), text)


@pytest.mark.parametrize("empty", ["", [], ()])
def test_an_empty_value_means_not_set(empty: Any) -> None:
    key = "path" if isinstance(empty, str) else "stop"
    assert check(option(key), empty) is None


@pytest.mark.parametrize("key", ["lora", "tensor_split", "stop"])
def test_an_empty_list_is_shown_as_nothing(key: str) -> None:
    assert format_value(option(key), ()) == ""
