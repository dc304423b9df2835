"""Profiles in a real tmux: an editor of the user's own, a new user's first minute, few colours."""

import json
import sys
from pathlib import Path

import pytest

from termai.paths import models_dir, profiles_dir
from termai.profiles import history
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile
from tests.e2e.tmux import Tmux
from tests.support import wait_until
from tests.tui.model_files import TINY
from tests.tui.test_in_tmux import environment

PROGRAM = (sys.executable, "-c", "from termai.tui import run; raise SystemExit(run('profiles'))")
ROOT = Path(__file__).parents[2]
NOTE = "# a comment of mine"


def program(**more: str) -> Tmux:
    return Tmux(PROGRAM, env=environment(**more), cwd=ROOT)


@pytest.fixture
def mine() -> Path:
    save_profile(Profile(name="mine").with_values(ctx_size=4096))
    path = profiles_dir() / "mine.toml"
    path.write_text(f"{NOTE}\n{path.read_text()}")
    return path


@pytest.mark.slow
def test_an_editor_gets_the_terminal_and_what_it_writes_is_saved(mine: Path) -> None:
    with program(EDITOR="sed -i s/4096/6144/") as tmux:
        tmux.wait_for("▸ mine", "4096 tokens")
        tmux.press("e")
        tmux.wait_for("▸ mine", "6144 tokens", "F3 Profiles")
        assert mine.read_text().startswith(NOTE)
        assert load_profile("mine").values["ctx_size"] == 6144
        assert len(history.versions("mine")) >= 2
        tmux.press("e")
        tmux.wait_for("Nothing was changed")
        tmux.press("n")
        tmux.wait_for("New profile from", "Type to filter")


@pytest.mark.slow
def test_what_does_not_read_after_an_editor_is_told_and_stays_for_another_go(mine: Path) -> None:
    before = mine.read_text()
    with program(VISUAL="sed -i s/4096/much/") as tmux:
        tmux.wait_for("▸ mine")
        tmux.press("e")
        tmux.wait_for("does not read", "line", "Edit again?")
        assert mine.read_text() == before
        tmux.press("n")
        shown = "".join(tmux.wait_for("Nothing was saved").split())
        assert "Whatyouwrote" in shown
        assert mine.read_text() == before


@pytest.mark.slow
def test_a_broken_profile_is_mended_in_an_editor() -> None:
    path = profiles_dir() / "bad.toml"
    path.parent.mkdir(parents=True)
    path.write_text('schema = 1\n[load]\nctx_size = "many"\n')
    with program(EDITOR="""sed -i 's/"many"/2048/'""") as tmux:
        tmux.wait_for("broken bad", "line 3")
        tmux.press("Enter")
        tmux.wait_for("▸ bad", "2048 tokens")
    assert load_profile("bad").values["ctx_size"] == 2048


@pytest.mark.slow
def test_a_new_user_makes_a_profile_without_reading_anything() -> None:
    TINY.write(models_dir() / "org/repo/Tiny-Q8_0.gguf")
    with program() as tmux:
        tmux.wait_for("cpu-small", "n New")
        tmux.press("n")
        tmux.wait_for("▸ model    Tiny-Q8_0", "in RAM")
        tmux.press("Enter")
        tmux.wait_for("Name of the new profile", "Tiny-Q8_0")
        tmux.press("Enter")
        tmux.wait_for("ctx_size", "MEMORY")
    assert load_profile("Tiny-Q8_0").values["path"] == "org/repo/Tiny-Q8_0.gguf"


@pytest.mark.slow
def test_sixteen_colours_small_windows_and_no_signs_but_letters(tmp_path: Path) -> None:
    save_profile(Profile(name="mine").with_values(ctx_size=4096))
    file = tmp_path / "tale.kcpps"
    file.write_text(json.dumps({"model_param": "/m/tale.gguf", "strange": 1}))
    with program(TERM="linux", COLORTERM="") as tmux:
        shown = tmux.wait_for("> mine", "4096 tokens", "CPU")
        assert "▸" not in shown
        tmux._run("resize-window", "-x", "40", "-y", "12")
        tmux.wait_for("> mine", "yours")
        tmux.press("i")
        tmux.wait_for("~/path/to/file.kcpps")
        tmux.type(str(file))
        tmux.press("Enter")
        tmux.wait_for("> [x] tale")
        tmux._run("resize-window", "-x", "200", "-y", "50")
        tmux.wait_for("! strange 1", "Escape goes back")
        tmux.press("Enter")
        tmux.wait_for("> tale")
        wait_until(lambda: (profiles_dir() / "tale.toml").exists())
