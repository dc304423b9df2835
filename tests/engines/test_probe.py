"""Asking a program what it knows, and remembering the answer."""

import json
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from termai.engines import hangs, probe
from termai.paths import state_dir
from tests.support import native_bin, wait_until


def script(path: Path, body: str) -> Path:
    path.write_text("#!/bin/sh\n" + textwrap.dedent(body))
    path.chmod(stat.S_IRWXU)
    return path


def counting(path: Path, devices: str = "") -> Path:
    """Write a llama-server that notes how often it is asked."""
    return script(
        path,
        f"""\
        echo "$1" >> {path}.asked
        case "$1" in
        --help) printf -- '--model F\\n--port N\\n--version\\n--list-devices\\n';;
        --version) echo 'version: 1 (a)';;
        --list-devices) printf 'Available devices:\\n  {devices}';;
        esac
        """,
    )


def asked(program: Path) -> list[str]:
    return Path(f"{program}.asked").read_text().split()


def caches() -> list[Path]:
    return list((state_dir() / "probes").glob("*.json"))


def test_the_real_binary_tells_its_version_and_flags() -> None:
    found = probe.probe(native_bin("llama-server"))
    assert found.version.strip()
    assert {"--model", "-m", "--ctx-size", "-c"} <= found.options.keys()


def test_an_older_build_is_understood(old_program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_DEVICES", "CUDA0,CUDA1")
    found = probe.probe(old_program)
    assert found.version == "4417 (46e3556e)"
    assert found.devices == ("CUDA0", "CUDA1")
    assert "--mlock" in found.options
    assert "--load-mode" not in found.options


def test_a_program_that_has_not_changed_is_asked_once(tmp_path: Path) -> None:
    program = counting(tmp_path / "llama-server", "CUDA0: a card")
    assert probe.probe(program) == probe.probe(program)
    assert asked(program) == ["--help", "--version", "--list-devices"]


def test_devices_are_looked_for_again_as_long_as_there_are_none(tmp_path: Path) -> None:
    program = counting(tmp_path / "llama-server")
    probe.probe(program)
    probe.probe(program)
    assert asked(program) == ["--help", "--version", "--list-devices", "--list-devices"]


def test_a_program_that_has_changed_is_asked_again(tmp_path: Path) -> None:
    program = counting(tmp_path / "llama-server", "CUDA0: a card")
    probe.probe(program)
    os.utime(program, ns=(1, 1))
    probe.probe(program)
    assert asked(program).count("--help") == 2


def test_other_visible_devices_are_another_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = counting(tmp_path / "llama-server", "CUDA0: a card")
    probe.probe(program)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    probe.probe(program)
    assert asked(program).count("--list-devices") == 2


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"version": 1}',
        '{"options": {"a": 1}}',
        '{"version": 1, "devices": [], "options": {}, "removed": {"a": 1}}',
    ],
)
def test_a_broken_cache_is_ignored_and_written_anew(tmp_path: Path, broken: str) -> None:
    program = counting(tmp_path / "llama-server", "CUDA0: a card")
    found = probe.probe(program)
    (cache,) = caches()
    cache.write_text(broken)
    assert probe.probe(program) == found
    assert json.loads(cache.read_text())["devices"] == ["CUDA0"]


@pytest.mark.parametrize("key", ["removed", "complete"])
def test_a_cache_that_an_older_version_wrote_is_written_anew(tmp_path: Path, key: str) -> None:
    program = counting(tmp_path / "llama-server", "CUDA0: a card")
    found = probe.probe(program)
    (cache,) = caches()
    older = {k: v for k, v in json.loads(cache.read_text()).items() if k != key}
    cache.write_text(json.dumps(older))
    assert probe.probe(program) == found
    assert key in json.loads(cache.read_text())


def test_removed_flags_are_remembered_with_their_successors() -> None:
    program = native_bin("llama-server")
    found = probe.probe(program)
    assert "--spec-draft-n-max" in found.removed["--draft-max"]
    assert probe.read_cache(program) == found


