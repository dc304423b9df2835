"""No command imports more than it needs: the heavy modules are where they are used."""

import json
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, environment

HEAVY = {"textual", "rich", "httpx2", "httpx", "huggingface_hub", "numpy", "pydantic", "msgspec"}
HEAVY |= {"tomlkit", "tomli_w", "platformdirs", "psutil", "pynvml", "llama_cpp", "sqlite3"}
NOT_QUICK = {"click", "dataclasses", "inspect", "subprocess", "socket", "logging", "datetime"}
NOT_QUICK |= {"argparse", "tomllib", "tempfile", "shutil", "asyncio", "threading", "traceback"}

SOURCE = """
import json, os, sys
from termai import __main__
sys.argv[1:] = json.loads(sys.argv[1])
def report(code=0):
    print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})), file=sys.stderr)
    sys.stderr.flush()
    os.kill(os.getpid(), 9)
os._exit = sys.exit = report
__main__.main()
"""


def modules(*arguments: str) -> set[str]:
    """Return the top-level modules that a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", SOURCE, json.dumps(arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(),
        check=False,
    )
    found: list[str] = json.loads(done.stderr.splitlines()[-1])
    return set(found)


@pytest.mark.parametrize("command", ["--version", "ps", "ps --json", "ps --all", "logs smoke"])
def test_quick_commands_import_neither_click_nor_anything_slow(command: str) -> None:
    assert not modules(*command.split()) & (HEAVY | NOT_QUICK)


def test_quick_commands_stay_so_when_there_is_a_server_to_show(smoke: str) -> None:
    assert smoke
    for command in (["ps"], ["ps", "--json"], ["logs", "smoke"]):
        assert not modules(*command) & (HEAVY | NOT_QUICK)


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "run --help",
        "start --help",
        "stop x",
        "profiles list",
        "chat --help",
        "logs a b",
        "pull --help",
        "downloads",
        "downloads pause 1",
        "doctor --help",
        "doctor --only git",
    ],
)
def test_other_commands_import_only_what_they_use(command: str) -> None:
    found = modules(*command.split())
    assert "click" in found
    assert not found & {"textual", "huggingface_hub", "numpy", "pydantic", "llama_cpp", "httpx2"}


def test_the_program_alone_imports_textual() -> None:
    assert "textual" not in modules()
