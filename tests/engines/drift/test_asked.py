"""Options that a program does not have, or not with the value that a profile asks for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from termai.engines import drift
from termai.engines.base import Detection, OptionHelp
from termai.engines.embedded import LlamaCppPython
from termai.errors import UsageError
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED
from tests.engines.drift.asking import having


def with_help(binary: Detection, flag: str, about: OptionHelp) -> Detection:
    return replace(binary, help={**binary.help, flag: about})


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"cpu_moe": True}, "load.cpu_moe"),
        ({"reasoning": "on"}, "chat.reasoning"),
        ({"cors_origins": ("https://a.example",)}, "server.cors_origins"),
        ({"cache_reuse": 4}, "server.cache_reuse"),
    ],
)
def test_an_option_that_the_program_lacks_is_named(
    old: Detection, native: Detection, options: dict[str, Any], where: str
) -> None:
    profile = having(**options)
    (found,) = drift.check(profile, old)
    assert (found.where, found.fatal, found.updates) == (where, True, False)
    assert f"{where} = " in found.problem
    assert drift.check(profile, native) == ()


def test_what_happens_anyway_and_files_that_are_missing_are_no_finding(old: Detection) -> None:
    profile = having(cpu_moe=False, fit=True, model_draft="/nowhere/a.gguf")
    assert drift.check(profile, old) == ()


def test_a_value_that_the_help_no_longer_lists_is_named(native: Detection) -> None:
    profile = having(cache_type_k="q5_1", split_mode="row", rope_scaling="yarn")
    assert drift.check(profile, native) == ()
    fewer = with_help(native, "--split-mode", OptionHelp("{none,layer}", "how to split"))
    fewer = with_help(
        fewer, "--cache-type-k", OptionHelp("TYPE", "KV cache type allowed values: f16, q8_0")
    )
    found = drift.check(profile, fewer)
    assert {each.where for each in found} == {"load.split_mode", "load.cache_type_k"}
    assert all(each.fatal for each in found)
    assert "takes f16, q8_0" in next(each for each in found if "cache" in each.where).problem


def test_the_choices_of_all_options_are_taken_by_the_real_program(native: Detection) -> None:
    from termai.profiles.schema import OPTIONS, Kind

    for declared in OPTIONS:
        for choice in declared.choices if declared.kind is Kind.CHOICE else ():
            assert drift.check(having(**{declared.key: choice}), native) == ()


def test_the_embedded_engine_is_asked_as_well() -> None:
    embedded = LlamaCppPython().detect()
    profile = Profile("p", args={EMBEDDED: ("--x",)}).with_values(cpu_moe=True, parallel=4)
    arguments, option = drift.check(profile, embedded)
    assert arguments.where == f"args.{EMBEDDED}"
    assert option.where == "load.cpu_moe"
    with pytest.raises(UsageError, match="cpu_moe"):
        LlamaCppPython().compose(having(cpu_moe=True), embedded, model=Path("m.gguf"), port=8080)
    assert drift.check(having("--mlock", parallel=4), embedded) == ()


def test_a_program_whose_help_is_not_known_agrees_with_all() -> None:
    unknown = Detection("llama-server", Path("llama-server"), "", options=frozenset({"--fit"}))
    assert drift.check(having("--mlock", "--zzz", cpu_moe=True), unknown) == ()
