"""Model files from the command line."""

import json
from pathlib import Path

import pytest

from termai.cli.commands.models import size_text
from termai.paths import models_dir
from tests.cli.conftest import Termai


def model(name: str) -> Path:
    """Put a file where termai keeps models."""
    path = models_dir() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF" + bytes(2044))
    return path


def test_models_are_listed_with_size_and_place(termai: Termai) -> None:
    path = model("publisher/name/name-Q4_K_M.gguf")
    for arguments in (["models"], ["models", "list"]):
        head, *rows = termai(*arguments).stdout.splitlines()
        assert head.split() == ["NAME", "SIZE", "WHERE"]
        [row] = [row for row in rows if "name-Q4_K_M.gguf" in row]
        assert "2.0 KiB" in row
    for arguments in (["models", "--json"], ["models", "list", "--json"]):
        listed = {one["path"]: one for one in json.loads(termai(*arguments).stdout)}
        found = listed[str(path)]
        assert found["size"] == 2048
        assert found["quantization"] == "Q4_K_M"


def test_the_model_inside_termai_is_listed(termai: Termai) -> None:
    assert "termai-smoke-q8_0.gguf" in termai("models").stdout


def test_hostile_names_are_harmless(termai: Termai) -> None:
    model("publisher/\x1b[2Jname/evil\x07.gguf")
    assert "\x1b" not in termai("models").stdout
    assert "\x1b" not in termai("models", "--json").stdout


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB"), (700 << 20, "700 MiB")],
)
def test_sizes_are_written_in_binary_units(size: int, text: str) -> None:
    assert size_text(size) == text
