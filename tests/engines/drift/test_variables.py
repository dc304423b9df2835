"""Variables in [env] that llama-server reads in place of flags."""

from dataclasses import replace
from typing import Any

import pytest

from termai.engines import drift
from termai.engines.base import Detection
from termai.profiles.profile import Profile
from tests.engines.drift.asking import brought_up_to_date, having, refusal


def with_env(profile: Profile, **env: str) -> Profile:
    return replace(profile, env=env)


def test_a_variable_of_a_removed_flag_ends_the_program_and_becomes_an_option(
    native: Detection,
) -> None:
    env = {"LLAMA_ARG_DRAFT_MAX": "16"}
    assert "removed" in refusal(native, (), **env)
    profile = with_env(having(), CUDA_VISIBLE_DEVICES="0", **env)
    (found,) = drift.check(profile, native)
    assert (found.where, found.fatal) == ("env.LLAMA_ARG_DRAFT_MAX", True)
    assert "use load.spec_draft_n_max (llama.cpp#22397)" in found.problem
    mended = brought_up_to_date(profile, native)
    assert mended == with_env(having(spec_draft_n_max=16), CUDA_VISIBLE_DEVICES="0")


def test_a_variable_that_is_not_read_any_more_is_said_and_moved(native: Detection) -> None:
    profile = with_env(having(), LLAMA_ARG_MLOCK="1")
    assert not refusal(native, (), **profile.env)
    (found,) = drift.check(profile, native)
    assert "does not read LLAMA_ARG_MLOCK" in found.problem
    assert (found.fatal, found.hint) == (False, False)
    assert brought_up_to_date(profile, native) == having(mlock=True)


def test_a_variable_that_nobody_knows_is_said_and_stays(native: Detection) -> None:
    profile = with_env(having(), LLAMA_ARG_FROBNICATE="1")
    (found,) = drift.check(profile, native)
    assert "does not read LLAMA_ARG_FROBNICATE" in found.problem
    assert not found.fatal
    assert brought_up_to_date(profile, native) == profile


@pytest.mark.parametrize(
    ("env", "options"),
    [
        ({"LLAMA_ARG_CTX_SIZE": "4096"}, {"ctx_size": 4096}),
        ({"LLAMA_ARG_BATCH": "64"}, {"batch_size": 64}),
        ({"LLAMA_ARG_NO_KV_OFFLOAD": "1"}, {"kv_offload": False}),
    ],
)
def test_a_variable_that_is_an_option_can_be_one(
    native: Detection, env: dict[str, str], options: dict[str, Any]
) -> None:
    profile = with_env(having(), **env)
    (found,) = drift.check(profile, native)
    assert found.hint
    assert brought_up_to_date(profile, native) == having(**options)


@pytest.mark.parametrize(
    "profile",
    [
        with_env(having(ctx_size=1024), LLAMA_ARG_CTX_SIZE="4096"),
        with_env(having(), LLAMA_ARG_MODEL="/a.gguf"),
        with_env(having(), LLAMA_ARG_CTX_SIZE="many"),
        with_env(having(), LLAMA_API_KEY="sk-1", HF_TOKEN="hf_1", OMP_NUM_THREADS="2"),
    ],
)
def test_what_would_say_something_else_and_other_programs_variables_stay(
    native: Detection, profile: Profile
) -> None:
    assert drift.check(profile, native) == ()


def test_the_command_line_wins_over_a_variable(native: Detection) -> None:
    profile = with_env(having("-c", "512"), LLAMA_ARG_CTX_SIZE="4096")
    mended = brought_up_to_date(profile, native)
    assert mended == with_env(having(ctx_size=512), LLAMA_ARG_CTX_SIZE="4096")
