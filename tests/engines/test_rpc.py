"""Addresses of RPC servers, the program that is one, and its command line."""

from dataclasses import replace
from pathlib import Path

import pytest

from termai.engines import rpc
from termai.engines.base import Detection
from termai.errors import NotFoundError, UsageError
from tests.support import free_port


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:50052", "127.0.0.1", 50052),
        (" box.local:1 ", "box.local", 1),
        ("[::1]:65535", "::1", 65535),
    ],
)
def test_an_address_is_host_and_port(text: str, host: str, port: int) -> None:
    assert rpc.endpoint(text) == (host, port)


@pytest.mark.parametrize(
    "text", ["", "box", "box:", ":50052", "box:0", "box:65536", "box:x", "b:१"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no address of an RPC server"):
        rpc.endpoint(text)


def test_those_that_are_silent_are_named_once() -> None:
    gone = f"127.0.0.1:{free_port()}"
    assert rpc.silent([gone, gone, "no such host:1"]) == (gone, "no such host:1")
    assert rpc.silent([]) == ()


def test_the_program_lies_beside_the_server(tmp_path: Path, native: Detection) -> None:
    assert rpc.program(native).parent == native.program.parent
    other = replace(native, program=tmp_path / "llama-server")
    with pytest.raises(NotFoundError, match="built without RPC"):
        rpc.program(other)
    (tmp_path / "rpc-server").touch()
    assert rpc.program(other) == tmp_path / "rpc-server"


def test_its_command_line() -> None:
    given = rpc.arguments(
        Path("/x/rpc-server"), host="::1", port=7, threads=3, devices=("CUDA0", "CPU"), cache=True
    )
    assert " ".join(given) == (
        "/x/rpc-server --host ::1 --port 7 --threads 3 --device CUDA0,CPU --cache"
    )