def test_a_full_disk_only_costs_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = counting(tmp_path / "llama-server", "CUDA0: a card")
    monkeypatch.setenv("TERMAI_STATE_DIR", "/dev/full/state")
    assert probe.probe(program).devices == ("CUDA0",)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("kill -ILL $$", "was built for another CPU"),
        ("kill -SEGV $$", "was killed by SIGSEGV"),
        ("echo libcudart.so.12 is missing >&2; exit 127", "ends with code 127"),
        ("echo '-h, --help   show help'", "is not a llama-server"),
    ],
)
def test_a_program_that_does_not_work_is_explained(
    tmp_path: Path, body: str, sentence: str
) -> None:
    program = script(tmp_path / "llama-server", body)
    with pytest.raises(probe.ProbeError, match=sentence) as caught:
        probe.probe(program)
    assert str(program) in str(caught.value)
    assert caught.value.fix


def test_what_a_failing_program_wrote_is_kept_as_evidence(tmp_path: Path) -> None:
    program = script(tmp_path / "llama-server", "echo libcudart.so.12: not found >&2; exit 127")
    with pytest.raises(probe.ProbeError) as caught:
        probe.probe(program)
    assert caught.value.detail == ("libcudart.so.12: not found",)


def test_a_program_that_hangs_is_given_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "TIME_LIMIT_S", 0.3)
    program = script(tmp_path / "llama-server", "exec sleep 60")
    with pytest.raises(probe.ProbeError, match="no answer within"):
        probe.probe(program)


def hanging(path: Path) -> Path:
    """Write a program that notes each question, and hangs in another that it starts."""
    return script(
        path,
        f"""\
        echo "$1" >> {path}.asked
        /bin/sleep 60 &
        echo $! > {path}.new
        mv {path}.new {path}.pid
        wait
        """,
    )


def assert_ended(program: Path) -> None:
    """Wait until what a hanging program started is no more, or dead and still listed."""
    pid = int(Path(f"{program}.pid").read_text())

    def ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    wait_until(ended)


def ask_in_vain(program: Path, patience_s: float) -> None:
    with pytest.raises(probe.ProbeError, match="no answer within") as caught:
        probe.impatiently(patience_s, lambda: probe.probe(program))
    assert hangs.AGAIN in caught.value.fix


def test_a_program_that_hangs_is_asked_once_by_who_waits_as_long(tmp_path: Path) -> None:
    program = hanging(tmp_path / "llama-server")
    ask_in_vain(program, 0.5)
    ask_in_vain(program, 0.5)
    assert asked(program) == ["--help"]
    ask_in_vain(program, 0.6)
    assert asked(program) == ["--help"] * 2


@pytest.mark.parametrize("change", ["forgotten", "another file", "another boot"])
def test_a_hang_is_remembered_of_one_file_and_boot_until_it_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    program = hanging(tmp_path / "llama-server")
    ask_in_vain(program, 0.5)
    if change == "forgotten":
        hangs.forget()
    elif change == "another file":
        os.utime(program, ns=(1, 1))
    else:
        monkeypatch.setattr(hangs, "boot_id", lambda: "later")
    ask_in_vain(program, 0.5)
    assert len(asked(program)) == 2


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"waited_s": "x", "boot": ""}', "\xff"])
def test_a_broken_memory_of_a_hang_is_none(tmp_path: Path, broken: str) -> None:
    program = hanging(tmp_path / "llama-server")
    ask_in_vain(program, 0.5)
    (memory,) = (state_dir() / "probes").glob("*.hang")
    memory.write_text(broken, encoding="latin-1")
    ask_in_vain(program, 0.5)
    assert len(asked(program)) == 2


def test_a_program_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    program = hanging(tmp_path / "llama-server")
    ask_in_vain(program, 0.5)
    assert_ended(program)


def test_what_is_asked_as_termai_ends_does_not_run_on(tmp_path: Path) -> None:
    program = hanging(tmp_path / "llama-server")
    source = f"""\
        import pathlib, threading, time
        from termai.engines import probe
        program = pathlib.Path({str(program)!r})
        threading.Thread(target=probe.probe, args=(program,), daemon=True).start()
        while not pathlib.Path(f"{{program}}.pid").is_file():
            time.sleep(0.01)
        """
    subprocess.run([sys.executable, "-c", textwrap.dedent(source)], check=True, timeout=60)
    assert_ended(program)


def test_a_file_that_is_no_program_is_explained(tmp_path: Path) -> None:
    program = tmp_path / "llama-server"
    program.write_bytes(b"\x7fELF not really")
    program.chmod(stat.S_IRWXU)
    with pytest.raises(probe.ProbeError, match="cannot be run"):
        probe.probe(program)
