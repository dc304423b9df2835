"""From a profile to a running job: the checks before a start, the port, the record."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from termai import locks, settings
from termai.engines import drift, rpc
from termai.engines.base import Detection, Engine, Launch
from termai.engines.choose import choose
from termai.engines.served import is_file, loads_gguf, model_of
from termai.errors import NotFoundError, StartFailedError, UsageError
from termai.gguf.magic import check_magic
from termai.hardware import gpus
from termai.jobs import control, store
from termai.jobs.records import Job
from termai.profiles.profile import Profile
from termai.profiles.schema import LLAMA_CPP, Adapter, option
from termai.servers import ran_well, registry
from termai.servers.guarding import Forecast, forecast
from termai.servers.overriding import overrides
from termai.servers.ports import Refusal, free_port, refusal
from termai.servers.records import KIND, Server

KEPT = 5  # ended jobs of each name whose logs are kept
_LAUNCH_S = 60.0  # seconds that another program's start may take


@dataclass(frozen=True, slots=True)
class Plan:
    """A profile that was checked: its model is there and an engine was chosen for it.

    model: for a server that runs already the name that it is asked for, empty where it chooses.
    forecast: the memory it will take, None where that cannot be told. drifts: where its flags
    do not fit the engine; it starts all the same.
    """

    profile: Profile
    model: Path
    engine: Engine
    detection: Detection
    forecast: Forecast | None = None
    drifts: tuple[drift.Drift, ...] = ()


def lock() -> AbstractContextManager[None]:
    """Keep other termai programs from starting a server at the same time.

    A restart holds it while it stops, so it is waited for as long as that may take.
    """
    return locks.lock("servers", timeout_s=_LAUNCH_S + settings.load().values.stop_grace_s)


def plan(profile: Profile, *, force: bool = False, instead_of: Server | None = None) -> Plan:
    """Check what can be checked before anything is started or stopped.

    instead_of: a server that will be stopped first, whose memory will be free then. Raises
    UsageError, NotFoundError and InvalidFileError with what to do, and UnreachableError for an RPC
    server that does not answer; two UsageErrors are DriftError
    when the engine would end at once at a flag, and MemoryRefusedError when the guardrails refuse
    a start that ``force`` would let through.
    """
    model = model_of(profile)
    if loads_gguf(profile):
        check_magic(model)
    engine, detection = choose(profile.engine)
    drifts = drift.check(profile, detection)
    if any(one.fatal for one in drifts):
        raise drift.DriftError(profile, drifts)
    rpc.require(profile.value("rpc"), profile.name)
    if engine.name not in LLAMA_CPP:
        engine.compose(profile, detection, model=model, port=int(profile.value("port")))
        return Plan(profile, model, engine, detection, None, drifts)
    found = forecast(profile, model, detection, force=force, instead_of=instead_of)
    return Plan(profile, model, engine, detection, found, drifts)


def launch(planned: Plan, name: str, *, wanted: int = 0, avoid: Collection[int] = ()) -> Server:
    """Start a planned server; ``wanted`` replaces the profile's port, ``avoid`` is never used.

    Must be called with ``lock`` held. Raises UsageError for the port or an option that the engine
    does not know, and StartFailedError when the program cannot be executed.
    """
    own = is_file(planned.engine.name)
    port = choose_port(planned.profile, wanted, avoid) if own else 0
    composed = planned.engine.compose(
        planned.profile, planned.detection, model=planned.model, port=port
    )
    job = _run(planned, name, composed)
    ran_well.collect()
    store.prune(KEPT)
    server = registry.from_disk(job)
    if server.exit and server.exit.reason == "not executable":
        raise StartFailedError(server.problem or f"{name} cannot be executed.")
    return server


def check_replacement(planned: Plan, server: Server) -> int:
    """Return the port on which a plan takes the place of a server, before that is stopped.

    The server's own, or 0 for the one that the profile now names another than before. Raises
    UsageError for an option that the engine does not know, an address that is none of this
    machine, and another port that is taken where the profile insists on it.
    """
    profile = planned.profile
    if not is_file(planned.engine.name):
        return 0
    asked = int(profile.value("port"))
    before = server.option("port") or option("port").default
    same = asked == server.port or (asked == before and not profile.value("port_strict"))
    same = same and is_file(server.engine)
    port = server.port if same else choose_port(profile)
    found = refusal(str(profile.value("host")), 0)
    if found and not found.any_port:
        raise _no_address(str(profile.value("host")), found)
    planned.engine.compose(profile, planned.detection, model=planned.model, port=port)
    return server.port if same else 0


def running(name: str) -> Server | None:
    """Return the living server of this name, if there is one."""
    try:
        found = registry.get(name)
    except NotFoundError:
        return None
    return found if found.alive else None


def recorded_profile(server: Server) -> Profile:
    """Return the profile that a server was started with, from its job's record.

    Its revision is that of the saved profile it came from, empty where it came from none.
    """
    spec = server.job.spec
    profile = Profile(
        name=server.profile,
        engine=server.engine,
        revision=str(spec.meta.get("revision", "")),
        args={engine: tuple(given) for engine, given in spec.meta.get("args", {}).items()},
        env={key: spec.env[key] for key in spec.meta.get("env", ()) if key in spec.env},
    )
    return profile.with_values(**spec.meta.get("values", {}))


def choose_port(profile: Profile, wanted: int = 0, avoid: Collection[int] = ()) -> int:
    """Return the port to listen on: the wanted one, or the next free one unless it must be it.

    Ports of living servers of ours count as taken, also before they listen. Raises UsageError
    when the address is not one of this machine, the profile insists, or no port is free.
    """
    host = str(profile.value("host"))
    port = wanted or int(profile.value("port"))
    ours = {s.port: s.name for s in registry.list_servers(past=False) if is_file(s.engine)}
    found = refusal(host, port)
    if found is None and port not in ours and port not in avoid:
        return port
    if found and not found.any_port:
        raise _no_address(host, found)
    if profile.value("port_strict"):
        words = f"is used by the server {ours[port]}" if port in ours else found and found.words
        raise UsageError(
            f"Port {port} on {host} {words or 'was taken'}, and the profile {profile.name} "
            "insists on it.",
            fix="Stop what holds it, set another port, or set port_strict to false.",
        )
    free = free_port(host, port, {*ours, *avoid})
    if free is None:
        raise UsageError(f"No port after {port} is free on {host}.", fix="Set another port.")
    return free


def _no_address(host: str, found: Refusal) -> UsageError:
    return UsageError(f"{host} {found.words}.", fix="Set host to an address of this machine.")


def _run(planned: Plan, name: str, composed: Launch) -> Job:
    limits = settings.load().values
    return control.launch(
        KIND,
        name,
        composed.argv,
        env=composed.env,
        unset_env=composed.unset_env,
        grace_s=float(limits.stop_grace_s),
        log_limit_bytes=limits.log_limit_mib << 20,
        meta=_meta(planned, composed),
    )


def _meta(planned: Plan, composed: Launch) -> dict[str, Any]:
    """Return what is recorded of a start; of the environment the names only."""
    profile = planned.profile
    return {
        "profile": profile.name,
        "revision": profile.revision,
        "overrides": overrides(profile),
        "engine": composed.engine,
        "version": planned.detection.version,
        "devices": list(planned.detection.devices),
        "gpus": [gpu.name for gpu in gpus.read()],
        "url": composed.url,
        "host": composed.host,
        "port": composed.port,
        "model": str(composed.model) if composed.model.name else "",
        "values": {key: _plain(value) for key, value in profile.values.items()},
        "args": {engine: list(given) for engine, given in profile.args.items()},
        "env": sorted(profile.env),
        "flag_warnings": [one.problem for one in planned.drifts if not one.hint],
        **(planned.forecast.as_meta() if planned.forecast else {}),
    }


def _plain(value: Any) -> Any:
    """Return a checked value in a form that JSON keeps and ``with_values`` takes again."""
    if isinstance(value, Adapter):
        return value._asdict()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
