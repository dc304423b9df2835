"""Failures are sentences with an exit code that is documented, never a traceback."""

import errno
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from termai import errors
from termai.cli import ending
from tests.cli.conftest import TERMAI, Termai, environment


def raising(error: BaseException) -> int:
    """Return the exit code of a command that fails so."""

    def command(_: list[str]) -> int:
        raise error

    return ending.guarded(command, [])


def test_every_error_keeps_its_documented_code(capsys: pytest.CaptureFixture[str]) -> None:
    known = [
        errors.TermaiError,
        errors.UsageError,
        errors.NotFoundError,
        errors.InvalidFileError,
        errors.StartFailedError,
        errors.UnreachableError,
        errors.StorageError,
    ]
    assert [raising(kind("It failed.")) for kind in known] == [1, 2, 3, 4, 5, 6, 7]
    assert capsys.readouterr().err == "Error: It failed.\n" * 7
    for code in range(8):
        assert f"{code} " in ending.HELP


def test_cause_evidence_and_fix_are_told_in_this_order(capsys: pytest.CaptureFixture[str]) -> None:
    raising(errors.StartFailedError("It ended.", fix="Free memory.", detail=("oom\x1b[2J", "bye")))
    assert capsys.readouterr().err == "Error: It ended.\n  | oom\n  | bye\nFree memory.\n"


def test_names_of_failures_for_scripts() -> None:
    class Refused(errors.UsageError):
        pass

    assert ending.kind(Refused) == "usage"
    assert ending.kind(errors.NotFoundError) == "not_found"
    assert ending.kind(errors.TermaiError) == "unexpected"


def test_json_failures_are_json_on_standard_error(termai: Termai) -> None:
    done = termai("logs", "nothing", "--json")
    assert (done.returncode, done.stdout) == (3, "")
    failure = json.loads(done.stderr)["error"]
    assert failure["kind"] == "not_found"
    assert failure["exit_code"] == 3
    assert "nothing" in failure["message"]


def test_json_failures_are_ascii_so_that_no_escape_reaches_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ending.tell(errors.NotFoundError("There is no \x9b31m\x1b]0;x\x07é."), as_json=True)
    told = capsys.readouterr().err
    assert told.rstrip("\n").isascii()
    assert told.rstrip("\n").isprintable()
    assert json.loads(told)["error"]["message"] == "There is no \x9b31m\x1b]0;x\x07é."


def test_a_file_that_cannot_be_used_is_a_storage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert raising(PermissionError(errno.EACCES, "Permission denied", "/closed/x")) == 7
    assert raising(OSError(errno.ENOSPC, "No space left on device", "/full/x")) == 7
    assert capsys.readouterr().err == (
        "Error: /closed/x could not be used: Permission denied.\n"
        "Error: /full/x could not be used: No space left on device.\n"
    )


@pytest.mark.parametrize("command", [["start"], ["run"]])
@pytest.mark.parametrize("target", ["~no-such-user/x.gguf", f"/{'x' * 300}.gguf"])
def test_a_model_file_that_cannot_be_reached_is_not_found(
    termai: Termai, command: list[str], target: str
) -> None:
    done = termai(*command, target, stdin="Hello")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"There is no file {target}." in done.stderr


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_standard_streams_are_no_failure(closed: tuple[int, ...]) -> None:
    shut = " ".join(f"{number}>&-" for number in closed)
    for words in ("ps", "profiles list", "--help", "ps --all --json"):
        command = f"{shlex.join(TERMAI)} {words} {shut}"
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert bool(done.stdout) == (1 not in closed)


@pytest.mark.parametrize("words", ["ps", "profiles list", "models", "logs x --json"])
def test_without_a_home_what_to_set_is_told(words: str) -> None:
    places = [f"{by}_HOME" for by in ("XDG_CONFIG", "XDG_DATA", "XDG_STATE")]
    places += ["HOME", *(f"TERMAI_{kind}_DIR" for kind in ("CONFIG", "DATA", "STATE"))]
    bare = {name: value for name, value in environment().items() if name not in places}
    unknown = "import pwd, sys; pwd.getpwuid = {}.__getitem__"
    code = f"{unknown}; sys.argv[1:] = {words.split()}; from termai.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no home directory: HOME is not set" in done.stderr
    assert "TERMAI_STATE_DIR" in done.stderr
    assert "fault" not in done.stderr


def test_a_fault_of_our_own_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(ZeroDivisionError("division by zero")) == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: termai met a fault of its own: ZeroDivisionError")
    assert "TERMAI_DEBUG=1" in told
    assert "Traceback" not in told


def test_the_traceback_of_a_fault_is_there_for_who_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERMAI_DEBUG", "1")
    raising(ZeroDivisionError("division by zero"))
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt()) == 130
    assert raising(ending.InterruptedWaitError("smoke goes on.")) == 130
    assert capsys.readouterr().err == "\nsmoke goes on.\n"


@pytest.mark.parametrize("arguments", [["--nosuch"], ["nosuch"], ["start"], ["ps", "extra"]])
def test_usage_errors_say_where_help_is(termai: Termai, arguments: list[str]) -> None:
    done = termai(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--help` explains it." in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["profiles", "list"]])
def test_a_reader_that_goes_away_is_no_error(arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [*TERMAI, *arguments], stdout=write, stderr=subprocess.PIPE, env=environment(), text=True
    )
    os.close(write)
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["--version"], ["profiles", "list"]])
def test_output_that_finds_no_room_is_a_storage_error(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*TERMAI, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
            check=False,
        )
    assert done.returncode == 7
    assert done.stderr == "Error: The output could not be written: No space left on device.\n"


def test_the_program_needs_a_terminal(termai: Termai) -> None:
    done = termai()
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_help_documents_every_exit_code(termai: Termai) -> None:
    told = termai("--help").stdout
    assert "Exit codes: 0 done · 1 unexpected · 2 usage · 3 not found · 4 invalid file" in told
    assert "130 interrupted" in told


def test_output_survives_a_terminal_that_knows_ascii_only(termai: Termai) -> None:
    done = termai("--help", PYTHONIOENCODING="ascii:strict", LC_ALL="C")
    assert done.returncode == 0, done.stderr


def test_signals_do_not_leave_a_traceback() -> None:
    process = subprocess.Popen(
        [*TERMAI, "chat", "--url", "http://127.0.0.1:9"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    assert process.stderr
    assert "Waiting for standard input" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (out, told.strip()) == ("", "")
