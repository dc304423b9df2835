"""The engines on the command line."""

import json
from pathlib import Path

from termai import settings
from termai.engines import llama_server
from tests.cli.conftest import Termai
from tests.support import free_port


def test_the_list_as_text(termai: Termai) -> None:
    done = termai("engines")
    assert done.returncode == 0, done.stderr
    assert done.stdout == termai("engines", "list").stdout
    assert "llama-server" in done.stdout.splitlines()[0]
    assert "takes it: it is beside termai." in done.stdout
    assert all(len(line) <= 80 or "/" in line for line in done.stdout.splitlines())


def test_the_list_as_json(termai: Termai) -> None:
    told = json.loads(termai("engines", "list", "--json").stdout)
    assert [one["engine"] for one in told["engines"] if one["auto"]] == ["llama-server"]
    assert {"engine", "path", "version", "source", "devices", "build", "lacks", "why"} <= set(
        told["engines"][0]
    )


def test_one_that_is_here_and_does_not_work_is_not_called_absent(
    termai: Termai, tmp_path: Path
) -> None:
    settings.save(koboldcpp=str(tmp_path / "koboldcpp"))
    (tmp_path / "koboldcpp").touch()
    assert "koboldcpp  does not work\n" in termai("engines", "list", "--again").stdout


def test_using_another_and_going_back(termai: Termai, home: Path) -> None:
    program = llama_server.beside_termai()
    assert program
    done = termai("engines", "use", str(program))
    assert done.returncode == 0, done.stderr
    assert f"now {program}" in done.stdout
    assert "Before it was the one that auto finds" in done.stdout
    assert "configured in config.toml" in termai("engines", "list").stdout
    back = json.loads(termai("engines", "back", "--json").stdout)
    assert (back["before"], back["now"], back["engine"]) == (str(program), "", None)
    assert termai("engines", "back").returncode == 2
    settings.save(llama_server=str(home / "gone"))
    assert f"left out\n  why      {home / 'gone'}" in termai("engines", "list").stdout
    settings.save(llama_server="")
    assert termai("engines", "use", str(home / "gone")).returncode == 3
    assert termai("engines", "use").returncode == 2


def test_an_rpc_server_is_started_shown_and_stopped(termai: Termai) -> None:
    port = str(free_port())
    try:
        done = termai("engines", "rpc", "--port", port, "--threads", "1")
        assert done.returncode == 0, done.stderr
        assert f'rpc = ["127.0.0.1:{port}"]' in done.stdout
        told = json.loads(termai("engines", "rpc", "--list", "--json").stdout)
        assert [(one["port"], one["exposed"]) for one in told] == [(int(port), False)]
        assert "1 RPC server runs" in termai("ps").stdout
        assert "`termai engines rpc --list`" in termai("ps").stdout
        assert json.loads(termai("ps", "--json").stdout) == []
    finally:
        stopped = termai("engines", "rpc", "--stop")
    assert "is stopped" in stopped.stdout
    assert "RPC" not in termai("ps").stdout
    refused = termai("engines", "rpc", "--host", "0.0.0.0")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr


def test_a_build_that_is_missing_something_says_so(termai: Termai, home: Path) -> None:
    empty = home / "empty"
    empty.mkdir()
    done = termai("engines", "build", "--json", PATH=str(empty), CXX="")
    assert done.returncode == 3
    assert "C++ compiler" in json.loads(done.stderr)["error"]["message"]
    stopped = termai("engines", "build", "--stop")
    assert stopped.returncode == 3
    assert "No build runs." in stopped.stderr
