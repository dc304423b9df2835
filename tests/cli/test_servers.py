"""Servers from the command line: a real llama-server with the smoke model, start to stop."""

import json
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from termai.models.smoke import model_path
from termai.paths import jobs_dir, profiles_dir
from termai.servers.health import Health, probe
from tests.cli.conftest import TERMAI, Termai, environment
from tests.servers.models import write_tiny
from tests.support import free_port, native_bin, wait_until

QUESTION, ANSWER = "What is the capital of France?", "The capital of France is Paris.\n"


@pytest.fixture
def clean_up(termai: Termai) -> Iterator[None]:
    """Stop every server when the test ends."""
    yield
    termai("stop", "--all")


def test_start_says_where_the_server_is_and_on_what(termai: Termai, clean_up: None) -> None:
    port = free_port()
    done = termai("start", "smoke", "--set", f"port={port}", SSH_CONNECTION="9.9.9.9 1 10.0.0.7 22")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"smoke is ready: http://127.0.0.1:{port}\n")
    assert re.search(r"^  offload +0 of \d+ layers on a GPU \(CPU\)$", done.stdout, re.MULTILINE)
    assert "context    4096 tokens" in done.stdout
    assert re.search(rf"ssh -N -L {port}:127\.0\.0\.1:{port} \S+@10\.0\.0\.7\n", done.stdout)


def test_start_says_that_the_port_of_the_profile_was_taken(termai: Termai, clean_up: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        done = termai("start", "smoke", "--set", f"port={taken}")
    [port] = re.findall(r"^smoke is ready: http://127\.0\.0\.1:(\d+)$", done.stdout, re.MULTILINE)
    assert f"  port       {port}, as something else listens on {taken}, which the" in done.stdout


def test_ps_proves_where_the_layers_are(termai: Termai, smoke: str) -> None:
    [server] = json.loads(termai("ps", "--json").stdout)
    assert server["name"] == server["profile"] == "smoke"
    assert server["engine"] == "llama-server"
    assert (server["url"], server["state"], server["ctx_size"]) == (smoke, "ready", 4096)
    assert server["offload"]["layers"] == 0
    assert server["offload"]["total"] > 0
    assert server["offload"]["devices"] == ["CPU"]
    assert server["exit"] is None
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", server["started_at"])
    assert psutil.Process(server["pid"]).name().startswith("llama-server")


def test_ps_is_a_table_that_fits_80_columns(termai: Termai, smoke: str) -> None:
    head, row = termai("ps").stdout.splitlines()
    assert head.split() == ["NAME", "STATE", "URL", "GPU", "LAYERS", "CONTEXT", "TIME"]
    assert row.split()[:3] == ["smoke", "ready", smoke]
    assert max(len(head), len(row)) <= 80
    assert row.index("ready") == head.index("STATE")


def test_a_broken_record_is_reported_and_hides_no_server(termai: Termai, smoke: str) -> None:
    broken = jobs_dir() / "20260101-000000-00000000"
    broken.mkdir()
    (broken / "spec.json").write_text("{")
    done = termai("ps")
    assert done.returncode == 0
    assert smoke in done.stdout
    assert f"{broken}/spec.json, line 1: not JSON" in done.stderr
    assert (broken / "spec.json").read_text() == "{"


def test_a_server_is_stopped_and_then_past(termai: Termai, smoke: str) -> None:
    [before] = json.loads(termai("ps", "--json").stdout)
    done = termai("stop", "smoke")
    assert (done.returncode, done.stdout) == (0, "smoke is stopped.\n")
    assert not psutil.pid_exists(before["pid"])
    assert termai("ps", "--json").stdout == "[]\n"
    [after] = json.loads(termai("ps", "--json", "--all").stdout)
    assert (after["state"], after["pid"], after["exit"]["reason"]) == ("stopped", None, "stopped")
    assert "stopped" in termai("ps", "-a").stdout
    again = termai("stop", "smoke")
    assert (again.returncode, again.stdout) == (0, "smoke was not running.\n")


def test_stopping_nothing_or_everything_and_one_is_a_usage_error(termai: Termai) -> None:
    assert termai("stop").returncode == 2
    assert termai("stop", "x", "--all").returncode == 2
    assert termai("stop", "x").returncode == 3
    done = termai("stop", "--all")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "No server runs.\n")


def test_a_second_start_is_refused_and_a_restart_keeps_the_port(termai: Termai, smoke: str) -> None:
    again = termai("start", "smoke")
    assert again.returncode == 2
    assert "already running" in again.stderr
    [before] = json.loads(termai("ps", "--json").stdout)
    restarted = json.loads(termai("restart", "smoke", "--json").stdout)
    assert (restarted["url"], restarted["state"]) == (smoke, "ready")
    assert restarted["pid"] != before["pid"]


