"""Importing, exporting and checking profiles from the command line."""

import json
import re
import socket
import stat
from pathlib import Path

import pytest

from termai.paths import profiles_dir
from tests.cli.conftest import Termai

LINE = "CUDA_VISIBLE_DEVICES=0 ./llama-server -m builtin:smoke -c 512 \\\n  -ngl 0 --temp 0.2\n"
KCPPS = {"model_param": "builtin:smoke", "contextsize": 512, "sdmodel": "x.gguf", "noshift": True}


def test_a_pasted_line_becomes_a_profile_that_starts(termai: Termai) -> None:
    done = termai("profiles", "import", "-", "--as", "pasted", stdin=LINE)
    assert done.returncode == 0, done.stderr
    made = json.loads(termai("profiles", "show", "pasted", "--json").stdout)
    assert made["values"] == {
        "path": "builtin:smoke",
        "ctx_size": 512,
        "n_gpu_layers": 0,
        "temperature": 0.2,
    }
    assert made["env"] == {"CUDA_VISIBLE_DEVICES": "0"}
    started = termai("start", "pasted")
    assert started.returncode == 0, started.stderr
    assert termai("stop", "pasted").returncode == 0


def test_a_kcpps_says_what_has_no_counterpart(termai: Termai, tmp_path: Path) -> None:
    path = tmp_path / "My settings.kcpps"
    path.write_text(json.dumps(KCPPS))
    dry = termai("profiles", "import", str(path), "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "ctx_size = 512" in dry.stdout
    assert not profiles_dir().exists() or not list(profiles_dir().iterdir())
    done = termai("profiles", "import", str(path), "--json")
    (made,) = json.loads(done.stdout)
    assert {"key": "sdmodel", "kept": True}.items() <= {**made["left"][0]}.items()
    back = termai("profiles", "export", made["name"], "--to", "koboldcpp")
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout).items() >= {"contextsize": 512, "sdmodel": "x.gguf"}.items()


def test_an_import_overwrites_nothing(termai: Termai, tmp_path: Path) -> None:
    path = tmp_path / "mine.kcpps"
    path.write_text(json.dumps(KCPPS))
    assert termai("profiles", "import", str(path), "--as", "mine").returncode == 0
    again = termai("profiles", "import", str(path), "--as", "mine")
    assert again.returncode == 2
    assert "mine" in again.stderr


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.kcpps", "{", ("x.kcpps",)),
        ("x.kcpps", '{"contextsize": "big"}', ("x.kcpps", "contextsize", "expected")),
        ("x.ini", "[a\n", ("x.ini",)),
        ("x.bin", "\x01\x02", ("x.bin",)),
    ],
)
def test_a_bad_file_is_named_with_what_was_expected(
    termai: Termai, tmp_path: Path, name: str, text: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / name
    path.write_text(text)
    done = termai("profiles", "import", str(path))
    assert done.returncode == 4, done.stderr
    for word in words:
        assert word in done.stderr


def test_exports_to_a_file(termai: Termai, tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    done = termai("profiles", "export", "smoke", "--to", "shell", "--output", str(script))
    assert done.returncode == 0, done.stderr
    assert script.stat().st_mode & stat.S_IXUSR
    again = termai("profiles", "export", "smoke", "--to", "shell", "--output", str(script))
    assert again.returncode == 2
    assert "--overwrite" in again.stderr
    unit = termai("profiles", "export", "smoke", "--to", "systemd")
    assert "ExecStart=" in unit.stdout


def test_an_unknown_format_names_those_there_are(termai: Termai) -> None:
    done = termai("profiles", "export", "smoke", "--to", "kobold")
    assert done.returncode == 2
    assert "koboldcpp" in done.stderr


def test_check_names_a_removed_flag_and_updates_it(termai: Termai) -> None:
    profiles_dir().mkdir(parents=True)
    (profiles_dir() / "old.toml").write_text(
        'schema = 1\n[model]\npath = "builtin:smoke"\n'
        '[args]\nllama-server = ["--draft-max", "8"]  # mine\n'
    )
    done = termai("profiles", "check", "old")
    assert done.returncode == 4
    assert "--draft-max" in done.stdout
    refused = termai("start", "old")
    assert refused.returncode == 2
    assert "profiles check old --update" in refused.stderr
    updated = termai("profiles", "check", "old", "--update")
    assert updated.returncode == 0, updated.stdout
    assert json.loads(termai("profiles", "check", "old", "--json").stdout)[0]["starts"] is True


def test_check_says_once_that_no_gpu_is_called_so_and_command_says_it_too(termai: Termai) -> None:
    setting = 'device=["RTX 9090"]'
    termai("profiles", "new", "gpu", "--set", "path=builtin:smoke", "--set", setting)
    checked = termai("profiles", "check", "gpu")
    assert checked.returncode == 4
    assert checked.stdout.count("No device is called 'RTX 9090'") == 1
    command = termai("profiles", "command", "gpu")
    assert command.returncode
    assert "No device is called 'RTX 9090'" in command.stderr


def test_check_all_covers_every_profile(termai: Termai) -> None:
    reports = json.loads(termai("profiles", "check", "--all", "--json").stdout)
    names = {one["name"] for one in json.loads(termai("profiles", "list", "--json").stdout)}
    assert {report["name"] for report in reports} == names
    assert all(report["starts"] for report in reports)
    assert termai("profiles", "check").returncode == 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "names no model"),
        ('[model]\npath = "/nowhere/x.gguf"\n', "/nowhere/x.gguf"),
        ('[model]\npath = "builtin:smoke"\n[server]\napi_key_file = "gone"\n', "gone"),
    ],
)
def test_check_says_of_each_that_cannot_start_why(termai: Termai, text: str, word: str) -> None:
    profiles_dir().mkdir(parents=True)
    (profiles_dir() / "mine.toml").write_text(f"schema = 1\n{text}")
    assert termai("start", "mine").returncode != 0
    done = termai("profiles", "check", "mine")
    assert done.returncode == 4
    assert word in done.stdout
    (report,) = json.loads(termai("profiles", "check", "mine", "--json").stdout)
    assert report["starts"] is False


