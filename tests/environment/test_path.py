"""PATH: entries that are gone, relative, open to others, doubled; a broken PATH is named."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.environment import Finding, Verdict, path, programs, shells, start_files
from termai.environment.shells import Shell
from tests.environment.on_path import program


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a directory with a program the only one of the system, and the whole PATH."""
    place = tmp_path / "usr/bin"
    program(place, "ls", "")
    monkeypatch.setattr(programs, "SYSTEM", (str(place),))
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.setenv("SHELL", "/bin/bash")
    return place


def look() -> dict[str, Finding]:
    return {finding.name: finding for finding in path.check()}


def test_a_good_path_has_nothing_to_say(system: Path) -> None:
    found = look()
    assert set(found) == {"PATH", "~/.local/bin"}
    assert found["PATH"].verdict is Verdict.OK
    assert found["PATH"].sentence == "Names 1 directory."
    assert found["~/.local/bin"].verdict is Verdict.NOT_NEEDED
    assert system.is_dir()


@pytest.mark.parametrize("value", ["/nowhere", ""])
def test_a_broken_path_is_named_with_the_line_that_broke_it(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    (tmp_path / "home/.bashrc").write_text("# mine\n\nexport PATH=/nowhere\n")
    monkeypatch.setenv("PATH", value)
    monkeypatch.setattr(programs, "SYSTEM", ("/usr/bin", str(system)))
    found = look()["PATH"]
    assert found.verdict is Verdict.PROBLEM
    assert "most programs cannot be found" in found.sentence
    assert found.cause == "~/.bashrc, line 3 replaces PATH and keeps nothing of it."
    assert f'"$PATH:/usr/bin:{system}"' in found.fix


def test_lacking_one_of_several_is_a_warning(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = tmp_path / "usr/local/bin"
    program(local, "tool", "")
    monkeypatch.setattr(programs, "SYSTEM", (str(local), str(system)))
    assert look()["PATH"].verdict is Verdict.WARNING
    (local / "tool").unlink()
    assert look()["PATH"].verdict is Verdict.OK, "an empty directory is not missed"


def test_a_line_that_names_a_longer_directory_is_not_blamed(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".profile").write_text('PATH="$HOME/.local/bin:$PATH"\nPATH="$PATH:$HOME/old/"\n')
    monkeypatch.setenv("PATH", f".:{home}/.local:{home}/old:{system}")
    found = look()
    assert found["PATH relative"].fix == "Take it out of PATH in your shell's start files."
    assert found["PATH missing"].fix == "Take them out of PATH: ~/.profile, line 2."
    (home / ".profile").write_text('PATH=".:$PATH"\n')
    assert look()["PATH relative"].fix == "Take it out of PATH: ~/.profile, line 1."


def test_what_is_gone_is_named_with_its_line(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".profile").write_text('umask 022\nPATH="$HOME/old/bin:$PATH"\n')
    monkeypatch.setenv("PATH", f"{home}/old/bin:{system}:/usr/local/games:/snap/bin")
    found = look()["PATH missing"]
    assert found.sentence == "Names what is no directory: ~/old/bin."
    assert found.fix == "Take it out of PATH: ~/.profile, line 2."


@pytest.mark.parametrize(
    ("entry", "what", "cause"),
    [
        (":", "Has an empty entry", "downloaded directory"),
        (":.", "Names .", "downloaded directory"),
        (":node_modules/.bin", "Names node_modules/.bin", "downloaded directory"),
        (":~/bin", "Names ~/bin", "write $HOME"),
    ],
)
def test_relative_entries_are_named(
    system: Path, monkeypatch: pytest.MonkeyPatch, entry: str, what: str, cause: str
) -> None:
    monkeypatch.setenv("PATH", f"{system}{entry}")
    found = look()["PATH relative"]
    assert found.sentence.startswith(what)
    assert cause in found.cause
    assert found.fix


def test_a_directory_that_everyone_can_write_is_closed_by_the_command(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "open here"
    place.mkdir()
    place.chmod(0o777)
    monkeypatch.setenv("PATH", f"{system}:{place}")
    found = look()["PATH open"]
    assert shells.short(place) in found.sentence
    assert str(place) in found.command
    subprocess.run(["/bin/sh", "-c", found.command], env={"PATH": os.defpath}, check=True)
    assert "PATH open" not in look()


def test_a_directory_below_an_open_one_is_open_too(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "open/bin"
    place.mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{system}:{place}")
    (tmp_path / "open").chmod(0o777)
    assert "PATH open" in look()
    (tmp_path / "open").chmod(0o1777)
    assert "PATH open" not in look(), "nobody can replace it below a sticky directory"


def test_a_shared_directory_is_taken_out_rather_than_closed(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    place.chmod(0o1777)
    monkeypatch.setenv("PATH", f"{system}:{place}")
    found = look()["PATH open"]
    assert (found.command, found.fix[:8]) == ("", "Take it ")


def test_doubled_entries_do_no_harm(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{system}:{system}/")
    found = look()["PATH doubled"]
    assert (found.verdict, found.fix) == (Verdict.OK, "")


def test_programs_in_a_local_directory_off_path_are_named(system: Path, tmp_path: Path) -> None:
    place = tmp_path / "home/.local/bin"
    program(place, "uv", "uv 0.9.1")
    found = look()["~/.local/bin"]
    assert found.verdict is Verdict.WARNING
    assert found.sentence.endswith("is not found: uv.")
    assert 'export PATH="$HOME/.local/bin:$PATH"' in found.fix
    assert system.is_dir()


def test_a_local_directory_that_the_next_login_finds_needs_no_line(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's ~/.profile puts it on PATH if it exists at a login."""
    program(tmp_path / "home/.local/bin", "uv", "uv 0.9.1")
    text = 'if [ -d "$HOME/.local/bin" ] ; then\n    PATH="$HOME/.local/bin:$PATH"\nfi\n'
    (tmp_path / "home/.profile").write_text(text)
    monkeypatch.setattr(shells, "current", lambda: Shell("bash", login=True))
    found = look()["~/.local/bin"]
    assert found.fix == "Log in again: ~/.profile, line 2 puts it on PATH."
    assert found.command == ""
    monkeypatch.setattr(shells, "current", lambda: Shell("bash", login=False))
    assert "~/.bashrc" in look()["~/.local/bin"].fix, "which reads no ~/.profile"
    assert system.is_dir()


def test_a_local_directory_on_path_is_fine(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home/.local/bin").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{system}:{tmp_path}/home/.local/bin")
    assert look()["~/.local/bin"].verdict is Verdict.OK


def test_lines_that_keep_path_are_not_blamed(tmp_path: Path) -> None:
    text = 'PATH=$PATH:/x\nexport PATH="/y:${PATH}"\n# PATH=/z\nMANPATH=/m\n  export PATH=/only\n'
    (tmp_path / "home/.zshrc").write_text(text)
    assert start_files.setters() == ("~/.zshrc, line 5",)


def test_one_of_the_system_is_not_put_before_others(tmp_path: Path) -> None:
    old = tmp_path / "home/old"
    (tmp_path / "home/.bashrc").write_text("export PATH=$HOME/old:$PATH\n")
    remedy = start_files.prefer(Path("/usr/bin"), over=old)
    assert remedy.fix == "Take ~/old out of PATH (~/.bashrc, line 1), or name /usr/bin before it."
    assert remedy.command == ""


@given(st.lists(st.text(st.characters(exclude_characters=":\0"), max_size=30), max_size=8))
def test_any_path_is_read_without_a_failure(parts: list[str]) -> None:
    text = ":".join(parts)
    found = path.entries(text)
    assert [entry.text for entry in found] == (text.split(":") if text else [])


def test_what_the_sentence_leaves_out_is_named(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [f"/nowhere/{number}" for number in range(5)]
    monkeypatch.setenv("PATH", ":".join((str(system), *gone)))
    found = look()["PATH missing"]
    assert found.sentence.endswith(" and 2 more.")
    assert found.names == tuple(gone)
    monkeypatch.setenv("PATH", ":".join((str(system), *gone[:3])))
    assert look()["PATH missing"].names == ()


def test_an_empty_entry_beside_a_relative_one_is_told_too(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"rel:{system}:")
    found = look()["PATH relative"]
    assert found.sentence.startswith("Names rel and has an empty entry")
    assert "Take it out of PATH" in found.fix
    assert "colon" in found.fix


def test_what_is_closed_to_this_user_is_not_called_gone(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = path.entries

    def seen(text: str | None = None) -> tuple[path.Entry, ...]:
        return (*entries(text), *(path.Entry(name, closed=True) for name in ("/x", "/x", "/y")))

    monkeypatch.setattr(path, "entries", seen)
    assert look()["PATH missing"].sentence == "Names what this user may not open: /x, /y."
    monkeypatch.setenv("PATH", f"{system}:/nowhere")
    assert "no directory, or closed to this user: /nowhere" in look()["PATH missing"].sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_closed_directory_is_known_by_what_hides_it(tmp_path: Path) -> None:
    (tmp_path / "closed/bin").mkdir(parents=True)
    (tmp_path / "closed").chmod(0)
    try:
        (entry,) = path.entries(str(tmp_path / "closed/bin"))
        assert entry.closed
    finally:
        (tmp_path / "closed").chmod(0o700)
