"""The engines on the command line."""

import json
from pathlib import Path

from termai.engines import llama_server
from tests.cli.conftest import Termai


def test_the_list_as_text(termai: Termai) -> None:
    done = termai("engines")
    assert done.returncode == 0, done.stderr
    assert done.stdout == termai("engines", "list").stdout
    assert "llama-server" in done.stdout.splitlines()[0]
    assert "takes it: it is beside termai." in done.stdout
    assert all(len(line) <= 80 or "/" in line for line in done.stdout.splitlines())


def test_the_list_as_json(termai: Termai) -> None:
    told = json.loads(termai("engines", "list", "--json").stdout)
    assert [one["auto"] for one in told["engines"]] == [True, False]
    assert {"engine", "path", "version", "source", "devices", "build", "lacks", "why"} <= set(
        told["engines"][0]
    )


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
    assert termai("engines", "use", str(home / "gone")).returncode == 3
    assert termai("engines", "use").returncode == 2
