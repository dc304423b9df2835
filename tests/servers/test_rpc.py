"""RPC servers of this machine: started, found, stopped, and a model spread over two of them."""

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.chat import oneshot
from termai.chat.endpoint import Endpoint
from termai.chat.sampling import Sampling
from termai.engines import rpc as endpoints
from termai.errors import NotFoundError, StartFailedError, UnreachableError, UsageError
from termai.jobs import control, store
from termai.profiles.profile import Profile
from termai.servers import launching, manager, registry, rpc
from termai.servers.rpc import RpcServer
from tests.support import free_port, native_bin


@pytest.fixture(autouse=True)
def _rpc_servers_stopped(home: Path) -> Iterator[None]:
    if not native_bin("llama-server").with_name("ggml-rpc-server").exists():
        pytest.skip("this build of llama.cpp has no RPC")
    yield
    for job in store.list_jobs(rpc.KIND):
        control.stop(job, grace_s=0.0)


def begun() -> RpcServer:
    return rpc.start(port=free_port(), threads=1)


def test_one_listens_is_found_and_stops() -> None:
    server = begun()
    assert endpoints.answers(server.endpoint)
    assert [one.endpoint for one in rpc.running()] == [server.endpoint]
    assert not server.exposed
    assert [one.job.alive for one in rpc.stop(server.port)] == [False]
    assert not endpoints.answers(server.endpoint)
    assert rpc.running() == rpc.stop() == ()


def test_a_port_on_which_none_runs_cannot_be_stopped() -> None:
    server = begun()
    with pytest.raises(NotFoundError, match="No RPC server of ours") as caught:
        rpc.stop(server.port + 1)
    assert str(server.port) in caught.value.fix


def test_others_are_let_in_only_when_asked_for() -> None:
    with pytest.raises(UsageError, match="no password and no encryption"):
        rpc.start(host="0.0.0.0", port=free_port())
    assert rpc.running() == ()
    server = rpc.start(host="0.0.0.0", port=free_port(), threads=1, exposed=True)
    assert server.exposed


def test_a_taken_port_is_refused_and_the_next_one_taken_where_none_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} on 127.0.0.1 is in use"):
            rpc.start(port=port)
    first, second = rpc.start(threads=1), rpc.start(threads=1)
    assert first.port != second.port


def test_one_that_ends_at_once_says_why() -> None:
    with pytest.raises(StartFailedError) as caught:
        rpc.start(port=free_port(), devices=("CUDA77",))
    assert any("CUDA77" in line for line in caught.value.detail)


def test_a_model_runs_over_two_of_them(native: Profile) -> None:
    lent = [begun(), begun()]
    profile = native.with_values(
        path="builtin:smoke",
        rpc=[one.endpoint for one in lent],
        n_gpu_layers="all",
        tensor_split=[1, 1],
    )
    server = manager.wait_ready(manager.start(profile), timeout_s=60)
    answer = asyncio.run(
        oneshot.answer(
            Endpoint(server.name, server.url, engine=server.engine),
            "What is the capital of France?",
            sampling=Sampling.from_mapping({"temperature": 0.0, "max_tokens": 32}),
        )
    )
    assert "Paris" in answer.content
    layers, total, devices = registry.refresh(server).offload
    assert layers == total > 0
    assert len(devices) == 2
    assert all(any(one.endpoint in device for device in devices) for one in lent)
    assert registry.refresh(server).problem is None
    manager.stop(server)
    assert [one.endpoint for one in reversed(rpc.running())] == [one.endpoint for one in lent]


def test_one_that_does_not_answer_is_named_before_the_start(native: Profile) -> None:
    server, port = begun(), free_port()
    profile = native.with_values(rpc=[server.endpoint, f"127.0.0.1:{port}"])
    with pytest.raises(UnreachableError, match=f"No RPC server answers at 127.0.0.1:{port}"):
        launching.plan(profile)
    with pytest.raises(UsageError, match="no address of an RPC server"):
        launching.plan(native.with_values(rpc=["nonsense"]))


def test_one_that_is_gone_is_named_by_the_server_that_needed_it(
    native: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "require", lambda *_: None)
    port = free_port()
    with pytest.raises(StartFailedError) as caught:
        manager.wait_ready(
            manager.start(native.with_values(rpc=[f"127.0.0.1:{port}"])), timeout_s=60
        )
    assert f"The RPC server at 127.0.0.1:{port} does not answer" in str(caught.value)


def test_localhost_is_the_address_that_it_stands_for() -> None:
    server = rpc.start(host="localhost", port=free_port(), threads=1)
    assert server.host == "127.0.0.1"
    assert endpoints.answers(server.endpoint)
    assert not server.exposed


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("::1", "IPv4 addresses only, and ::1 is IPv6"),
        ("[::]", "IPv4 addresses only, and :: is IPv6"),
        ("gpu-box.example", "'gpu-box.example' is none"),
        ("", "'' is none"),
    ],
)
def test_what_is_no_address_for_it_is_told_with_what_is(host: str, says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        rpc.start(host=host, port=free_port(), exposed=True)
    assert "127.0.0.1" in caught.value.fix
    assert rpc.running() == ()
