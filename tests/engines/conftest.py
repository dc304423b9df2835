"""Models made on the spot, the engines found here, and servers that end with the test."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from termai.engines import llama_server
from termai.engines.base import Detection
from termai.engines.embedded import LlamaCppPython
from termai.engines.llama_server import LlamaServer
from termai.profiles.profile import Profile
from tests.engines import tiny
from tests.engines.serving import Running, running
from tests.fakes import old_llama_server
from tests.support import free_port

Serve = Callable[..., Running]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with tiny, wide, adapter, alien, cut and garbage, each .gguf."""
    directory = tmp_path_factory.mktemp("models")
    whole = tiny.write_model(directory / "tiny.gguf")
    tiny.write_model(directory / "wide.gguf", padding=20_000)
    tiny.write_adapter(directory / "adapter.gguf")
    tiny.write_model(directory / "alien.gguf", architecture="mystery")
    tiny.write_truncated(directory / "cut.gguf", whole)
    (directory / "garbage.gguf").write_bytes(b"<html>404</html>" * 100)
    return directory


@pytest.fixture
def model(models: Path) -> Path:
    """Return the tiny random model."""
    return models / "tiny.gguf"


@pytest.fixture
def native() -> Detection:
    """Return the llama-server beside termai."""
    program = llama_server.beside_termai()
    assert program, "llama-server is not beside llama_cpp; run `make test`, which builds it"
    return LlamaServer().detect()


@pytest.fixture
def old_program(tmp_path: Path) -> Path:
    """Return a program that behaves as a llama-server of January 2025."""
    program = tmp_path / "old" / "llama-server"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {old_llama_server.__file__} "$@"\n')
    program.chmod(stat.S_IRWXU)
    return program


@pytest.fixture
def serve(tmp_path: Path, model: Path) -> Iterator[Serve]:
    """Return a function that starts the embedded engine with a profile's options."""
    with ExitStack() as stack:
        count = iter(range(1000))

        def start(
            *,
            path: Path = model,
            env: Mapping[str, str] | None = None,
            wait: bool = True,
            port: int | None = None,
            **options: Any,
        ) -> Running:
            engine = LlamaCppPython()
            values = {"ctx_size": 512, "threads": 1, **options}
            profile = Profile("test").with_values(**values)
            launch = engine.compose(profile, engine.detect(), model=path, port=port or free_port())
            log = tmp_path / f"server-{next(count)}.log"
            server = stack.enter_context(running(launch, log, extra_env=env))
            return server.wait_ready() if wait else server

        yield start


@pytest.fixture
def slow_model(tmp_path: Path) -> Path:
    """Return a model whose load hangs: opening a pipe that nobody writes to does."""
    path = tmp_path / "slow.gguf"
    os.mkfifo(path)
    return path


@pytest.fixture(scope="module")
def shared(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return one embedded engine for all tests of a module that do not mind the others."""
    yield from _started(models, tmp_path_factory.mktemp("shared"), ctx_size=512, threads=1)


@pytest.fixture(scope="module")
def locked(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return an embedded engine that listens on all interfaces with two keys."""
    directory = tmp_path_factory.mktemp("locked")
    key = directory / "key"
    key.touch(mode=0o600)
    key.write_text("# ours\nopen-sesame\nopen-barley\n")
    yield from _started(models, directory, host="0.0.0.0", api_key_file=str(key), ctx_size=512)


def _started(models: Path, directory: Path, **options: Any) -> Iterator[Running]:
    engine = LlamaCppPython()
    profile = Profile("shared").with_values(**options)
    launch = engine.compose(profile, engine.detect(), model=models / "tiny.gguf", port=free_port())
    with running(launch, directory / "log") as server:
        yield server.wait_ready()
