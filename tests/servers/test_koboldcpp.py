"""KoboldCPP's servers from start to stop, by a stand-in, and its failures explained."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from termai import settings
from termai.errors import StartFailedError
from termai.jobs import control, store
from termai.profiles.profile import Profile
from termai.servers import manager
from termai.servers.alarms import alarm
from termai.servers.preview import Previewer
from termai.servers.records import KIND, Server, ServerState
from tests.fakes import koboldcpp
from tests.servers.models import write_tiny
from tests.support import free_port


@pytest.fixture(autouse=True)
def _koboldcpp(home: Path) -> Iterator[None]:
    program = home / "koboldcpp.py"
    shutil.copy(koboldcpp.__file__, program)
    settings.save(koboldcpp=str(program))
    yield
    for job in store.list_jobs(KIND):
        if job.alive:
            control.stop(job, grace_s=1.0)


def profile(home: Path, name: str = "tiny", **values: Any) -> Profile:
    model = home / f"{name}.gguf"
    write_tiny(model)
    told = {"path": str(model), "port": free_port(), **values}
    return Profile("kobold", engine="koboldcpp").with_values(**told)


def started(wanted: Profile) -> Server:
    return manager.wait_ready(manager.start(wanted), timeout_s=60)


def test_it_becomes_ready_answers_and_stops(home: Path) -> None:
    server = started(profile(home, ctx_size=4096))
    assert server.state is ServerState.READY
    with urllib.request.urlopen(f"{server.url}/api/extra/version", timeout=10) as reply:  # noqa: S310
        assert json.load(reply)["version"] == koboldcpp.VERSION
    assert server.offload == (3, 3, ("CUDA0",))
    assert server.ctx_size == 4096
    assert manager.stop(server).state is ServerState.STOPPED


def test_a_restart_keeps_the_port(home: Path) -> None:
    server = started(profile(home))
    again = manager.wait_ready(manager.restart(server), timeout_s=60)
    assert again.port == server.port


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken", "does not know the model architecture mystery"),
        ("huge", "CUDA0 has too little memory"),
    ],
)
def test_a_load_that_fails_is_explained(home: Path, name: str, words: str) -> None:
    with pytest.raises(StartFailedError) as caught:
        started(profile(home, name))
    assert words in caught.value.message


def test_a_flag_of_another_version_is_explained(home: Path) -> None:
    wanted = profile(home)
    wanted = Profile(
        wanted.name,
        engine=wanted.engine,
        values=wanted.values,
        args={"koboldcpp": ("--nosuchflag",)},
    )
    with pytest.raises(StartFailedError) as caught:
        started(wanted)
    assert "does not know --nosuchflag" in caught.value.message


def test_a_preview_has_its_command_and_no_guess_at_the_memory(home: Path) -> None:
    preview = Previewer().preview(profile(home))
    assert preview.engine == "koboldcpp"
    assert "--contextsize" not in preview.command
    assert "--model" in preview.command
    assert preview.rows == ()
    assert [clash.name for clash in preview.clashes] == []


def test_a_gpu_that_it_leaves_alone_is_told_without_a_recipe_of_llama_cpp(home: Path) -> None:
    server = started(profile(home))
    spec = server.job.spec._replace(meta={**server.job.spec.meta, "gpus": ["RTX 9090"]})
    facts = server.facts._replace(buffers=(), offloaded=0, total=3)
    told = alarm(server._replace(facts=facts, job=server.job._replace(spec=spec)))
    assert told is not None
    assert "No layer is on the GPU of this machine (RTX 9090)" in told
    assert "engines build" not in told
