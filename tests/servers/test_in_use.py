"""What must not be removed: files that servers have loaded and downloads fill."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from termai.engines.host.settings import HostSettings, encode
from termai.jobs.records import JobSpec
from termai.models.downloads import control
from termai.models.downloads.plan import Plan, PlannedFile
from termai.models.downloads.states import Status
from termai.paths import models_dir
from termai.profiles.profile import Profile
from termai.servers import in_use, manager, registry
from tests.models import files


@dataclass
class Shown:
    """As much of a download as is asked for."""

    plan: Plan
    status: Status


def plan(directory: Path) -> Plan:
    return Plan(
        id="1",
        repo="org/name",
        commit="c0ffee",
        endpoint="http://127.0.0.1:1",
        variant="",
        added_at=0.0,
        directory=str(directory),
        files=(PlannedFile("m.gguf", 10, sha256="0" * 64),),
    )


def test_nothing_is_in_use_where_nothing_runs() -> None:
    assert in_use.files() == ()


@pytest.mark.parametrize(("status", "used"), [(Status.RUNNING, True), (Status.PAUSED, False)])
def test_what_a_download_fills_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: Status, used: bool
) -> None:
    made = plan(tmp_path)
    monkeypatch.setattr(control, "list_downloads", lambda: (Shown(made, status),))
    expected = {made.target(made.files[0]), made.partial(made.files[0])} if used else set()
    assert set(in_use.files()) == expected


def test_the_model_of_a_server_is_in_use(native: Profile, tiny: Path) -> None:
    server = manager.start(native)
    assert tiny in in_use.files()
    manager.stop(server)
    assert tiny not in in_use.files()


@dataclass
class Recorded:
    """As much of a server as is asked for."""

    model: str
    job: Any


def recorded(model: Path, argv: tuple[str, ...] = (), **more: Any) -> Recorded:
    plain: dict[str, Any] = {"env": {}, "meta": {}, "unset_env": (), "created_at": 0.0}
    given = plain | {"grace_s": 1.0, "log_limit_bytes": 1, "max_restarts": 0} | more
    spec = JobSpec("1", "server", "tiny", argv, "/work", **given)
    return Recorded(str(model), SimpleNamespace(spec=spec))


@pytest.mark.parametrize(
    "argv",
    [
        ("--lora-scaled", "/a/l.gguf:0.5,/b.gguf:1.0"),
        ("--lora=/a/l.gguf,/b.gguf",),
        ("--lora", '"/a/l.gguf","/b.gguf"'),
        ("--lora-scaled", "/a/l.gguf", "0.5", "--lora", "../b.gguf:-1"),
    ],
)
def test_adapters_in_a_command_line_are_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    servers = (recorded(tmp_path / "m.gguf", argv),)
    monkeypatch.setattr(registry, "list_servers", lambda **_: servers)
    used = {Path(os.path.normpath(path)) for path in in_use.files()}
    assert {tmp_path / "m.gguf", Path("/a/l.gguf"), Path("/b.gguf")} <= used


def test_what_a_profile_names_is_in_use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("model", "eyes", "draft", "style")
    there = {
        name: files.model(models_dir() / f"o/r/{name}.gguf", general__name=name) for name in names
    }
    there["own"] = home / "home/own.gguf"
    values = {
        "path": "model",
        "mmproj": "o/r/eyes.gguf",
        "model_draft": "draft",
        "lora": [{"path": "style", "scale": 0.5}, {"path": str(there["own"]), "scale": 1.0}],
        "ctx_size": 256,
    }
    servers = (recorded(there["model"], meta={"values": values}), recorded(there["model"]))
    monkeypatch.setattr(registry, "list_servers", lambda **_: servers)
    assert set(there.values()) <= set(in_use.files())
    there["style"].unlink()
    assert {path for name, path in there.items() if name != "style"} <= set(in_use.files())


def test_the_adapter_of_an_embedded_server_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = HostSettings("/m.gguf", "127.0.0.1", 1, None, {"lora": [("/a/l.gguf", 0.5)]})
    servers = (recorded(tmp_path / "m.gguf", env=encode(told)),)
    monkeypatch.setattr(registry, "list_servers", lambda **_: servers)
    assert Path("/a/l.gguf") in in_use.files()
