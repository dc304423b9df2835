"""Logging in to a hub from the command line: hidden, from a pipe, and never in the open."""

import io
import json
import stat
from pathlib import Path

import pexpect

from tests.cli.conftest import Termai
from tests.cli.test_terminal import terminal
from tests.fakes.hub.server import Hub
from tests.models.hub.conftest import hub, no_other_hub

__all__ = ["hub", "no_other_hub"]

TOKEN = "hf_aVeryGoodToken"


def kept(home: Path) -> Path:
    """Return the file of the token."""
    return home / "home" / ".cache" / "huggingface" / "token"


def test_a_token_is_typed_unseen_and_kept(hub: Hub, home: Path) -> None:
    hub.tokens[TOKEN] = "ann"
    with terminal("hub", "login") as child:
        child.logfile_read = shown = io.StringIO()
        child.expect("Make a token at http://127.0.0.1:.*/settings/tokens")
        child.expect("Token")
        child.waitnoecho(10)
        child.sendline(TOKEN)
        child.expect("knows you as ann")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0
    assert TOKEN not in shown.getvalue()
    assert kept(home).read_text() == TOKEN
    assert stat.S_IMODE(kept(home).stat().st_mode) == 0o600


def test_ctrl_c_at_the_prompt_keeps_nothing(hub: Hub, home: Path) -> None:
    with terminal("hub", "login") as child:
        child.expect("Token")
        child.waitnoecho(10)
        child.sendintr()
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
    assert not kept(home).exists()


def test_a_token_comes_from_a_pipe(termai: Termai, hub: Hub, home: Path) -> None:
    hub.tokens[TOKEN] = "ann"
    done = termai("hub", "login", stdin=f"{TOKEN}\n")
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    said = json.loads(termai("hub", "whoami", "--json").stdout)
    assert (said["name"], said["source"], said["role"]) == ("ann", str(kept(home)), "read")
    assert "ann at 127.0.0.1" in termai("hub", "whoami").stdout
    assert f"The token in {kept(home)} is deleted." in termai("hub", "logout").stdout
    assert not kept(home).exists()
    assert termai("hub", "whoami").returncode == 8


def test_a_wrong_token_is_refused_and_nothing_changes(termai: Termai, hub: Hub, home: Path) -> None:
    done = termai("hub", "login", "--json", stdin="hf_wrong")
    assert done.returncode == 8
    assert json.loads(done.stderr)["error"]["kind"] == "access"
    assert "hf_wrong" not in done.stderr
    assert not kept(home).exists()
    assert termai("hub", "login", stdin="").returncode == 2


def test_a_token_as_an_argument_is_refused_and_not_repeated(termai: Termai, hub: Hub) -> None:
    done = termai("hub", "login", TOKEN)
    assert done.returncode == 2
    assert "never an argument" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert hub.asked == []


def test_the_hub_in_use_is_said_without_asking_it(termai: Termai, hub: Hub) -> None:
    done = termai("hub")
    assert hub.url in done.stdout
    assert "none; `termai hub login` takes one" in done.stdout
    said = json.loads(termai("hub", "status", "--json", HF_TOKEN=TOKEN).stdout)
    assert said == {"endpoint": hub.url, "offline": False, "proxy": None, "token": "HF_TOKEN"}
    assert hub.asked == []
    off = termai("hub", HF_HUB_OFFLINE="1").stdout
    assert "HF_HUB_OFFLINE says" in off


def test_a_token_that_others_can_read_is_told(termai: Termai, hub: Hub, home: Path) -> None:
    kept(home).parent.mkdir(parents=True)
    kept(home).write_text(TOKEN)
    kept(home).chmod(0o644)
    done = termai("hub")
    assert "chmod 600" in done.stderr
    assert TOKEN not in done.stdout + done.stderr


def test_the_card_is_printed_as_markdown(termai: Termai, hub: Hub) -> None:
    hub.add("a/b", {"README.md": b"---\nlicense: mit\n---\n# Title\n<b>bold</b> \x1b[31mred\n"})
    assert termai("hub", "card", "a/b").stdout == "# Title\n**bold** red\n"
    assert json.loads(termai("hub", "card", "a/b", "--json").stdout)["card"].startswith("# Title")
    hub.add("a/c")
    done = termai("hub", "card", "a/c")
    assert (done.returncode, done.stdout) == (0, "")
    assert "has no card" in done.stderr
    assert termai("hub", "card", "a/none").returncode == 3