def test_check_all_tells_of_files_that_do_not_read(termai: Termai) -> None:
    profiles_dir().mkdir(parents=True)
    (profiles_dir() / "mine.toml").write_text("bad = [\n")
    done = termai("profiles", "check", "--all", "--json")
    assert done.returncode == 4
    assert "mine.toml" in json.loads(done.stdout)[-1]["problem"]


def test_an_import_tells_the_environment_that_it_brings(termai: Termai) -> None:
    line = "LD_PRELOAD=/tmp/evil.so A=1 llama-server -m builtin:smoke\n"
    done = termai("profiles", "import", "-", "--as", "pasted", stdin=line)
    assert done.returncode == 0, done.stderr
    assert "environment gets LD_PRELOAD=/tmp/evil.so." in done.stderr
    assert "environment gets A=1." in done.stderr
    assert "LD_PRELOAD in the environment decides which programs" in done.stderr


def test_a_unit_that_was_exported_comes_back(termai: Termai, tmp_path: Path) -> None:
    alias, value = 'a$HOME %n "q" \\z', '50% $x "q"'
    made = termai("profiles", "new", "mine", "--set", "path=builtin:smoke")
    assert made.returncode == 0, made.stderr
    done = termai("profiles", "set", "mine", f"alias={alias}", f"env.FOO={value}")
    assert done.returncode == 0, done.stderr
    unit = tmp_path / "my unit.service"
    done = termai("profiles", "export", "mine", "--to", "systemd", "-o", str(unit))
    assert done.returncode == 0, done.stderr
    assert "cp THIS-FILE ~/.config/systemd/user/termai-mine.service" in unit.read_text()
    (back,) = json.loads(termai("profiles", "import", str(unit), "--json").stdout)
    assert back["values"]["alias"] == alias
    assert back["env"] == {"FOO": value}
    assert not any(left["key"].startswith("env.") for left in back["left"])


def test_the_command_tells_aside_that_its_port_is_taken(termai: Termai) -> None:
    profiles_dir().mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = f'[model]\npath = "builtin:smoke"\n[server]\nport = {port}\n'
        (profiles_dir() / "mine.toml").write_text(text)
        shown = termai("profiles", "command", "mine", "--json")
        (profiles_dir() / "mine.toml").write_text(f"{text}port_strict = true\n")
        insists = termai("profiles", "command", "mine")
    free = termai("profiles", "command", "mine")
    assert str(port) in json.loads(shown.stdout)["argv"]
    assert re.search(rf"^Port {port} .*: a start takes \d+ now\.$", shown.stderr.strip())
    assert "insists on it: it would not start." in insists.stderr
    assert insists.stdout == free.stdout
    assert free.stderr == ""


def test_the_command_shows_no_secret(termai: Termai) -> None:
    profiles_dir().mkdir(parents=True, exist_ok=True)
    (profiles_dir() / "mine.toml").write_text(
        '[model]\npath = "builtin:smoke"\n[env]\nHF_TOKEN = "SECRET"\nA = "b c"\n'
        "[args]\nllama-server = ['--chat-template-kwargs', '{\"token\": \"SECRET\"}']\n"
    )
    shown = termai("profiles", "command", "mine")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("HF_TOKEN=\"$HF_TOKEN\" A='b c' ")
    told = termai("profiles", "command", "mine", "--json")
    assert json.loads(told.stdout)["env"] == {"HF_TOKEN": "(hidden)", "A": "b c"}
    assert "SECRET" not in shown.stdout + told.stdout
