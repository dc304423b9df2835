"""The doctor from the command line: in a pipe, in a terminal, mending, reporting, proving."""

import getpass
import json
import os
import re
import shlex
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pexpect
import pytest

from termai import settings
from termai.cli import doctor_findings, doctor_mending
from termai.doctor import checking
from termai.doctor.identities import GENERIC
from termai.environment import Finding, Verdict
from termai.paths import config_dir, private_dir
from tests.cli.conftest import Termai
from tests.cli.test_profiles import write
from tests.cli.test_terminal import terminal, whole
from tests.support import native_bin, wait_until

GONE = 'schema = 1\n[model]\npath = "/gone/model.gguf"\n'


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the real hub alone."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def opened() -> Path:
    """Return the configuration directory, which others may read."""
    private_dir(config_dir()).chmod(0o755)
    return config_dir()


def test_in_a_pipe_findings_are_in_order_and_nothing_is_wrong_with_no_profiles(
    termai: Termai,
) -> None:
    done = termai("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    heads = [line for line in done.stdout.splitlines() if line in checking.GROUPS]
    assert heads == [group for group in checking.GROUPS if group in heads]
    assert {"Engines", "Programs", "termai"} <= set(heads)
    assert re.search(r"^ok +llama-server ", done.stdout, re.MULTILINE)
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert re.search(r"^\d+ problems?, \d+ warnings?, \d+ ok.*it took", done.stdout, re.MULTILINE)


def test_it_takes_less_than_three_seconds(termai: Termai) -> None:
    """Of a few runs, since the machine may be busy with other tests."""
    times = []
    for _ in range(4):
        took = re.search(r"it took (\d+\.\d) s", termai("doctor").stdout)
        assert took
        times.append(float(took[1]))
        if times[-1] < 3:
            return
    pytest.fail(f"it took {times} s")


def test_json_has_all_of_each_finding(termai: Termai) -> None:
    found = json.loads(termai("doctor", "--json", "--only", "engines", "--only", "TERMAI").stdout)
    assert {one["group"] for one in found} == {"Engines", "termai"}
    native = next(one for one in found if one["name"] == "llama-server")
    assert native["verdict"] == "ok"
    assert native["path"] == str(native_bin("llama-server"))
    keys = "group name verdict sentence cause fix command path version names"
    assert set(native) == set(keys.split())


def test_what_a_profile_of_ones_own_lacks_is_the_exit_code(termai: Termai) -> None:
    write("mine", GONE)
    done = termai("doctor", "--only", "termai")
    assert done.returncode == 4
    assert "problem    profile mine" in done.stdout
    assert "/gone/model.gguf does not exist" in " ".join(done.stdout.split())
    assert "fix `termai models` lists" in done.stdout
    assert termai("doctor", "--json").returncode == 4
    assert termai("doctor", "--report").returncode == 4
    assert termai("doctor", "--only", "programs").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "nonsense"], "The groups are: Engines"),
        (["--only", "te"], "may be Terminal or termai"),
        (["--fix", "--json"], "do not go together"),
        (["--report", "--prove"], "do not go together"),
        (["--prove", "--only", "gpu"], "takes no --only"),
        (["--fix"], "needs a terminal"),
    ],
)
def test_what_makes_no_sense_is_refused(termai: Termai, arguments: list[str], said: str) -> None:
    done = termai("doctor", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_on_a_terminal_what_is_to_be_done_comes_again_at_the_end(opened: Path) -> None:
    write("mine", GONE)
    code, shown = whole("doctor", "--only", "termai")
    assert code == 4
    assert "\x1b[31mproblem" in shown
    assert "\x1b[32mok" in shown
    plain = re.sub(r"\x1b\[\d*m", "", shown).replace("\r", "")
    findings, todo = plain.split("\n\n")[:2]
    assert [line.split()[0] for line in todo.splitlines() if line[0] != " "] == [
        "problem",
        "warning",
    ]
    assert "profile mine" in findings
    assert "why Its permissions are 0755." in todo
    assert "fix Take the permissions away.\n" in todo
    assert f"run chmod go-rwx {opened}\n" in f"{todo}\n"
    assert "fix" not in findings
    assert plain.rstrip().endswith("`termai doctor --fix` asks for each command and runs it.")


@pytest.mark.parametrize(
    ("fix", "words"),
    [
        ("chmod 600 x", None),
        ("`chmod 600 x`.", None),
        ("Take it away: `chmod 600 x`.", "Take it away."),
        ("Take it away.", "Take it away."),
        ("Run `chmod 600 x` and log in again.", "Run `chmod 600 x` and log in again."),
    ],
)
def test_a_command_stands_once_and_on_a_line_of_its_own(fix: str, words: str | None) -> None:
    lines = list(
        doctor_findings.advice(Finding("x", Verdict.WARNING, "X.", fix, command="chmod 600 x"))
    )
    assert lines[-1].strip() == "run chmod 600 x"
    assert [line.strip() for line in lines[:-1]] == ([f"fix {words}"] if words else [])


def test_all_that_the_sentence_counts_stand_below_it() -> None:
    names = tuple(f"/gone/{number}" for number in range(200))
    finding = Finding("PATH missing", Verdict.WARNING, "It is so.", "Mend it.", names=names)
    words = " ".join(doctor_findings.advice(finding)).split()
    assert words == ["all", *", ".join(names).split(), "fix", "Mend", "it."]
    assert doctor_findings.as_object(finding)["names"] == names


def test_narrow_terminals_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_findings, "width", lambda _: 40)
    finding = Finding("git", Verdict.OK, "Fetches and updates programs from their source.")
    lines = list(doctor_findings.line(finding))
    assert all(len(line) <= 40 for line in lines)
    assert " ".join(" ".join(lines).split()).endswith(finding.sentence)


