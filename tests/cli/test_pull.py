"""pull and downloads, asking a hub on loopback with the real huggingface_hub client."""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from termai import settings
from tests.cli.conftest import Termai
from tests.cli.test_terminal import terminal, whole
from tests.fakes.hub.faults import Fault, Kind
from tests.fakes.hub.server import Hub, serving_hub
from tests.support import wait_until

REPO = "maker/Tiny-GGUF"
MIB = 1 << 20
NOISE = random.Random(7)  # noqa: S311
Q4, Q8 = NOISE.randbytes(MIB), NOISE.randbytes(MIB // 2)
PARTS = {f"BF16/tiny-BF16-{n:05}-of-00002.gguf": NOISE.randbytes(200_000) for n in (1, 2)}
FILES = {
    "tiny-Q4_K_M.gguf": Q4,
    "tiny-Q8_0.gguf": Q8,
    **PARTS,
    "mmproj-F16.gguf": NOISE.randbytes(30_000),
    "README.md": b"# Tiny\n",
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Run a hub with one repository and let every termai of the test ask it."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_TOKEN", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with serving_hub() as running:
        running.add(REPO, FILES)
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def models(home: Path) -> dict[str, bytes]:
    top = home / "termai" / "data" / "models"
    return {str(p.relative_to(top)): p.read_bytes() for p in top.rglob("*") if p.is_file()}


def test_pull_brings_a_quantization_with_its_projector(
    hub: Hub, termai: Termai, home: Path
) -> None:
    done = termai("pull", f"{REPO}:Q8_0", "--wait")
    assert done.returncode == 0, done.stderr
    path = home / "termai/data/models" / REPO / "tiny-Q8_0.gguf"
    assert done.stdout == f"{REPO}:Q8_0 is here: {path}\n"
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr
    assert models(home) == {
        f"{REPO}/tiny-Q8_0.gguf": Q8,
        f"{REPO}/mmproj-F16.gguf": FILES["mmproj-F16.gguf"],
    }
    (listed,) = json.loads(termai("models", "--json").stdout)[:1]
    assert listed["name"] == f"{REPO}/tiny-Q8_0.gguf"


def test_pull_knows_the_usual_ways_of_naming(hub: Hub, termai: Termai, home: Path) -> None:
    for name in (REPO, f"hub:{REPO}", f"https://huggingface.co/{REPO}", f"hf.co/{REPO}:q4_k_m"):
        done = termai("pull", name, "--wait", "--no-projector", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["variant"] == "Q4_K_M"
    assert models(home) == {f"{REPO}/tiny-Q4_K_M.gguf": Q4}
    assert len(hub.files.asked) == 1


def test_what_is_here_is_said_without_a_turn_and_without_the_hub(
    hub: Hub, termai: Termai, home: Path
) -> None:
    assert termai("pull", f"{REPO}:Q8_0", "--wait", "--no-projector").returncode == 0
    here = f"{REPO}:Q8_0 is here: {home / 'termai/data/models' / REPO / 'tiny-Q8_0.gguf'}\n"
    hub.files.rate = 0.05 * MIB
    settings.save(downloads_at_once=1)
    assert termai("pull", REPO, "--no-projector").returncode == 0
    done = termai("pull", f"{REPO}:Q8_0", "--wait", "--no-projector")
    assert (done.returncode, done.stdout) == (0, here)
    assert termai("downloads", "cancel", "--all").returncode == 0
    offline = {"HF_HUB_OFFLINE": "1"}
    for arguments in ((f"{REPO}:q8_0",), (REPO,), (REPO, "--file", "tiny-Q8_0.gguf")):
        done = termai("pull", *arguments, "--wait", **offline)
        assert (done.returncode, done.stdout) == (0, here), done.stderr
    others = ((f"{REPO}:Q4_K_M",), (REPO, "--revision", "v1"), (REPO, "--file", "README.md"))
    for arguments in others:
        assert termai("pull", *arguments, **offline).returncode == 6
    (home / "termai/data/models" / REPO / "tiny-Q8_0.gguf").write_bytes(bytes(len(Q8)))
    assert termai("pull", f"{REPO}:Q8_0", **offline).returncode == 6


def test_a_file_of_the_users_own_is_refused(hub: Hub, termai: Termai, home: Path) -> None:
    own = home / "termai/data/models" / REPO / "tiny-Q8_0.gguf"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"precious")
    done = termai("pull", f"{REPO}:Q8_0", "--wait")
    assert done.returncode == 7
    assert str(own) in done.stderr
    assert own.read_bytes() == b"precious"


def test_who_is_stopped_meanwhile_is_not_told_of_another_download(
    hub: Hub, termai: Termai, home: Path
) -> None:
    hub.files.rate = 0.1 * MIB
    with terminal("pull", REPO, "--no-projector") as child:
        child.expect("running, ")
        assert child.pid
        os.kill(child.pid, signal.SIGSTOP)
        assert termai("downloads", "cancel", "--all").returncode == 0
        assert termai("downloads", "clear").returncode == 0
        hub.files.rate = 0
        assert termai("pull", f"{REPO}:Q8_0", "--no-projector", "--wait").returncode == 0
        os.kill(child.pid, signal.SIGCONT)
        child.expect(r"taken off the list")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 3


def test_pull_brings_split_sets_and_single_files(hub: Hub, termai: Termai, home: Path) -> None:
    assert termai("pull", f"{REPO}:BF16", "--wait", "--no-projector").returncode == 0
    done = termai("pull", REPO, "--file", "README.md", "--wait")
    assert done.returncode == 0, done.stderr
    wanted = {**PARTS, "README.md": FILES["README.md"]}
    assert models(home) == {f"{REPO}/{name}": data for name, data in wanted.items()}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nothing",), 2, "Expected ORG/NAME"),
        (("maker/none",), 3, "maker/none"),
        ((f"{REPO}:Q2_K",), 3, "It has: "),
        ((REPO, "--file", "none.gguf"), 3, "none.gguf"),
        ((f"{REPO}:Q8_0", "--file", "README.md"), 2, "not both"),
        ((REPO, "--revision", "none"), 3, "none"),
    ],
)
def test_what_cannot_be_pulled_is_said(
    hub: Hub, termai: Termai, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = termai("pull", *arguments, "--wait")
    assert done.returncode == code
    assert words in done.stderr
    assert json.loads(termai("downloads", "--json").stdout) == []


def test_a_gated_repository_is_refused_at_once_and_given_with_a_token(
    hub: Hub, termai: Termai, home: Path
) -> None:
    hub.repos[REPO].gated = "auto"
    hub.repos[REPO].readers = {"ann"}
    hub.tokens["hf_good"] = "ann"
    for wait in ("--wait", "--no-wait"):
        done = termai("pull", f"{REPO}:Q8_0", wait, "--json")
        assert done.returncode == 8
        error = json.loads(done.stderr)["error"]
        assert "gated" in error["message"]
        assert f"{hub.url}/{REPO}" in error["fix"]
    assert json.loads(termai("downloads", "--json").stdout) == []
    done = termai("pull", f"{REPO}:Q8_0", "--wait", HF_TOKEN="hf_good")
    assert done.returncode == 0, done.stderr
    assert f"{REPO}/tiny-Q8_0.gguf" in models(home)


def test_one_that_becomes_gated_on_the_way_fails_and_goes_on_with_a_token(
    hub: Hub, termai: Termai, home: Path
) -> None:
    hub.repos[REPO].readers = {"ann"}
    hub.tokens["hf_good"] = "ann"
    hub.files.rate = 0.5 * MIB
    assert termai("pull", f"{REPO}:Q8_0", "--no-projector").returncode == 0
    assert termai("downloads", "pause", "1").returncode == 0
    hub.repos[REPO].gated = "auto"
    assert termai("downloads", "resume", "1").returncode == 0

    def failed() -> bool:
        (listed,) = json.loads(termai("downloads", "--json").stdout)
        return bool(listed["status"] == "failed" and "gated" in listed["problem"])

    wait_until(failed, what="the refusal")
    assert "gated" in termai("downloads").stdout
    assert termai("downloads", "resume", "1", HF_TOKEN="hf_good").returncode == 0
    done = termai("pull", f"{REPO}:Q8_0", "--no-projector", "--wait", HF_TOKEN="hf_good")
    assert done.returncode == 0, done.stderr
    assert models(home) == {f"{REPO}/tiny-Q8_0.gguf": Q8}


def test_wrong_content_ends_with_4_and_leaves_nothing(hub: Hub, termai: Termai, home: Path) -> None:
    hub.commit(hub.repos[REPO], FILES, sha256={"tiny-Q8_0.gguf": "0" * 64})
    done = termai("pull", f"{REPO}:Q8_0", "--wait", "--no-projector")
    assert done.returncode == 4
    assert "announced 000000000000" in done.stderr
    assert set(models(home).values()) <= {b""}


def test_without_waiting_it_goes_on_and_is_listed_and_controlled(
    hub: Hub, termai: Termai, home: Path
) -> None:
    hub.files.rate = 0.3 * MIB
    begun = json.loads(termai("pull", REPO, "--no-projector", "--json").stdout)
    assert (begun["id"], begun["status"], begun["bytes_total"]) == ("1", "queued", MIB)

    def listed() -> dict[str, object]:
        (found,) = json.loads(termai("downloads", "list", "--json").stdout)
        assert isinstance(found, dict)
        return found

    running = wait_until(lambda: (now := listed())["rate"] and now, what="a rate")
    assert isinstance(running, dict)
    assert running["status"] == "running"
    assert running["eta_s"]
    assert termai("downloads", "pause", REPO).stdout == f"1 {REPO}:Q4_K_M is paused.\n"
    assert listed()["status"] == "paused"
    assert "paused" in termai("downloads").stdout
    assert termai("downloads", "resume").returncode == 0
    assert termai("downloads", "cancel", "1").stdout == f"1 {REPO}:Q4_K_M is cancelled.\n"
    assert models(home) == {}
    assert termai("downloads", "clear").stdout == "1 download taken off the list.\n"
    assert termai("downloads").stdout == ""
    assert "Nothing is being downloaded" in termai("downloads").stderr
    for command in ("pause", "cancel"):
        assert termai("downloads", command).returncode == 2
        assert termai("downloads", command, "9").returncode == 3


def test_a_terminal_shows_progress_and_ctrl_c_leaves_it_going(hub: Hub, termai: Termai) -> None:
    hub.files.rate = 0.4 * MIB
    with terminal("pull", REPO, "--no-projector") as child:
        child.expect(r"\r\x1b\[Kmaker/Tiny-GGUF:Q4_K_M: running, \d+ % of 1.0 MiB, [\d.]+ ")
        child.sendintr()
        child.expect(r"goes on downloading\. `termai downloads` shows how far it is, ")
        child.expect(r"`termai downloads cancel 1`")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
    done = termai("pull", REPO, "--no-projector", "--wait")
    assert done.returncode == 0
    assert len(hub.files.asked) == 1


def test_a_terminal_that_is_killed_stops_nothing(hub: Hub, termai: Termai, home: Path) -> None:
    hub.files.rate = 0.5 * MIB
    with terminal("pull", REPO, "--no-projector") as child:
        child.expect(r"running, ")
        assert child.pid
        os.killpg(child.pid, signal.SIGKILL)
    done = termai("pull", REPO, "--no-projector", "--wait")
    assert done.returncode == 0
    assert models(home)[f"{REPO}/tiny-Q4_K_M.gguf"] == Q4
    assert len(hub.files.asked) == 1


def test_who_waits_is_told_that_another_stopped_it(hub: Hub, termai: Termai) -> None:
    hub.files.rate = 0.2 * MIB
    for command, words in (("pause", "is paused"), ("cancel", "was cancelled")):
        with terminal("pull", REPO, "--no-projector") as child:
            child.expect("running, ")
            assert termai("downloads", command, REPO).returncode == 0
            child.expect(words)
            child.expect(pexpect.EOF)
            child.wait()
            assert child.exitstatus == 1


def test_a_dumb_terminal_gets_plain_lines(hub: Hub) -> None:
    hub.faults.add(Fault(Kind.STATUS, status=503, match="/resolve/", where="hub"))
    code, shown = whole("pull", f"{REPO}:Q8_0", "--no-projector", TERM="dumb")
    assert code == 0
    assert "\x1b" not in shown
    assert "503" in shown
    assert shown.splitlines()[-1].startswith(f"{REPO}:Q8_0 is here: ")


def test_completion_offers_what_is_going_on(hub: Hub, termai: Termai) -> None:
    hub.files.rate = 0.1 * MIB
    termai("pull", REPO)
    done = termai(
        COMP_WORDS="termai downloads pause ", COMP_CWORD="3", _TERMAI_COMPLETE="bash_complete"
    )
    assert f"{REPO}:Q4_K_M" in done.stdout
    begun = time.monotonic()
    assert termai("downloads", "cancel", "--all").returncode == 0
    assert time.monotonic() - begun < 30
