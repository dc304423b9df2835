"""Which engine `auto` takes, and why."""

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from termai import engines, settings
from termai.engines import choose
from termai.errors import NotFoundError, UsageError


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide llama-cpp-python, and with it the native programs beside it."""
    real = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "llama_cpp" else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


@pytest.fixture
def no_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def only_package(monkeypatch: pytest.MonkeyPatch, no_path: None) -> None:
    """Hide the native program beside llama-cpp-python, as in a prebuilt wheel."""
    monkeypatch.setattr("termai.engines.llama_server.beside_termai", lambda: None)


def test_auto_takes_the_native_server_beside_termai(no_path: None) -> None:
    engine, detection = choose.choose("auto")
    assert engine.name == "llama-server"
    assert detection.source == "beside termai"


def test_the_embedded_engine_comes_last(no_path: None) -> None:
    assert [d.engine for d in choose.available()] == ["llama-server", "llama-cpp-python"]


def test_auto_falls_back_to_the_embedded_engine(only_package: None) -> None:
    engine, _ = choose.choose("auto")
    assert engine.name == "llama-cpp-python"
    assert "answers one request at a time" in str(engines.advice())


def test_there_is_no_advice_where_the_native_server_is() -> None:
    assert engines.advice() is None


def test_one_that_can_use_the_gpu_comes_first_and_the_reason_is_said(
    old_program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_DEVICES", "CUDA0")
    monkeypatch.setenv("PATH", str(old_program.parent), prepend=":")
    choice = choose.consider("auto")
    assert choice.detection.program == old_program
    assert choice.detection.devices == ("CUDA0",)
    assert any(f"cannot use the GPU that {old_program} can" in s for s in choice.skipped)
    assert choose.consider("llama-server").detection.program == old_program


def test_a_configured_server_that_does_not_work_is_skipped_with_the_reason(
    tmp_path: Path, no_path: None
) -> None:
    settings.save(llama_server=str(tmp_path / "gone"))
    choice = choose.consider("auto")
    assert choice.detection.source == "beside termai"
    assert "does not exist" in choice.skipped[0]


def test_an_engine_can_be_named() -> None:
    assert choose.choose("llama-cpp-python")[0].name == "llama-cpp-python"
    assert choose.choose("llama-server")[0].name == "llama-server"


def test_an_unknown_engine_is_a_mistake_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="auto, llama-server, llama-cpp-python"):
        choose.choose("ollama")


@pytest.mark.parametrize("name", ["auto", "llama-server", "llama-cpp-python"])
def test_without_any_engine_one_is_told_how_to_get_one(
    name: str, no_package: None, no_path: None
) -> None:
    with pytest.raises(NotFoundError) as caught:
        choose.choose(name)
    assert "termai engines build" in caught.value.fix
    assert "termai engines build" in str(engines.advice())


def test_the_package_is_found_without_importing_it(no_path: None) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom termai.engines import choose\nchoose.available()\n"
        "print([n for n in ('llama_cpp', 'numpy', 'uvicorn', 'starlette') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
