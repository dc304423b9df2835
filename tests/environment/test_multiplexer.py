"""tmux and screen: what they keep, what they keep back; the real tmux where it is installed."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.environment import Verdict, multiplexer
from tests.environment.on_path import program

INSIDE = {"TMUX": "/tmp/tmux-1000/default,4242,0", "TERM": "tmux-256color"}


@pytest.fixture
def real_tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A tmux of its own with one window; yields its command."""
    found = shutil.which("tmux")
    if found is None:
        pytest.skip("needs tmux")
    socket = tmp_path / "tmux.sock"
    command = [found, "-S", str(socket), "-f", "/dev/null"]
    monkeypatch.delenv("TMUX", raising=False)
    subprocess.run([*command, "new-session", "-d", "cat"], check=True)
    monkeypatch.setenv("TMUX", f"{socket},1,0")
    try:
        yield command
    finally:
        subprocess.run([*command, "kill-server"], check=False)


def test_tmux_is_named_with_its_version(path_dir: Path) -> None:
    path = program(path_dir, "tmux", "tmux 3.3a")
    (found,) = multiplexer.multiplexer(INSIDE)
    assert (found.verdict, found.path, found.version) == (Verdict.OK, str(path), "3.3a")


def test_over_ssh_without_tmux_the_screen_ends(path_dir: Path) -> None:
    ssh = {"SSH_CONNECTION": "10.0.0.2 1 10.0.0.1 22"}
    (found,) = multiplexer.multiplexer(ssh)
    assert found.verdict is Verdict.NOT_NEEDED
    assert "tmux" in found.fix
    program(path_dir, "tmux", "tmux 3.3a")
    (found,) = multiplexer.multiplexer(ssh)
    assert found.fix.startswith("Start `tmux`")
    (found,) = multiplexer.multiplexer({})
    assert not found.fix


@pytest.mark.parametrize(
    ("environ", "warned"),
    [
        ({**INSIDE, "TERM": "xterm-256color"}, True),
        ({**INSIDE, "TERM": "screen-256color"}, False),
        (INSIDE, False),
        ({"STY": "1.pts", "TERM": "tmux-256color"}, True),
        ({"STY": "1.pts", "TERM": "screen.xterm-256color"}, False),
        ({"TERM": "tmux-256color"}, False),  # over SSH from a tmux elsewhere
        ({"ZELLIJ": "0", "TERM": "xterm-256color"}, False),
    ],
)
def test_another_terminal_than_tmux_inside_of_it(environ: dict[str, str], warned: bool) -> None:
    assert [found.name for found in multiplexer.term_inside(environ)] == ["TERM inside"] * warned


def test_the_real_tmux_keeps_copies_back_until_it_is_told_not_to(real_tmux: list[str]) -> None:
    (found,) = multiplexer.clipboard()
    assert found.verdict is Verdict.WARNING
    assert "external" in found.cause
    subprocess.run(["/bin/sh", "-c", found.command], check=True)
    (found,) = multiplexer.clipboard()
    assert found.verdict is Verdict.OK
    assert real_tmux


@pytest.mark.parametrize(
    ("environ", "verdict"),
    [
        ({"STY": "1.pts"}, Verdict.WARNING),
        ({"TERM": "linux"}, Verdict.NOT_NEEDED),
        ({"TERM_PROGRAM": "Apple_Terminal"}, Verdict.WARNING),
        ({"TERM": "xterm-kitty"}, Verdict.OK),
    ],
)
def test_the_clipboard_is_judged_by_the_terminal(environ: dict[str, str], verdict: Verdict) -> None:
    (found,) = multiplexer.clipboard(environ)
    assert found.verdict is verdict


def test_a_tmux_that_does_not_answer_is_no_fault(path_dir: Path) -> None:
    program(path_dir, "tmux", "", status=1)
    (found,) = multiplexer.clipboard(INSIDE)
    assert found.verdict is Verdict.NOT_NEEDED


def test_a_tmux_without_unicode_is_named(path_dir: Path) -> None:
    program(path_dir, "tmux", "0")
    (found,) = multiplexer.unicode_in_tmux(INSIDE)
    assert "tmux -u attach" in found.fix
    program(path_dir, "tmux", "1")
    assert not list(multiplexer.unicode_in_tmux(INSIDE))
    assert not list(multiplexer.unicode_in_tmux({}))
