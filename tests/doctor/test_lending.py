"""RPC servers of other machines that do not answer, and one of this machine that others reach."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.doctor import lending
from termai.environment import Verdict
from termai.jobs import control, store
from termai.profiles.profile import Profile
from termai.profiles.store import save_profile
from termai.servers import rpc
from tests.support import free_port, native_bin


@pytest.fixture(autouse=True)
def _rpc_servers_stopped(home: Path) -> Iterator[None]:
    if not native_bin("llama-server").with_name("ggml-rpc-server").exists():
        pytest.skip("this build of llama.cpp has no RPC")
    yield
    for job in store.list_jobs(rpc.KIND):
        control.stop(job, grace_s=0.0)


def profile(name: str, *endpoints: str) -> None:
    save_profile(Profile(name).with_values(path="m.gguf", rpc=list(endpoints)))


def test_nothing_is_said_where_nobody_borrows_or_lends() -> None:
    save_profile(Profile("plain").with_values(path="m.gguf"))
    assert list(lending.borrowed()) == list(lending.exposed()) == []


def test_those_that_answer_are_well() -> None:
    server = rpc.start(port=free_port(), threads=1)
    profile("spread", server.endpoint)
    assert [finding.verdict for finding in lending.borrowed()] == [Verdict.OK]
    assert list(lending.exposed()) == []


def test_those_that_do_not_are_named_with_who_needs_them() -> None:
    gone = f"127.0.0.1:{free_port()}"
    profile("spread", gone)
    profile("odd", "nonsense")
    (found,) = lending.borrowed()
    assert found.verdict is Verdict.WARNING
    assert gone in found.sentence
    assert "nonsense" in found.sentence
    assert "odd, spread will not start" in found.sentence
    assert "engines rpc" in found.fix


def test_one_that_others_reach_is_a_warning() -> None:
    server = rpc.start(host="0.0.0.0", port=free_port(), threads=1, exposed=True)
    (found,) = lending.exposed()
    assert found.verdict is Verdict.WARNING
    assert server.endpoint in found.sentence
    assert "no password" in found.cause
    assert found.command == "termai engines rpc --stop"
