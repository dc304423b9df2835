"""KEY=VALUE of a command line as changes of a profile."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import UsageError
from termai.profiles.assignments import assigned, unassigned
from termai.profiles.profile import Profile

EMPTY = Profile(name="mine")


def test_options_with_and_without_their_section() -> None:
    changed = assigned(EMPTY, ["ctx_size=8192", "server.port=9000", "stop=a, b"])
    assert changed.values == {"ctx_size": 8192, "port": 9000, "stop": ("a", "b")}


def test_what_is_no_option() -> None:
    changed = assigned(
        EMPTY,
        ["description=Two = one", "engine=llama-server", "args.llama-server=--x 'a b'", "env.A=1"],
    )
    assert changed.description == "Two = one"
    assert changed.engine == "llama-server"
    assert changed.args == {"llama-server": ("--x", "a b")}
    assert changed.env == {"A": "1"}
    again = unassigned(changed, ["description", "engine", "args.llama-server", "env.A"])
    assert again == EMPTY


def test_an_empty_value_unsets() -> None:
    assert assigned(EMPTY, ["ctx_size=4096", "ctx_size="]) == EMPTY
    assert assigned(EMPTY, ["load.ctx_size=4096", "load.ctx_size="]) == EMPTY


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ctx_size", "KEY=VALUE"),
        ("ctxsize=1", "ctx_size"),
        ("server.ctx_size=", "server"),
        ("ctx_size=many", "whole number"),
        ("engine=ollama", "llama-server"),
        ("args.ollama=--x", "llama-server"),
        ("args.llama-server='x", "quote"),
        ("env.1A=x", "variable"),
        ("description=a\nb", "one line"),
    ],
)
def test_each_mistake_is_told(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        assigned(EMPTY, [text])
    assert told in str(caught.value)


def test_unsetting_what_is_not_set_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="ctx_size is not set"):
        unassigned(EMPTY, ["ctx_size"])
    with pytest.raises(UsageError, match="no option"):
        unassigned(EMPTY, ["ctx_sizes"])


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1)))
def test_arguments_quoted_for_a_shell_come_back(words: list[str]) -> None:
    changed = assigned(EMPTY, [f"args.llama-server={shlex.join(words)}"])
    assert changed.args.get("llama-server", ()) == tuple(words)
