"""What the user's own profiles need: a problem for what a start would fail of, and nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from termai.doctor import checking, profile_files
from termai.environment import Verdict
from termai.errors import InvalidFileError, TermaiError
from termai.paths import config_dir, models_dir, profiles_dir
from termai.profiles import loading
from termai.profiles.loading import Listing
from termai.profiles.store import load_profile
from termai.servers import launching
from tests.doctor.own import MODEL, profiles, write

SMOKE = 'schema = 1\nengine = "llama-server"\n[model]\npath = "builtin:smoke"\n'
BROKEN = {
    "a model that is gone": (MODEL.format(path="/gone/model.gguf"), "/gone/model.gguf", ""),
    "a model in no directory": (MODEL.format(path="nowhere/at/all.gguf"), "at/all.gguf", ""),
    "one that was never downloaded": (
        MODEL.format(path="hub:ggml-org/tiny:Q8_0"),
        "is not downloaded",
        "termai pull ggml-org/tiny:Q8_0",
    ),
    "a file that is no model": (MODEL.format(path=__file__), "to begin with GGUF", ""),
    "a flag that was removed": (
        f'{SMOKE}[args]\nllama-server = ["--draft-max", "4"]\n',
        "--draft-max",
        "termai profiles check mine --update",
    ),
    "a flag that never was": (f'{SMOKE}[args]\nllama-server = ["--nonsense"]\n', "--nonsense", ""),
    "a projector that is gone": (f'{SMOKE}mmproj = "gone-mmproj.gguf"\n', "gone-mmproj.gguf", ""),
    "an adapter that is gone": (
        f'{SMOKE}lora = [{{ path = "gone-lora.gguf", scale = 1.0 }}]\n',
        "gone-lora.gguf",
        "",
    ),
    "a key file that is gone": (f'{SMOKE}[server]\napi_key_file = "key"\n', "key", ""),
    "a machine that does not answer": (
        f'{SMOKE}[load]\nrpc = ["127.0.0.1:1"]\n',
        "No RPC server answers at 127.0.0.1:1",
        "",
    ),
    "open to all without a key": (f'{SMOKE}[server]\nhost = "0.0.0.0"\n', "0.0.0.0", ""),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_a_start_would_fail_of_is_a_problem(what: str) -> None:
    text, word, command = BROKEN[what]
    write("mine", text)
    found = profiles()["profile mine"]
    assert found.verdict is Verdict.PROBLEM
    assert word in found.sentence
    assert found.fix
    assert found.command == command
    with pytest.raises(TermaiError):
        _start("mine")


@pytest.mark.parametrize(
    "text",
    [
        SMOKE,
        "schema = 1\n[load]\nctx_size = 512\n",
        f'{SMOKE}[server]\nhost = "0.0.0.0"\napi_key_file = "key"\n',
    ],
    ids=["whole", "without a model", "with a key"],
)
def test_what_can_be_started_is_well(text: str) -> None:
    write("mine", text)
    key = config_dir() / "key"
    key.write_text("secret\n")
    key.chmod(0o600)
    found = profiles()
    assert set(found) == {"profiles"}
    assert found["profiles"].verdict is Verdict.OK
    assert found["profiles"].sentence.startswith("1 of your own")


def test_shipped_profiles_need_nothing_of_the_user() -> None:
    found = profiles()
    assert set(found) == {"profiles"}
    assert "none of your own" in found["profiles"].sentence


def test_a_broken_file_is_a_problem_with_its_line() -> None:
    write("mine", "schema = 1\n[load]\nctx_size = true\n")
    write("other", "not toml at all")
    found = profiles()
    assert "mine.toml, line 3" in found["unreadable profile"].sentence
    assert "other.toml" in found["unreadable profile 2"].sentence
    assert found["unreadable profile"].verdict is Verdict.PROBLEM


def test_a_model_of_the_library_is_found_by_its_name() -> None:
    from termai.models.resolve import resolve

    directory = models_dir() / "someone" / "tiny"
    directory.mkdir(parents=True)
    shutil.copy(resolve("builtin:smoke"), directory / "tiny-q8_0.gguf")
    write("mine", MODEL.format(path="someone/tiny/tiny-q8_0.gguf"))
    assert set(profiles()) == {"profiles"}
    (directory / "tiny-q8_0.gguf").unlink()
    assert profiles()["profile mine"].verdict is Verdict.PROBLEM


def test_no_engine_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    from termai.engines import choose
    from termai.engines.choose import Survey

    monkeypatch.setattr(choose, "survey", lambda: Survey((), (TermaiError("one was broken"),)))
    write("mine", MODEL.format(path="builtin:smoke"))
    found = profiles()["profile mine"]
    assert "No engine was found" in found.sentence
    assert found.cause == "one was broken"


def test_the_doctor_says_whether_profiles_suffer() -> None:
    assert not checking.profiles_suffer(checking.examine(["termai"]))
    path = write("mine", MODEL.format(path="/gone.gguf"))
    broken = next(f for f in checking.examine(["termai"]) if f.name == "profile mine")
    assert checking.profiles_suffer([broken])
    assert checking.again(broken) is not None
    path.unlink()
    assert checking.again(broken) is None


def _start(name: str) -> Path:
    """Do what a start does until it would run the program; raises what ends it."""
    planned = launching.plan(load_profile(name), force=True)
    return planned.engine.compose(
        planned.profile, planned.detection, model=planned.model, port=8080
    ).model


not_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@not_root
def test_profiles_that_cannot_be_seen_are_not_those_that_come_with_termai() -> None:
    write("mine", SMOKE)
    config_dir().chmod(0)
    try:
        found = profiles()
    finally:
        config_dir().chmod(0o700)
    assert set(found) == {"unreadable profile", "profiles"}
    assert found["unreadable profile"].cause == ""
    assert "permissions" in found["unreadable profile"].fix
    assert found["profiles"].sentence.startswith("Your own cannot be seen")


@not_root
def test_a_file_that_may_not_be_read_is_mended_by_its_permissions() -> None:
    write("mine", SMOKE).chmod(0)
    found = profiles()["unreadable profile"]
    assert found.fix.startswith("Mend its permissions")
    assert found.cause == ""


def test_a_directory_that_hides_the_profiles_is_no_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = InvalidFileError(f"{profiles_dir()} cannot be read: Permission denied.", fix="Mend.")
    monkeypatch.setattr(profile_files, "list_profiles", lambda: Listing((), (closed,)))
    found = profiles()
    assert found["unreadable profile"].cause == ""
    assert found["profiles"].sentence.startswith("Your own cannot be seen")


def test_what_hides_a_directory_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "stat", refuse)
    assert loading._closed(Path("/closed/profiles"))
