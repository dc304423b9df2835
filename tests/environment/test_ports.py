"""Ports: free ones, taken ones with the program that listens, by real sockets and by a record."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, listeners, ports
from termai.environment.ports import Wanted
from tests.environment import trees

# /proc/net/tcp: a listener on 127.0.0.1:8080 of user 1000, a connection to the same port.
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1
   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 4243 1
   2: broken
"""
TCP6 = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 0: 00000000000000000000000000000000:1388 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 77
"""


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which this very process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def look(*wanted: Wanted) -> dict[str, Finding]:
    return {found.name: found for found in ports.ports(lambda: wanted)}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_taken_port_is_named_with_who_listens_and_who_wants_it(taken: int) -> None:
    (found,) = look(Wanted(taken, who="qwen"), Wanted(taken, who="llama")).values()
    assert (found.name, found.verdict) == (f"Port {taken}", Verdict.WARNING)
    assert f"(process {os.getpid()} of " in found.sentence
    assert "profiles llama, qwen want." in found.sentence
    assert re.search(r"A server takes \d+ by itself", found.sentence)
    assert f"`kill {os.getpid()}`" in found.fix


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_another_program_is_named_by_its_command(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "print(s.getsockname()[1], flush=True)\n"
        "input()\n"
    )
    arguments = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True) as other:
        try:
            assert other.stdout is not None
            port = int(other.stdout.readline())
            found = look(Wanted(port, must=True))[f"Port {port}"]
        finally:
            other.communicate("\n")
    assert "python" in found.sentence
    assert f"process {other.pid} " in found.sentence
    assert "by itself" not in found.sentence
    assert "python" in found.path


def test_free_ports_are_one_finding(taken: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = int(other.getsockname()[1])
    found = look(Wanted(free), Wanted(taken))
    assert found["Free ports"].verdict is Verdict.OK
    assert str(free) in found["Free ports"].sentence
    assert str(taken) not in found["Free ports"].sentence


def test_a_server_of_ours_is_no_surprise(taken: int) -> None:
    (found,) = ports.ports(lambda: [Wanted(taken)], lambda: {taken: "qwen"})
    assert found.verdict is Verdict.OK
    assert "termai's server qwen" in found.sentence


def test_a_wildcard_address_is_tried_too(taken: int) -> None:
    assert f"Port {taken}" in look(Wanted(taken, "0.0.0.0"))


def test_addresses_that_are_none_and_odd_ports_are_left_to_the_profile() -> None:
    found = look(Wanted(0), Wanted(70000), Wanted(8080, "no such host"), Wanted(8081, "192.0.2.1"))
    assert set(found) <= {"Free ports"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_record_of_the_kernel_is_understood(tmp_path: Path) -> None:
    trees.write(
        tmp_path, {"proc/net/tcp": TCP, "proc/net/tcp6": TCP6, "proc/31/comm": "koboldcpp\n"}
    )
    (tmp_path / "proc/31/fd").mkdir()
    (tmp_path / "proc/31/fd/5").symlink_to("socket:[4242]")
    (tmp_path / "proc/31/exe").symlink_to("/opt/koboldcpp")
    holder = listeners.of_port(8080, tmp_path)
    assert holder == listeners.Listener(1000, 4242, 31, "koboldcpp", "/opt/koboldcpp")
    other = listeners.of_port(5000, tmp_path)
    assert other == listeners.Listener(0, 77)
    assert other.words == "A program of root"
    assert listeners.of_port(9999, tmp_path) is None


def test_without_the_kernels_tables_nobody_is_named(taken: int, tmp_path: Path) -> None:
    (found,) = ports.ports(lambda: [Wanted(taken)], root=tmp_path)
    assert found.sentence.startswith("Another program listens on it.")