def test_findings_are_shown_as_they_come(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def slowly(_: object) -> Iterator[Finding]:
        yield Finding("fast", Verdict.OK, "It is here.", group="Programs")
        seen.append(capsys.readouterr().out)
        yield Finding("slow", Verdict.OK, "It is here, too.", group="Engines")

    monkeypatch.setattr(checking, "examine", slowly)
    doctor_findings.arriving(())
    assert "fast" in seen[0]


def test_a_fix_runs_only_when_the_user_says_so_and_is_looked_at_again(opened: Path) -> None:
    with terminal("doctor", "--only", "termai", "--fix") as child:
        child.expect(r"run chmod go-rwx .*Run it\? \[y/N\]")
        child.sendline("")
        child.expect(pexpect.EOF)
    assert opened.stat().st_mode & 0o777 == 0o755
    with terminal("doctor", "--only", "termai", "--fix") as child:
        child.expect("\\[y/N\\]")
        child.sendline("y")
        child.expect("ok.*config directory")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0
    assert opened.stat().st_mode & 0o777 == 0o700


def test_a_fix_of_a_profile_runs_this_very_termai() -> None:
    private_dir(config_dir())
    write(
        "it's mine",
        'schema = 1\n[model]\npath = "builtin:smoke"\n'
        '[args]\nllama-server = ["--draft-max", "4"]\n',
    )
    path = os.pathsep.join(
        one for one in os.environ["PATH"].split(os.pathsep) if not (Path(one) / "termai").exists()
    )
    with terminal("doctor", "--only", "termai", "--fix", PATH=path) as child:
        child.expect("\\[y/N\\]")
        child.sendline("y")
        child.expect("updated 1 flag")
        child.expect("profile it's mine is mended")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0


def test_what_another_fix_has_mended_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Two findings of one cause, and one that no command mends."""
    mark = tmp_path / "mended"

    def found(_: object) -> Iterator[Finding]:
        verdict = Verdict.OK if mark.exists() else Verdict.WARNING
        for name, command in (("one", f"touch {mark}"), ("two", f"touch {mark} # too")):
            yield Finding(name, verdict, "It is so.", command=command, group="Programs")
        yield Finding("three", Verdict.WARNING, "It stays so.", "Buy one.", group="Programs")

    asked: list[str] = []

    def yes(question: str, **_: object) -> bool:
        asked.append(question)
        return True

    monkeypatch.setattr(checking, "examine", found)
    monkeypatch.setattr(click, "confirm", yes)
    monkeypatch.setattr(doctor_mending, "is_terminal", lambda _: True)
    assert doctor_mending.mend(()) == 0
    assert len(asked) == 1
    assert "fix Buy one." in capsys.readouterr().out


def test_a_fix_that_fails_says_so(opened: Path, tmp_path: Path) -> None:
    chmod = tmp_path / "bin" / "chmod"
    chmod.parent.mkdir()
    chmod.write_text("#!/bin/sh\necho it cannot be >&2\nexit 7\n")
    chmod.chmod(0o755)
    path = f"{chmod.parent}{os.pathsep}{os.environ['PATH']}"
    with terminal("doctor", "--only", "termai", "--fix", PATH=path) as child:
        child.expect("\\[y/N\\]")
        child.sendline("y")
        child.expect("it cannot be")
        child.expect("ended with code 7")
        child.expect("not mended yet")
        child.expect(pexpect.EOF)
    assert opened.stat().st_mode & 0o777 == 0o755


def test_ctrl_c_at_a_question_ends_and_changes_nothing(opened: Path) -> None:
    with terminal("doctor", "--only", "termai", "--fix") as child:
        child.expect("\\[y/N\\]")
        child.sendintr()
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
    assert opened.stat().st_mode & 0o777 == 0o755


def test_a_report_names_nobody(termai: Termai, tmp_path: Path) -> None:
    home = tmp_path / "people" / "margarethe"
    home.mkdir(parents=True)
    private_dir(config_dir())
    settings.save(proxy="http://margarethe:hunter2@proxy.acme.example:3128")
    write(
        "mine",
        f'schema = 1\n[model]\npath = "{home}/secret-client/model.gguf"\n'
        '[env]\nMY_API_KEY = "sk-verysecretkeyindeed"\n',
    )
    done = termai(
        "doctor",
        "--report",
        HOME=str(home),
        USER="margarethe",
        HF_TOKEN="hf_abcdefghijklmnopqrst",
        SOME_PASSWORD="correct horse",
    )
    assert done.returncode == 4, done.stderr
    said = done.stdout
    assert said.startswith("termai: ")
    for word in ("margarethe", "hunter2", "acme", "sk-very", "hf_abc", "correct horse"):
        assert word not in said.casefold()
    for name in (getpass.getuser(), socket.gethostname(), os.environ["HOME"], str(tmp_path)):
        assert name in GENERIC or not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said)
    for fact in ("Python ", "processor: ", "memory: ", "setting proxy: ", "profile mine"):
        assert fact in said
    assert "model.gguf does not exist" in said


@pytest.mark.slow
def test_prove_shows_each_engine_with_what_was_measured(termai: Termai) -> None:
    with terminal("doctor", "--prove") as child:
        child.timeout = 240
        shown = str(child.read())
    assert "llama-server on CPU: loading" in shown
    assert "\x1b[32mworks" in shown
    assert re.search(r"ready after \d+\.\d s, \d+ tokens/s\r?$", shown, re.MULTILINE)
    assert json.loads(termai("ps", "--all", "--json").stdout) == []


@pytest.mark.slow
def test_prove_ends_with_5_when_an_engine_does_not_work(termai: Termai, tmp_path: Path) -> None:
    real = native_bin("llama-server")
    broken = tmp_path / "llama-server"
    broken.write_text(
        '#!/bin/sh\ncase "$1" in --help|--version|--list-devices) '
        f'exec {shlex.quote(str(real))} "$@";; esac\necho "error: no" >&2\nexit 1\n'
    )
    broken.chmod(0o755)
    settings.save(llama_server=str(broken))
    done = termai("doctor", "--prove", "--json")
    assert done.returncode == 5
    proofs = json.loads(done.stdout)
    assert [(one["program"], one["works"]) for one in proofs][:2] == [
        (str(broken), False),
        (str(real), True),
    ]
    assert proofs[0]["sentence"]
    text = termai("doctor", "--prove").stdout
    assert text.startswith("fails  llama-server on CPU")
    assert text.splitlines()[-1] == f"{len(proofs) - 1} of {len(proofs)} work."


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_proof_that_is_broken_off_leaves_no_server(
    termai: Termai, number: signal.Signals, code: int
) -> None:
    with terminal("doctor", "--prove") as child:
        child.expect("loading and asking")
        wait_until(lambda: json.loads(termai("ps", "--json").stdout), what="its server")
        child.kill(number)
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == code
    assert json.loads(termai("ps", "--all", "--json").stdout) == []
