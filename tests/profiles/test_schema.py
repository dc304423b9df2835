"""Every option is declared once, completely, and is known to the installed llama-server."""

import re
import subprocess
import sys

import pytest

from termai.errors import UsageError
from termai.profiles.schema import (
    ENGINES,
    GROUPS,
    OPTIONS,
    SECTIONS,
    Kind,
    Option,
    in_group,
    option,
)
from termai.profiles.values import check
from tests.support import native_bin

IDS = [declared.key for declared in OPTIONS]


def test_keys_are_unique_over_all_sections() -> None:
    assert len(set(IDS)) == len(IDS)


def test_groups_hold_every_option_once() -> None:
    assert [o.key for group in GROUPS for o in in_group(group)] == IDS


@pytest.mark.parametrize("declared", OPTIONS, ids=IDS)
def test_a_declaration_is_complete(declared: Option) -> None:
    assert declared.section in SECTIONS
    assert declared.engines <= set(ENGINES)
    assert declared.engines
    assert declared.help[0].isupper()
    assert declared.help.endswith(".")
    assert 40 <= len(declared.help) <= 400
    assert (declared.kind is Kind.CHOICE) == bool(declared.choices)
    ranged = declared.kind in (Kind.WHOLE, Kind.NUMBER, Kind.NUMBERS)
    assert ranged == (declared.low is not None)
    assert ranged == (declared.high is not None)
    assert (declared.section == "sampling") == bool(declared.request)


@pytest.mark.parametrize("declared", OPTIONS, ids=IDS)
def test_a_default_is_a_value_of_its_option(declared: Option) -> None:
    if declared.default not in (None, "", ()):
        assert check(declared, declared.default) == declared.default
        assert type(check(declared, declared.default)) is type(declared.default)


def test_the_installed_llama_server_knows_every_flag() -> None:
    text = _help()
    flags = {flag for o in OPTIONS for flag in (o.flag, o.off_flag) if flag}
    known = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text))
    assert len(flags) > 80
    assert flags <= known


def test_the_installed_llama_server_knows_every_choice() -> None:
    for declared in OPTIONS:
        if declared.choices and declared.flag:
            about = _about(declared.flag)
            missing = [c for c in declared.choices if not re.search(rf"\b{re.escape(c)}\b", about)]
            assert not missing, declared.key


def test_defaults_are_those_of_the_installed_llama_server() -> None:
    """Where --help prints a plain number as the default, the declaration has the same."""
    compared = 0
    for declared in OPTIONS:
        found = re.search(r"\(default: '?(-?[\d.]+)\b", _about(declared.flag))
        if declared.flag and found and isinstance(declared.default, int | float):
            assert float(found[1].rstrip(".")) == float(declared.default), declared.key
            compared += 1
    assert compared >= 30


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean ctx_size"):
        option("ctxsize")


def test_declarations_import_nothing_heavy() -> None:
    code = "import sys, termai.profiles.store; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"textual", "pydantic", "msgspec", "tomlkit", "tomli_w", "click", "httpx2", "numpy"}
    assert not heavy & set(loaded)


_HELP: list[str] = []


def _help() -> str:
    if not _HELP:
        argv = [str(native_bin("llama-server")), "--help"]
        _HELP.append(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    return _HELP[0]


def _about(flag: str) -> str:
    """Return the paragraph of --help that explains ``flag``."""
    paragraphs = re.split(r"\n(?=-)", _help())
    found = (p for p in paragraphs if re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", p))
    return next(found, "")