def test_run_answers_as_documented_and_the_server_stays(termai: Termai, clean_up: None) -> None:
    first = termai("run", "smoke", QUESTION)
    assert (first.returncode, first.stdout) == (0, ANSWER), first.stderr
    [server] = json.loads(termai("ps", "--json").stdout)
    assert server["state"] == "ready"
    second = termai("run", "smoke", stdin=QUESTION)
    assert second.stdout == ANSWER
    assert json.loads(termai("ps", "--json").stdout)[0]["pid"] == server["pid"]
    assert termai("chat", QUESTION).stdout == ANSWER
    assert termai("chat", "--server", "smoke", stdin=QUESTION).stdout == ANSWER
    assert termai("chat", "--url", server["url"], "--temperature", "0", QUESTION).stdout == ANSWER


def test_run_refuses_to_change_what_runs(termai: Termai, smoke: str) -> None:
    done = termai("run", "smoke", QUESTION, "--set", "ctx_size=512")
    assert (done.returncode, done.stdout) == (2, "")
    assert "already running" in done.stderr


def test_run_refuses_to_change_a_model_file_that_runs(
    termai: Termai, tmp_path: Path, clean_up: None
) -> None:
    model = tmp_path / "Tiny.gguf"
    shutil.copy(model_path(), model)
    assert termai("run", str(model), QUESTION).returncode == 0
    done = termai("run", str(model), QUESTION, "--set", "ctx_size=512")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Tiny is already running" in done.stderr
    assert "Stop it first: termai stop Tiny." in done.stderr
    assert len(json.loads(termai("ps", "--json").stdout)) == 1


def test_run_without_a_prompt_in_a_script_starts_nothing(termai: Termai) -> None:
    done = termai("run", "smoke")
    assert done.returncode == 2
    assert "There is no prompt." in done.stderr
    assert termai("ps", "--json", "--all").stdout == "[]\n"


def test_run_takes_a_model_file(termai: Termai, tmp_path: Path, clean_up: None) -> None:
    model = tmp_path / "Tiny model.gguf"
    shutil.copy(model_path(), model)
    done = termai("run", str(model), QUESTION, "--temperature", "0", "--set", "ctx_size=1024")
    assert (done.returncode, done.stdout) == (0, ANSWER), done.stderr
    [server] = json.loads(termai("ps", "--json").stdout)
    assert (server["name"], server["model"]) == ("Tiny model", str(model))
    assert termai("logs", "Tiny model", "-n", "1").returncode == 0


def test_thinking_is_asked_for_and_kept_apart(termai: Termai, smoke: str) -> None:
    from termai.models.smoke import questions

    question = next(q for q in questions() if q.reasoning and len(q.messages) == 1)
    arguments = ["chat", question.messages[0].content, "--reasoning", "on"]
    assert termai(*arguments).stdout == f"{question.answer}\n"
    told = json.loads(termai(*arguments, "--json").stdout)
    assert (told["content"], told["reasoning"]) == (question.answer, question.reasoning)
    assert told["finish_reason"] == "stop"


def test_a_server_with_a_key_is_asked_with_it(termai: Termai, clean_up: None) -> None:
    key = profiles_dir().parent / "key"
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_text("sk-secret\n")
    key.chmod(0o600)
    done = termai("run", "smoke", QUESTION, "--set", "api_key_file=key")
    assert (done.returncode, done.stdout) == (0, ANSWER), done.stderr
    [server] = json.loads(termai("ps", "--json").stdout)
    assert "sk-secret" not in " ".join(psutil.Process(server["pid"]).cmdline())
    refused = termai("chat", "--url", server["url"], QUESTION)
    assert refused.returncode == 6
    assert "API key" in refused.stderr


