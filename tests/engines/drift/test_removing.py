"""Taking out what an engine does not take, for one who asks for it."""

from dataclasses import replace

import pytest

from termai.engines import drift
from termai.engines.base import Detection
from termai.engines.drift.removing import what, without
from termai.profiles.schema import NATIVE
from tests.engines.drift.asking import having


@pytest.mark.parametrize(
    ("words", "named", "rest"),
    [
        (("--no-such-flag", "3", "--slots"), "--no-such-flag 3", ("--slots",)),
        (("--slots", "--no-such-flag=3"), "--no-such-flag=3", ("--slots",)),
        (("--no-such-flag", "a b"), "--no-such-flag 'a b'", ()),
        (("--slots", "stray"), "stray", ("--slots",)),
        (("--api-key", "s3cret"), "--api-key '(hidden)'", ()),
    ],
)
def test_a_flag_goes_with_its_values_and_no_other(
    native: Detection, words: tuple[str, ...], named: str, rest: tuple[str, ...]
) -> None:
    profile = having(*words, ctx_size=512)
    found = next(one for one in drift.check(profile, native) if not one.updates)
    assert what(profile, found, native) == named
    after = without(profile, found, native)
    assert after == having(*rest, ctx_size=512)
    assert what(after, found, native) == ""
    assert without(after, found, native) == after


def test_a_variable_an_option_and_arguments_of_the_other_engine(native: Detection) -> None:
    profile = replace(
        having("--slots", threads=2),
        env={"A": "1", "B": "2"},
        args={NATIVE: ("--slots",), "llama-cpp-python": ("--x", "1")},
    )
    for where, named in (
        ("env.A", "A"),
        ("load.threads", "threads"),
        ("args.llama-cpp-python", "--x 1"),
    ):
        found = drift.Drift(where, "", "It is not known.")
        assert what(profile, found, native) == named
        profile = without(profile, found, native)
    assert profile == replace(having("--slots"), env={"B": "2"})
