"""Making, changing and removing profiles from the command line."""

import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from termai.paths import profiles_dir, state_dir
from tests.cli.conftest import Termai

COMMENTED = """\
schema = 1
# my own words

[model]
path = "builtin:smoke"  # small

[load]
ctx_size = 1024  # enough
"""


def write(name: str, text: str = COMMENTED) -> Path:
    """Write a profile of the user's own and return its path."""
    profiles_dir().mkdir(parents=True, exist_ok=True)
    path = profiles_dir() / f"{name}.toml"
    path.write_text(text)
    return path


def told(termai: Termai, *arguments: str) -> Any:
    """Return what a command that succeeds prints as JSON."""
    done = termai(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def drafts() -> list[Path]:
    """Return what editors were given and nobody has taken over."""
    return [path for path in state_dir().rglob("mine.toml") if path.is_file()]


def editor(tmp_path: Path, script: str) -> str:
    """Return the command of an editor that runs a shell script on the file, ``$1``."""
    program = tmp_path / "editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def test_new_from_a_model_starts_as_it_is(termai: Termai) -> None:
    done = termai("profiles", "new", "mine", "--from", "builtin:smoke", "--set", "port=8123")
    assert done.returncode == 0, done.stderr
    assert "termai start mine" in done.stdout
    made = told(termai, "profiles", "show", "mine")
    assert made["values"]["path"] == "builtin:smoke"
    assert made["values"]["port"] == 8123
    argv = told(termai, "profiles", "command", "mine")["argv"]
    assert "8123" in argv
    assert argv[0].endswith("llama-server")


def test_new_from_a_template_and_from_nothing(termai: Termai) -> None:
    assert told(termai, "profiles", "new", "moe", "--from", "moe-offload")["name"] == "moe"
    shipped = told(termai, "profiles", "show", "moe-offload")["values"]
    assert told(termai, "profiles", "show", "moe")["values"] == shipped
    assert told(termai, "profiles", "new", "bare")["values"] == {}
    again = termai("profiles", "new", "bare")
    assert again.returncode == 2
    assert "bare" in again.stderr


def test_new_needs_a_name_or_a_source(termai: Termai) -> None:
    done = termai("profiles", "new")
    assert done.returncode == 2
    assert "--from" in done.stderr


def test_new_from_what_is_not_there_names_what_was_looked_for(termai: Termai) -> None:
    done = termai("profiles", "new", "x", "--from", "nothing-of-that-name")
    assert done.returncode == 3
    assert "nothing-of-that-name" in done.stderr
    assert termai("profiles", "show", "x").returncode == 3


def test_set_keeps_comments_and_says_what_changed(termai: Termai) -> None:
    path = write("mine")
    done = termai("profiles", "set", "mine", "ctx_size=2048", "temperature=0.5", "env.A=1")
    assert done.returncode == 0, done.stderr
    assert "load.ctx_size" in done.stdout
    assert "1024 → 2048" in done.stdout
    text = path.read_text()
    assert "# my own words" in text
    assert "ctx_size = 2048  # enough" in text
    assert tomllib.loads(text)["env"] == {"A": "1"}
    undone = termai("profiles", "unset", "mine", "temperature", "env.A")
    assert undone.returncode == 0, undone.stderr
    assert (
        "sampling" not in tomllib.loads(path.read_text())
        or not (tomllib.loads(path.read_text())["sampling"])
    )


def test_set_refuses_what_an_option_does_not_take(termai: Termai) -> None:
    path = write("mine")
    for assignment, word in (("ctx_size=much", "whole number"), ("ctxsize=1", "ctx_size")):
        done = termai("profiles", "set", "mine", assignment)
        assert done.returncode == 2
        assert word in done.stderr
    assert path.read_text() == COMMENTED


def test_set_on_a_shipped_profile_makes_a_copy_and_says_so(termai: Termai) -> None:
    done = termai("profiles", "set", "smoke", "ctx_size=512")
    assert done.returncode == 0, done.stderr
    assert "copy of your own" in done.stderr
    assert told(termai, "profiles", "show", "smoke")["shipped"] is False
    assert told(termai, "profiles", "diff", "smoke")["differences"][0]["key"] == "load.ctx_size"
    assert termai("profiles", "remove", "smoke").returncode == 0
    assert told(termai, "profiles", "show", "smoke")["shipped"] is True


def test_set_warns_of_what_does_not_go_together(termai: Termai) -> None:
    write("mine")
    done = termai("profiles", "set", "mine", "flash_attn=off", "cache_type_v=q8_0")
    assert done.returncode == 0, done.stderr
    assert "flash" in done.stderr
    clashes = told(termai, "profiles", "set", "mine", "port=9000")["clashes"]
    assert any("cache_type_v" in clash["keys"] for clash in clashes)


def test_a_copy_keeps_comments_and_a_renamed_profile_its_history(termai: Termai) -> None:
    write("mine")
    assert termai("profiles", "copy", "mine", "other").returncode == 0
    assert "# my own words" in (profiles_dir() / "other.toml").read_text()
    assert termai("profiles", "set", "other", "ctx_size=512").returncode == 0
    assert termai("profiles", "rename", "other", "third").returncode == 0
    assert termai("profiles", "show", "other").returncode == 3
    assert len(told(termai, "profiles", "history", "third")) >= 2
    taken = termai("profiles", "copy", "mine", "third")
    assert taken.returncode == 2
    assert "third" in taken.stderr


def test_a_removed_profile_comes_back(termai: Termai) -> None:
    path = write("mine")
    done = termai("profiles", "remove", "mine")
    assert "profiles restore mine" in done.stdout
    assert not path.exists()
    assert [v["name"] for v in told(termai, "profiles", "history")] == ["mine"]
    assert termai("profiles", "restore", "mine").returncode == 0
    assert path.read_text() == COMMENTED


def test_restore_goes_back_and_forth(termai: Termai) -> None:
    path = write("mine")
    assert termai("profiles", "set", "mine", "ctx_size=2048").returncode == 0
    changed = path.read_text()
    assert termai("profiles", "restore", "mine").returncode == 0
    assert path.read_text() == COMMENTED
    newest = told(termai, "profiles", "history", "mine")
    revision = next(v["revision"] for v in newest if v["reason"] == "saved")
    assert termai("profiles", "restore", "mine", revision[:8]).returncode == 0
    assert path.read_text() == changed
    missing = termai("profiles", "restore", "mine", "zzz")
    assert missing.returncode == 3
    assert "profiles history mine" in missing.stderr


def test_restoring_again_goes_further_back(termai: Termai) -> None:
    path = write("mine")
    for size in (2048, 4096):
        assert termai("profiles", "set", "mine", f"ctx_size={size}").returncode == 0
    for size in (2048, 1024):
        assert termai("profiles", "restore", "mine").returncode == 0
        assert f"ctx_size = {size}" in path.read_text()
    first = termai("profiles", "restore", "mine")
    assert first.returncode == 3
    assert "no earlier version" in first.stderr
    rows = termai("profiles", "history", "mine").stdout.splitlines()
    assert [row.count(", now") for row in rows].count(1) == 1


def test_restore_helps_when_the_file_does_not_read_any_more(termai: Termai) -> None:
    path = write("mine")
    assert termai("profiles", "set", "mine", "ctx_size=2048").returncode == 0
    good = path.read_text()
    path.write_text(good + "bad = [\n")
    assert termai("profiles", "restore", "mine").returncode == 0
    assert path.read_text() == good


def test_a_broken_profile_that_was_removed_comes_back_as_it_was(termai: Termai) -> None:
    path = write("mine", "bad = [\n")
    assert termai("profiles", "remove", "mine").returncode == 0
    done = termai("profiles", "restore", "mine")
    assert done.returncode == 0
    assert "cannot be read" in done.stderr
    assert path.read_text() == "bad = [\n"


def test_removing_several_tells_what_was_done_before_a_mistake(termai: Termai) -> None:
    write("one")
    done = termai("profiles", "remove", "one", "one", "nothing", "--json")
    assert done.returncode == 3
    assert [v["name"] for v in json.loads(done.stdout)] == ["one"]
    assert "nothing" in done.stderr


def test_a_link_that_leads_nowhere_says_where_it_leads(termai: Termai, tmp_path: Path) -> None:
    profiles_dir().mkdir(parents=True, exist_ok=True)
    (profiles_dir() / "dl.toml").symlink_to(tmp_path / "gone.toml")
    done = termai("profiles", "show", "dl")
    assert done.returncode == 4
    assert str(tmp_path / "gone.toml") in done.stderr


def test_renaming_a_broken_profile_names_its_own_file(termai: Termai) -> None:
    path = write("mine", "bad = [\n")
    done = termai("profiles", "rename", "mine", "other")
    assert done.returncode == 4
    assert str(path) in done.stderr


def test_an_editor_that_fails_leaves_no_draft(termai: Termai) -> None:
    write("mine")
    done = termai("profiles", "edit", "mine", VISUAL="false")
    assert done.returncode == 5
    assert "nothing was saved" in done.stderr
    assert "What you wrote" not in done.stderr
    assert not drafts()


def test_diff_between_profiles_and_versions(termai: Termai) -> None:
    write("mine")
    assert termai("profiles", "copy", "mine", "other").returncode == 0
    assert "same" in termai("profiles", "diff", "mine", "other").stdout
    assert termai("profiles", "set", "other", "ctx_size=4096").returncode == 0
    found = told(termai, "profiles", "diff", "mine", "other")["differences"]
    assert found == [{"key": "load.ctx_size", "before": "1024", "after": "4096"}]
    assert "1024 → 4096" in termai("profiles", "diff", "other").stdout
    oldest = told(termai, "profiles", "history", "other")[-1]["revision"]
    back = told(termai, "profiles", "diff", "other", f"other@{oldest[:10]}")["differences"]
    assert back[0]["after"] == "1024"


def test_edit_saves_what_reads(termai: Termai, tmp_path: Path) -> None:
    path = write("mine")
    program = editor(tmp_path, 'sed -i s/1024/4096/ "$1"')
    done = termai("profiles", "edit", "mine", VISUAL="", EDITOR=program)
    assert done.returncode == 0, done.stderr
    assert "1024 → 4096" in done.stdout
    assert path.read_text() == COMMENTED.replace("1024", "4096")
    same = termai("profiles", "edit", "mine", VISUAL="true", EDITOR="")
    assert "left as it was" in same.stdout
    assert not drafts()


def test_edit_loses_nothing_that_does_not_read(termai: Termai, tmp_path: Path) -> None:
    path = write("mine")
    program = editor(tmp_path, 'echo "broken =" >> "$1"')
    done = termai("profiles", "edit", "mine", VISUAL=program)
    assert done.returncode == 4
    assert path.read_text() == COMMENTED
    (draft,) = drafts()
    assert str(draft) in done.stderr
    assert draft.read_text().endswith("broken =\n")
    assert stat.S_IMODE(os.stat(draft).st_mode) == 0o600  # noqa: PTH116


def test_edit_without_an_editor_says_so(termai: Termai) -> None:
    write("mine")
    done = termai("profiles", "edit", "mine", VISUAL="no-such-editor --wait")
    assert done.returncode == 2
    assert "no-such-editor" in done.stderr


def test_edit_mends_a_file_that_does_not_read(termai: Termai, tmp_path: Path) -> None:
    path = write("mine", COMMENTED.replace("1024", "many"))
    assert termai("profiles", "show", "mine").returncode == 4
    done = termai("profiles", "edit", "mine", VISUAL=editor(tmp_path, 'sed -i s/many/64/ "$1"'))
    assert done.returncode == 0, done.stderr
    assert path.read_text() == COMMENTED.replace("1024", "64")


@pytest.mark.parametrize("name", ["smoke", "nothing"])
def test_what_is_not_ones_own_cannot_be_removed(termai: Termai, name: str) -> None:
    done = termai("profiles", "remove", name)
    assert done.returncode == 3
    assert name in done.stderr
