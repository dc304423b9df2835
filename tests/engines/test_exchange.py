"""Imports as profiles of this machine, exports as files."""

import os
import stat
from pathlib import Path

import pytest

from termai.engines import exchange
from termai.errors import InvalidFileError, NotFoundError, StorageError, UsageError
from termai.models import directories
from termai.profiles.foreign.base import Exported, Source
from termai.profiles.history import versions
from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter
from termai.profiles.store import list_profiles, load_profile, save_profile
from tests.models import files


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return a directory of the library with one model, in a directory of its own."""
    directory = tmp_path / "library"
    (directory / "qwen").mkdir(parents=True)
    files.model(directory / "qwen" / "Qwen-Q4_K_M.gguf")
    directories.add(str(directory))
    return directory


def own_profiles() -> list[str]:
    return [profile.name for profile in list_profiles().profiles if not profile.shipped]


def test_a_pasted_line_becomes_a_profile_and_is_saved_only_when_asked() -> None:
    (found,) = exchange.read(Source("llama-server -m builtin:smoke -c 512 --slots"))
    assert own_profiles() == []
    saved = exchange.save(found)
    assert saved.values == {"path": "builtin:smoke", "ctx_size": 512}
    assert saved.args == {"llama-server": ("--slots",)}
    assert own_profiles() == [saved.name]
    assert versions(saved.name)[0].reason == "imported"


@pytest.mark.parametrize(
    "reference",
    ["/elsewhere/Qwen-Q4_K_M.gguf", "D:\\models\\qwen-q4_k_m.GGUF", "./Qwen-Q4_K_M.gguf"],
)
def test_a_model_of_the_same_name_is_found_in_the_library(library: Path, reference: str) -> None:
    (found,) = exchange.read(Source(f"llama-server -m '{reference}'"))
    assert found.profile.values["path"] == str(library / "qwen" / "Qwen-Q4_K_M.gguf")
    assert "is not here" in found.notes[0]


def test_two_models_of_the_same_name_are_both_named(library: Path) -> None:
    (library / "other").mkdir()
    files.model(library / "other" / "Qwen-Q4_K_M.gguf", general__name="Other")
    (found,) = exchange.read(Source("llama-server -m /elsewhere/Qwen-Q4_K_M.gguf"))
    assert found.profile.values["path"] == "/elsewhere/Qwen-Q4_K_M.gguf"
    assert "other" in found.notes[0]
    assert "qwen" in found.notes[0]


def test_a_model_that_is_nowhere_is_said() -> None:
    line = "llama-server -m /elsewhere/x.gguf --lora /elsewhere/y.gguf -hfd a/b"
    (found,) = exchange.read(Source(line))
    assert found.profile.values["path"] == "/elsewhere/x.gguf"
    assert found.profile.values["lora"] == (Adapter("/elsewhere/y.gguf", 1.0),)
    assert [note.split(":")[0] for note in found.notes] == ["path", "lora", "model_draft"]


def test_a_file_beside_the_import_is_taken(tmp_path: Path) -> None:
    path = files.model(tmp_path / "a.gguf")
    script = tmp_path / "run.sh"
    script.write_text("llama-server -m a.gguf\n")
    (found,) = exchange.read(script)
    assert found.profile.values["path"] == str(path)
    assert not found.notes


def test_names_are_free_and_differ(tmp_path: Path) -> None:
    save_profile(Profile("a"))
    presets = tmp_path / "p.ini"
    presets.write_text("[a]\nc = 1\n[a/]\nc = 2\n")
    names = [found.profile.name for found in exchange.read(presets)]
    assert names[0] == "a-2"
    assert len(set(names)) == 2
    assert "a" not in names


def test_a_name_is_given_to_one_profile_only(tmp_path: Path) -> None:
    presets = tmp_path / "p.ini"
    presets.write_text("[a]\nc = 1\n[b]\nc = 2\n")
    with pytest.raises(UsageError, match=r"holds 2 profiles \(a, b\)"):
        exchange.read(presets, as_name="mine")
    presets.write_text("[a]\nc = 1\n")
    assert exchange.read(presets, as_name="mine")[0].profile.name == "mine"
    with pytest.raises(UsageError, match="name of a profile"):
        exchange.read(presets, as_name="../mine")


def test_a_taken_name_is_refused_and_nothing_is_overwritten() -> None:
    save_profile(Profile("mine", description="as it was"))
    (found,) = exchange.read(Source("llama-server -c 1"), as_name="mine")
    with pytest.raises(UsageError, match="already"):
        exchange.save(found)
    assert load_profile("mine").description == "as it was"


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nothing\.ini does not exist"):
        exchange.read(tmp_path / "nothing.ini")
    with pytest.raises(UsageError, match="is a directory"):
        exchange.read(tmp_path)
    (tmp_path / "a.ini").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidFileError, match=r"a\.ini, line 1: the text is not UTF-8"):
        exchange.read(tmp_path / "a.ini")


def test_every_format_writes_a_usual_profile_and_names_its_file(tmp_path: Path) -> None:
    profile = Profile("mine").with_values(path="builtin:smoke", ctx_size=512, temperature=0.5)
    names = [one.name for one in exchange.EXPORTS]
    assert names[-2:] == ["shell", "systemd"]
    for name in names:
        path = tmp_path / exchange.file_name(profile, name)
        assert exchange.save_export(exchange.write(profile, name), path) == path
        assert path.read_text().strip()
    assert len(list(tmp_path.glob("*mine*"))) >= len(names)


def test_an_export_is_as_private_as_it_must_be(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        plain = exchange.save_export(Exported("a"), tmp_path / "a")
        script = exchange.save_export(Exported("#!/bin/sh\n"), tmp_path / "b")
        secret = exchange.save_export(Exported("c", private=True), tmp_path / "c")
        both = exchange.save_export(Exported("#!/bin/sh\n", private=True), tmp_path / "d")
    finally:
        os.umask(mask)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (plain, script, secret, both)]
    assert modes == [0o640, 0o750, 0o600, 0o700]


def test_an_export_overwrites_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        exchange.save_export(Exported("x"), path)
    assert path.read_text() == "mine"
    exchange.save_export(Exported("x"), path, overwrite=True)
    assert path.read_text() == "x"
    with pytest.raises(UsageError, match="is a directory"):
        exchange.save_export(Exported("x"), tmp_path, overwrite=True)
    with pytest.raises(StorageError, match="is no directory"):
        exchange.save_export(Exported("x"), tmp_path / "no" / "a")


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="Did you mean systemd"):
        exchange.write(Profile("x"), "sistemd")
