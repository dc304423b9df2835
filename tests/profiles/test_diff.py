"""What differs between two profiles, key by key and line by line, and never a secret of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.profiles.diff import Difference, differences, text_diff
from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter, option
from termai.profiles.values import parse_value
from tests.profiles.strategies import VALUES

_SECRET = "fgT7-very-private"


def _pairs(a: Profile, b: Profile) -> dict[str, tuple[str | None, str | None]]:
    return {found.key: (found.before, found.after) for found in differences(a, b)}


def test_every_kind_of_difference_is_told_in_the_order_of_the_file() -> None:
    a = Profile(
        "a",
        description="one",
        values={"path": "x.gguf", "ctx_size": 512, "mlock": True, "temperature": 0.5},
        args={"llama-server": ("--a", "b c")},
        env={"CUDA_VISIBLE_DEVICES": "0", "ONLY_A": "1"},
        kept={"koboldcpp": {"sdmodel": '"x"'}},
    )
    b = Profile(
        "b",
        engine="llama-server",
        values={"path": "x.gguf", "ctx_size": 1024, "lora": (Adapter("s", 0.5),)},
        args={"llama-server": ("--a", "b")},
        env={"CUDA_VISIBLE_DEVICES": "1"},
        kept={"koboldcpp": {"quiet": "true"}, "ollama": {"LICENSE": "MIT"}},
    )
    assert list(_pairs(a, b).items()) == [
        ("description", ("one", None)),
        ("engine", (None, "llama-server")),
        ("model.lora", (None, "s:0.5")),
        ("load.ctx_size", ("512", "1024")),
        ("load.mlock", ("on", None)),
        ("sampling.temperature", ("0.5", None)),
        ("args.llama-server", ("--a 'b c'", "--a b")),
        ("env.CUDA_VISIBLE_DEVICES", ("0", "1")),
        ("env.ONLY_A", ("1", None)),
        ("kept.koboldcpp.sdmodel", ('"x"', None)),
        ("kept.koboldcpp.quiet", (None, "true")),
        ("kept.ollama.LICENSE", (None, "MIT")),
    ]
    assert differences(a, replace(a, name="c", shipped=True, revision="r")) == ()


def test_a_difference_of_an_option_has_its_declaration() -> None:
    [found] = differences(Profile("a"), Profile("b", values={"ctx_size": 1}))
    assert found == Difference("load.ctx_size", option("ctx_size"), None, "1")
    [found] = differences(Profile("a"), Profile("b", description="x"))
    assert found.option is None


@given(VALUES, VALUES)
def test_differences_lead_from_one_profile_to_the_other(
    first: Mapping[str, Any], second: Mapping[str, Any]
) -> None:
    a, b = Profile("a", values=first), Profile("b", values=second)
    changes = {
        found.option.key: None if found.after is None else parse_value(found.option, found.after)
        for found in differences(a, b)
        if found.option
    }
    assert a.with_values(**changes).values == b.values
    assert [d.key for d in differences(a, b)] == [d.key for d in differences(b, a)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"env": {"HF_TOKEN": _SECRET}}, {"env": {"HF_TOKEN": f"{_SECRET}2"}}),
        ({"kept": {"koboldcpp": {"password": _SECRET}}}, {}),
        ({}, {"kept": {"llama-swap": {"cmd": f"llama-server --api-key {_SECRET}"}}}),
        ({"env": {"HEADERS": f"Authorization: Bearer {_SECRET}"}}, {}),
    ],
)
def test_a_secret_is_hidden_and_still_differs(
    one: Mapping[str, Any], other: Mapping[str, Any]
) -> None:
    a, b = Profile("a", **one), Profile("b", **other)
    for found in (*differences(a, b), *differences(b, a)):
        assert found.before != found.after
        assert _SECRET not in repr(found)
    assert len(differences(a, b)) == 1


def test_a_diff_of_texts_is_unified_and_named() -> None:
    a = "# why\n[load]\nctx_size = 1\nmlock = true\n"
    b = "# why\n[load]\nctx_size = 2\nmlock = true\n"
    assert text_diff(a, b, "saved", "edited").splitlines() == [
        "--- saved",
        "+++ edited",
        "@@ -1,4 +1,4 @@",
        " # why",
        " [load]",
        "-ctx_size = 1",
        "+ctx_size = 2",
        " mlock = true",
    ]
    assert text_diff(a, a.replace("\n", "\r\n"), "a", "b") == ""


def test_a_diff_of_texts_hides_secrets_and_tells_that_they_differ() -> None:
    a = f'[kept.koboldcpp]\npassword = "{_SECRET}"\nhordekey = "{_SECRET}"\n'
    b = f'[kept.koboldcpp]\npassword = "{_SECRET}2"\nhordekey = "{_SECRET}"\n'
    assert text_diff(a, b, "a", "b").splitlines()[3:] == [
        " [kept.koboldcpp]",
        '-password = "(hidden)"',
        '+password = "(hidden, another)"',
        ' hordekey = "(hidden)"',
    ]


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_diff_takes_any_text(a: str, b: str) -> None:
    text_diff(a, b, "a", "b")
    assert text_diff(a, a, "a", "b") == ""


def test_a_diff_of_very_long_texts_shows_all_that_differs_at_once() -> None:
    numbers = range(30_000)
    a = "\n".join(["# first", *(f"# {n}" for n in numbers), "# last"])
    b = "\n".join(["# first", *(f"# {n * 7 % 30_011}" for n in numbers), "# last"])
    lines = text_diff(a, b, "a", "b").splitlines()
    assert lines[:4] == ["--- a", "+++ b", "@@ -3,29999 +3,29999 @@", "-# 1"]
    assert len(lines) == 3 + 2 * 29_999


def test_a_small_change_of_a_very_long_text_is_small() -> None:
    a = "\n".join(f"# {n}" for n in range(30_000))
    diff = text_diff(a, a.replace("# 15000\n", "# other\n"), "a", "b")
    assert len(diff.splitlines()) == 2 + 1 + 8
