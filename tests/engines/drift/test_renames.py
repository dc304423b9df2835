"""The table of renamed and removed flags, against the program that is here and older ones."""

import pytest

from termai.engines.base import Detection
from termai.engines.drift import renames
from termai.profiles import flags
from termai.profiles.schema import option
from tests.engines.drift.asking import refusal

REMOVED = sorted(flag for flag, renamed in renames._table().items() if renamed.source)
GROUPS = sorted({renames.same(flag) for flag in renames._groups()})


@pytest.mark.parametrize("flag", REMOVED)
def test_a_flag_of_the_table_is_gone_or_deprecated(native: Detection, flag: str) -> None:
    renamed = renames.of(flag)
    assert renamed
    if flag in native.options:
        assert "DEPRECATED" in native.help[flag].text
    else:
        assert refusal(native, (flag, *["1"] * renamed.takes))


@pytest.mark.parametrize("flag", REMOVED)
def test_a_successor_is_there_and_takes_what_it_is_given(native: Detection, flag: str) -> None:
    renamed = renames.of(flag)
    assert renamed
    assert renamed.why or renamed.successor
    section, _, key = renamed.successor.rpartition(".")
    if section:
        assert option(key).section == section
    elif renamed.successor:
        assert renamed.successor in native.options
    words = renamed.words(("1",) * renamed.takes)
    if words:
        assert refusal(native, words) == ""


def test_what_the_help_calls_removed_is_in_the_table_with_its_first_successor(
    native: Detection,
) -> None:
    assert native.removed
    for flag, successors in native.removed.items():
        renamed = renames.of(flag)
        assert renamed
        assert renamed.successor in successors


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0])
def test_spellings_of_one_flag_are_one_flag_of_the_program(
    native: Detection, group: tuple[str, ...]
) -> None:
    known = [native.help[flag] for flag in group if flag in native.help]
    assert group[0] in native.options
    assert len(set(known)) == 1
    assert not any(flags.meaning(flag) for flag in group)
