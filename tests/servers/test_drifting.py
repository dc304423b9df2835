"""Profiles that are older than the llama-server that is here: refused, mended, started."""

import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from termai import settings
from termai.engines import drift
from termai.engines.choose import choose
from termai.errors import StartFailedError
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE
from termai.profiles.store import load_profile, save_profile, user_path
from termai.servers import launching, manager, registry
from termai.servers.records import ServerState
from tests.fakes import old_llama_server


def outdated(profile: Profile) -> Profile:
    """Return a saved profile as one that was written by hand a year ago, with a comment."""
    save_profile(profile)
    path = user_path(profile.name)
    path.write_text(
        path.read_text()
        + '\n# drafting, as the README said\n[args]\nllama-server = ["--draft-max", "16", '
        '"--slots-endpoint-disable", "--mlock"] # so far\n'
    )
    return load_profile(profile.name)


def use(program: Path) -> None:
    """Make a program of January 2025 the llama-server that is used."""
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {old_llama_server.__file__} "$@"\n')
    program.chmod(stat.S_IRWXU)
    settings.save(llama_server=str(program))


def test_llama_server_really_ends_at_a_removed_flag(native: Profile) -> None:
    planned = launching.plan(native)
    bad = replace(native, args={NATIVE: ("--draft-max", "16")})
    with launching.lock():
        server = launching.launch(replace(planned, profile=bad), "bad")
    with pytest.raises(StartFailedError):
        manager.wait_ready(server, timeout_s=60)


def test_it_is_refused_before_the_start_and_starts_after_the_update(native: Profile) -> None:
    profile = outdated(native)
    with pytest.raises(drift.DriftError) as caught:
        manager.start(profile)
    error = caught.value
    assert "--draft-max" in error.message
    assert "load.spec_draft_n_max" in error.message
    assert f"termai profiles check {profile.name} --update" in error.fix
    assert any("--slots-endpoint-disable" in line for line in error.detail)
    assert registry.list_servers() == []

    save_profile(drift.updated(profile, error.drifts))
    mended = load_profile(profile.name)
    assert mended.args == {NATIVE: ("--no-slots",)}
    assert mended.value("spec_draft_n_max") == 16
    assert "# drafting, as the README said" in user_path(profile.name).read_text()
    server = manager.wait_ready(manager.start(mended), timeout_s=60)
    assert server.state is ServerState.READY
    assert "--no-slots" in server.job.spec.argv


def test_what_is_only_doubtful_starts_and_is_said(native: Profile) -> None:
    doubtful = replace(native, args={NATIVE: ("-dt", "0.1", "--keep", "4", "-b", "128")})
    server = manager.wait_ready(manager.start(doubtful), timeout_s=60)
    (warning,) = server.warnings
    assert "-dt is deprecated" in warning


def test_a_restart_is_refused_before_the_server_is_stopped(native: Profile, tmp_path: Path) -> None:
    server = manager.wait_ready(
        manager.start(replace(native, args={NATIVE: ("--props",)})), timeout_s=60
    )
    use(tmp_path / "llama-server")
    with pytest.raises(drift.DriftError, match="does not know --props"):
        manager.restart(server)
    with pytest.raises(drift.DriftError, match="has no `cpu_moe`") as caught:
        manager.restart_with(server, native.with_values(cpu_moe=True))
    assert "Take load.cpu_moe out of the profile" in caught.value.fix
    assert registry.get(server.name).state is ServerState.READY


def test_an_option_the_program_lacks_is_refused_at_once(native: Profile, tmp_path: Path) -> None:
    use(tmp_path / "llama-server")
    engine, detection = choose(NATIVE)
    asked = native.with_values(cpu_moe=True, warmup=None)
    assert engine.name == NATIVE
    assert [found.where for found in drift.check(asked, detection)] == ["load.cpu_moe"]
    with pytest.raises(drift.DriftError, match="has no `cpu_moe`"):
        manager.start(asked)
