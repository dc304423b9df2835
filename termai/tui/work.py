"""The blocking calls behind the program's actions; they run in threads and touch no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from termai.doctor.proving import Proof, Target
    from termai.engines.builds import Build
    from termai.environment import Finding
    from termai.hardware import Snapshot
    from termai.hardware.holders import Holder
    from termai.models.model_file import ModelFile
    from termai.profiles.profile import Profile
    from termai.profiles.store import Listing
    from termai.servers import records

    Server: TypeAlias = records.Server


def machine() -> Snapshot:
    """Read the hardware."""
    from termai import hardware

    return hardware.snapshot()


def servers() -> tuple[Server, ...]:
    """List running and past servers."""
    from termai.servers.registry import list_servers

    return tuple(list_servers())


def listing() -> Listing:
    """List the profiles and those that cannot be read."""
    from termai.profiles.store import list_profiles

    return list_profiles()


def checks(only: Collection[str] = ()) -> Iterable[Finding]:
    """Run the checks of the machine, or of some groups; their findings come one by one."""
    from termai.doctor.checking import examine

    return examine(only)


def history(measure: str, gpu: int | None = None) -> tuple[float, ...]:
    """Return what a measure was in the last minutes, the oldest first."""
    from termai import hardware

    return hardware.sampler.history(measure, gpu)


def holders() -> tuple[Holder, ...]:
    """Return who holds the memory of the GPUs."""
    from termai.servers import holding

    return holding.read()


def proof_targets() -> tuple[Target, ...]:
    """Return every engine that is here with every device it can use."""
    from termai.doctor import proving

    return proving.targets()


def prove(targets: tuple[Target, ...]) -> Iterable[Proof]:
    """Run the smoke model on engines and devices; what happened comes one by one."""
    from termai.doctor import proving

    return proving.prove(targets)


def proofs_summed_up(proofs: Sequence[Proof]) -> str:
    """Return one sentence on how many of what was tried works."""
    from termai.doctor import proving

    return proving.summed_up(proofs)


def running_build() -> Build | None:
    """Return the build of llama-server that runs, if one does."""
    from termai.engines import builds

    return builds.running()


def start_build(gpu: str) -> Build:
    """Start a build of llama-server, or return the one that runs; no ``gpu``: as suits."""
    from termai.doctor import building

    return building.start(building.Wanted(gpu))[0]


def refreshed_build(build: Build) -> Build:
    """Return a build as it is now."""
    from termai.engines import builds

    return builds.refresh(build)


def stopped_build(build: Build) -> Build:
    """Stop a build."""
    from termai.engines import builds

    return builds.stop(build)


def profiles() -> tuple[Profile, ...]:
    """List the profiles that can be read."""
    from termai.profiles.store import list_profiles

    return list_profiles().profiles


def models() -> tuple[ModelFile, ...]:
    """List the model files on disk that can be started."""
    from termai.models.library import scan

    return tuple(model for model in scan() if model.startable)


def start(profile: Profile, *, force: bool = False) -> Server:
    """Launch a profile; ``force`` overrules the memory guardrails."""
    from termai.servers import manager

    return manager.start(profile, force=force)


def start_profile(name: str) -> Server:
    """Launch the profile called ``name``, or return its server when it runs already."""
    from termai.profiles.store import load_profile
    from termai.servers import manager

    return manager.ensure(load_profile(name))


def stop_server(name: str) -> Server:
    """Stop the server called ``name`` and wait until it is gone."""
    from termai.servers import manager
    from termai.servers.registry import get

    return manager.stop(get(name))


def restart_server(name: str) -> Server:
    """Stop the server called ``name`` if it runs, and start it again."""
    from termai.servers import manager
    from termai.servers.registry import get

    return manager.restart(get(name))


def revive_downloads() -> None:
    """Go on with downloads that were interrupted, as by a reboot; quick where there are none."""
    from termai.paths import state_dir

    if (state_dir() / "downloads").is_dir():
        from termai.models.downloads.control import revive

        revive()
