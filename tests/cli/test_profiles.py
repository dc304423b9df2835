"""Profiles from the command line."""

import json
import tomllib

import pytest

from termai.paths import profiles_dir
from tests.cli.conftest import Termai


def write(name: str, text: str) -> None:
    """Write a profile of the user's own."""
    profiles_dir().mkdir(parents=True, exist_ok=True)
    (profiles_dir() / f"{name}.toml").write_text(text)


def test_the_list_names_shipped_and_own_profiles(termai: Termai) -> None:
    write("mine", 'schema = 1\ndescription = "My own words"\n[model]\npath = "x.gguf"\n')
    done = termai("profiles", "list")
    rows = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert rows["smoke"].split()[1:4] == ["termai", "auto", "builtin:smoke"]
    assert rows["mine"].split()[1:5] == ["yours", "auto", "x.gguf", "My"]
    assert "…" not in done.stdout


def test_the_list_as_json(termai: Termai) -> None:
    found = {one["name"]: one for one in json.loads(termai("profiles", "list", "--json").stdout)}
    assert {"smoke", "cpu-small", "single-gpu", "multi-gpu"} <= set(found)
    assert found["smoke"]["shipped"] is True
    assert found["smoke"]["model"] == "builtin:smoke"


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_broken_profile_is_reported_and_hides_no_other(termai: Termai, flags: list[str]) -> None:
    write("broken", "schema = 1\n[load]\nctx_size = true\n")
    done = termai("profiles", "list", *flags)
    assert done.returncode == 0
    assert "smoke" in done.stdout
    assert "broken.toml, line 3" in done.stderr
    if flags:
        assert json.loads(done.stderr)["error"]["kind"] == "invalid_file"


def test_show_prints_toml_that_means_the_same(termai: Termai) -> None:
    text = 'schema = 1\n[model]\npath = "x.gguf"\nlora = [{ path = "a.gguf", scale = 0.5 }]\n'
    write("mine", text + '[args]\nllama-server = ["--flag"]\n[env]\nA = "1"\n')
    shown = tomllib.loads(termai("profiles", "show", "mine").stdout)
    assert shown["model"]["lora"] == [{"path": "a.gguf", "scale": 0.5}]
    assert (shown["args"], shown["env"]) == ({"llama-server": ["--flag"]}, {"A": "1"})
    told = json.loads(termai("profiles", "show", "mine", "--json").stdout)
    assert told["values"] == {"path": "x.gguf", "lora": [{"path": "a.gguf", "scale": 0.5}]}
    assert (told["args"], told["env"]) == ({"llama-server": ["--flag"]}, {"A": "1"})


def test_a_profile_that_is_not_there_is_answered_with_the_nearest(termai: Termai) -> None:
    done = termai("profiles", "show", "smok")
    assert done.returncode == 3
    assert "smoke" in done.stderr


def test_a_broken_profile_names_file_line_and_key(termai: Termai) -> None:
    write("broken", "schema = 1\n[load]\nctx_sise = 5\n")
    done = termai("profiles", "show", "broken")
    assert done.returncode == 4
    assert "broken.toml, line 3" in done.stderr
    assert "ctx_sise" in done.stderr
