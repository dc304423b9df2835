"""Settings are read as far as they can be, and one change keeps all the rest."""

import multiprocessing
import re
import tomllib
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from termai import settings
from termai.errors import InvalidFileError
from termai.paths import config_dir
from termai.settings import Settings

ROOT = Path(__file__).parents[1]
_ROW = re.compile(r"^\| `(\w+)` \| `([^`]+)` \|", re.MULTILINE)


def _write(text: str) -> None:
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text(text)


def test_without_a_file_everything_has_its_default() -> None:
    assert settings.load() == settings.LoadedSettings(Settings())
    assert not config_dir().exists()


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20)
STRATEGIES: dict[str, st.SearchStrategy[Any]] = {
    "theme": TEXTS,
    "llama_server": TEXTS,
    "koboldcpp": TEXTS,
    "vllm": TEXTS,
    "model_dirs": st.lists(TEXTS, max_size=3).map(tuple),
    "log_limit_mib": st.integers(1, 65536),
    "stop_grace_s": st.integers(1, 600),
    "start_timeout_s": st.integers(1, 86400),
    "mouse": st.booleans(),
    "memory_guardrails": st.sampled_from(("off", "relaxed", "balanced", "strict", "12 GB")),
    "hub_endpoint": TEXTS,
    "hub_offline": st.booleans(),
    "proxy": TEXTS,
    "downloads_at_once": st.integers(1, 16),
    "download_limit_mib_s": st.integers(0, 100_000),
}


def test_every_setting_is_tried_below() -> None:
    assert {field.name for field in fields(Settings)} <= set(STRATEGIES)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({}, optional=STRATEGIES), min_size=1, max_size=3))
def test_what_is_saved_is_loaded(steps: list[dict[str, Any]]) -> None:
    (config_dir() / "config.toml").unlink(missing_ok=True)
    wanted = asdict(Settings())
    for changes in steps:
        settings.save(**changes)
        wanted |= changes
    assert settings.load() == settings.LoadedSettings(Settings(**wanted))


@pytest.mark.parametrize("value", ["loose", "0 GB", "12", "12 gb", " 12 GB", "1234567 GB"])
def test_guardrails_are_a_word_or_a_limit(value: str) -> None:
    _write(f'memory_guardrails = "{value}"\n')
    loaded = settings.load()
    assert loaded.values.memory_guardrails == "balanced"
    (problem,) = loaded.problems
    assert "line 1" in problem
    assert "12 GB" in problem


def test_the_page_has_every_setting_with_its_default() -> None:
    rows = dict(_ROW.findall((ROOT / "docs/settings.md").read_text()))
    assert {key: tomllib.loads(f"v = {said}")["v"] for key, said in rows.items()} == {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(Settings()).items()
    }


def _save_often(key: str) -> None:
    for value in range(1, 101):
        settings.save(**{key: value})


def test_two_programs_that_save_lose_no_key_of_each_other() -> None:
    context = multiprocessing.get_context("fork")
    keys = ("log_limit_mib", "stop_grace_s", "start_timeout_s")
    programs = [context.Process(target=_save_often, args=(key,)) for key in keys]
    try:
        for program in programs:
            program.start()
        for program in programs:
            program.join(60)
        assert [program.exitcode for program in programs] == [0, 0, 0]
    finally:
        for program in programs:
            program.kill()
    wanted = Settings(log_limit_mib=100, stop_grace_s=100, start_timeout_s=100)
    assert settings.load() == settings.LoadedSettings(wanted)


def test_a_change_keeps_comments_and_other_keys() -> None:
    _write("schema = 1\n# mine\nmouse = false\nfuture = 'x'\n")
    settings.save(theme="nord", model_dirs=("/models",))
    text = (config_dir() / "config.toml").read_text()
    assert text.startswith("schema = 1\n# mine\nmouse = false\nfuture = 'x'\n")
    assert settings.load().values == Settings(theme="nord", model_dirs=("/models",), mouse=False)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mouse = 1", "mouse: expected true or false, found 1"),
        ("log_limit_mib = true", "log_limit_mib: expected a whole number, found true"),
        ("log_limit_mib = 0", "log_limit_mib: expected 1 to 65536, found 0"),
        ("model_dirs = ['a', 1]", "model_dirs: expected a list of texts, found a list of 2"),
        ("thme = 'x'", "thme: unknown setting, expected one of theme, llama_server"),
    ],
)
def test_a_wrong_setting_takes_its_default_and_is_reported(line: str, message: str) -> None:
    _write(f"schema = 1\nstop_grace_s = 5\n{line}\n")
    loaded = settings.load()
    assert loaded.values == Settings(stop_grace_s=5)
    assert len(loaded.problems) == 1
    assert f"config.toml, line 3: {message}" in loaded.problems[0]


def test_a_file_that_does_not_parse_is_reported_and_left_alone() -> None:
    _write("mouse = \n")
    loaded = settings.load()
    assert loaded.values == Settings()
    assert "line 1" in loaded.problems[0]
    with pytest.raises(InvalidFileError):
        settings.save(theme="nord")
    assert (config_dir() / "config.toml").read_text() == "mouse = \n"