@pytest.mark.parametrize("engine", ["llama-server", "llama-cpp-python"])
def test_two_chats_at_once_both_get_whole_answers(
    termai: Termai, clean_up: None, engine: str
) -> None:
    profiles_dir().mkdir(parents=True)
    text = f'schema = 1\nengine = "{engine}"\n[model]\npath = "builtin:smoke"\n'
    text += "[load]\nctx_size = 1024\n[sampling]\ntemperature = 0.0\n"
    (profiles_dir() / "pair.toml").write_text(text)
    started = json.loads(termai("start", "pair", "--json").stdout)
    assert (started["engine"], started["state"]) == (engine, "ready")
    other = "What is the capital of Italy?"
    programs = [
        subprocess.Popen(
            [*TERMAI, "chat", question],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for question in (QUESTION, other)
    ]
    answers = [program.communicate(timeout=60)[0] for program in programs]
    assert answers == [ANSWER, "The capital of Italy is Rome.\n"]


def test_several_servers_must_be_told_apart(termai: Termai, smoke: str, tmp_path: Path) -> None:
    model = tmp_path / "other.gguf"
    shutil.copy(model_path(), model)
    assert termai("start", str(model)).returncode == 0
    done = termai("chat", QUESTION)
    assert done.returncode == 2
    assert "smoke" in done.stderr
    assert "other" in done.stderr
    assert termai("stop", "smoke", "other", "--json").returncode == 0


def test_logs_are_the_end_of_what_the_server_says(termai: Termai, smoke: str) -> None:
    everything = termai("logs", "smoke", "-n", "all").stdout.splitlines()
    assert everything[0].startswith("termai: started pid ")
    assert termai("logs", "smoke", "-n", "3").stdout.splitlines() == everything[-3:]
    assert termai("logs", "smoke", "-n", "0").stdout == ""
    told = json.loads(termai("logs", "smoke", "-n", "3", "--json").stdout)
    assert told["lines"] == everything[-3:]
    assert Path(told["path"]).name == "log"
    assert termai("logs", "smoke", "-n", "some").returncode == 2


def test_following_goes_on_until_the_server_ends(termai: Termai, smoke: str) -> None:
    follower = subprocess.Popen(
        [*TERMAI, "logs", "smoke", "-f", "-n", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert follower.stdout
    follower.stdout.readline()
    termai("stop", "smoke")
    out, told = follower.communicate(timeout=30)
    assert "termai: ended with " in out.splitlines()[-1]
    assert (follower.returncode, told) == (0, "smoke has ended.\n")


@pytest.mark.parametrize("target", ["no-such-profile", "/no/such/model.gguf", "nope.gguf"])
def test_what_is_not_there_is_named(termai: Termai, target: str) -> None:
    for command in (["start", target], ["run", target, "Hello"]):
        done = termai(*command)
        assert done.returncode == 3
        assert target in done.stderr


def test_a_broken_model_is_an_invalid_file(termai: Termai, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model at all")
    done = termai("start", str(broken), "--json")
    assert done.returncode == 4
    assert str(broken) in json.loads(done.stderr)["error"]["message"]


def test_a_failed_start_tells_cause_evidence_and_fix(termai: Termai, tmp_path: Path) -> None:
    alien = write_tiny(tmp_path / "alien.gguf", "mystery")
    done = termai("start", str(alien))
    assert done.returncode == 5, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert "  | " in done.stderr
    assert "Traceback" not in done.stderr
    failed = json.loads(termai("ps", "--all", "--json").stdout)[0]
    assert failed["state"] == "failed"
    assert failed["problem"]
    assert "alien: " in termai("ps", "--all").stdout


def test_half_a_model_is_not_started(termai: Termai, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(model_path().read_bytes()[:300_000])
    done = termai("start", str(cut))
    assert done.returncode == 4
    assert "cut short" in done.stderr
    assert json.loads(termai("ps", "--all", "--json").stdout) == []


def test_an_option_that_does_not_exist_is_refused(termai: Termai) -> None:
    done = termai("start", "smoke", "--set", "ctx_sise=1")
    assert done.returncode == 2
    assert "ctx_size" in done.stderr
    assert termai("start", "smoke", "--set", "ctx_size=much").returncode == 2
    assert termai("start", "smoke", "--set", "nonsense").returncode == 2


def test_no_wait_returns_before_the_server_is_ready(termai: Termai, clean_up: None) -> None:
    told = json.loads(termai("start", "smoke", "--no-wait", "--json").stdout)
    assert told["pid"]
    assert told["state"] in ("starting", "loading", "ready")
    wait_until(lambda: json.loads(termai("ps", "--json").stdout)[0]["state"] == "ready")
    assert probe(told["url"]) is Health.READY


def test_ctrl_c_while_waiting_leaves_the_server_and_says_so(
    termai: Termai, clean_up: None, tmp_path: Path
) -> None:
    slow = tmp_path / "slow" / "llama-server"
    slow.parent.mkdir()
    wait = 'case "$*" in *--model*) sleep 60;; esac'
    slow.write_text(f'#!/bin/sh\n{wait}\nexec {native_bin("llama-server")} "$@"\n')
    slow.chmod(0o755)
    config = profiles_dir().parent / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f'schema = 1\nllama_server = "{slow}"\n')
    program = subprocess.Popen(
        [*TERMAI, "start", "smoke"], stderr=subprocess.PIPE, text=True, env=environment()
    )
    wait_until(lambda: "smoke" in termai("ps", "--json").stdout)
    program.send_signal(signal.SIGINT)
    _, told = program.communicate(timeout=30)
    assert program.returncode == 130
    assert told.startswith("\nsmoke goes on starting.")
    assert "termai stop smoke" in told
    [server] = json.loads(termai("ps", "--json").stdout)
    assert server["state"] == "starting"
    assert psutil.pid_exists(server["pid"])


def test_names_with_escape_sequences_do_no_harm(termai: Termai, tmp_path: Path) -> None:
    evil = tmp_path / "evil\x1b]0;owned\x07\x1b[2J.gguf"
    evil.write_bytes(b"no model")
    done = termai("start", str(evil))
    assert done.returncode == 2
    assert done.stderr.startswith("Error: model.path: ")
    assert "\x1b" not in done.stdout + done.stderr
