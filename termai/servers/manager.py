"""Starting, stopping and restarting servers; each is a job that outlives this program."""

from pathlib import Path

from termai.errors import UsageError
from termai.jobs import control
from termai.models.library import called
from termai.paths import expanded
from termai.profiles.profile import Profile
from termai.servers import registry
from termai.servers.launching import (
    check_replacement,
    launch,
    lock,
    plan,
    recorded_profile,
    running,
)
from termai.servers.naming import is_profile, name_for
from termai.servers.readiness import Progress, wait_ready
from termai.servers.records import Server, ServerState

__all__ = [
    "Progress",
    "ensure",
    "for_model",
    "restart",
    "restart_with",
    "start",
    "stop",
    "wait_ready",
]


def start(profile: Profile, *, name: str | None = None, force: bool = False) -> Server:
    """Start the server that ``profile`` describes, called ``name`` or like the profile.

    Returns as soon as its process runs; ``wait_ready`` waits for the model. Raises UsageError
    when it runs already or the profile contradicts itself or this machine, or the guardrails
    refuse the memory it takes and ``force`` does not overrule them, NotFoundError and
    InvalidFileError for its files, and StartFailedError when the program cannot be executed.
    """
    called = name or profile.name
    _refuse_second(running(called))
    planned = plan(profile, force=force)
    with lock():
        _refuse_second(_running(called))
        return launch(planned, called)


def ensure(profile: Profile, *, force: bool = False) -> Server:
    """Return the running server of ``profile``, or start it; raises as ``start`` does."""
    found = running(profile.name)
    if found and found.state is not ServerState.STOPPING:
        return found
    planned = plan(profile, force=force)
    with lock():
        return _running(profile.name) or launch(planned, profile.name)


def stop(server: Server) -> Server:
    """Stop a server: SIGTERM to its processes, SIGKILL after its grace; returns when it ended.

    A server that has ended is returned as it is. Raises StartFailedError when even SIGKILL does
    not end it.
    """
    control.stop(server.job)
    return registry.refresh(server)


def restart(server: Server, *, force: bool = False) -> Server:
    """Stop a server if it runs and start it again as it was started, on the same port.

    The profile is the one it was started with, also when its file has changed since; it is
    checked before anything is stopped. Where another program has taken the port meanwhile, the
    next free one is used, unless the profile insists. A server that runs has its memory already,
    so that the guardrails only warn of it. Raises as ``start`` and ``stop`` do.
    """
    found = running(server.name)
    planned = plan(recorded_profile(found or server), force=force or found is not None)
    with lock():
        current = running(server.name) or server
        stop(current)
        return launch(planned, current.name, wanted=current.port)


def restart_with(server: Server, profile: Profile, *, force: bool = False) -> Server:
    """Stop a server if it runs and start it again under its name as ``profile`` says.

    What can be checked of the profile is checked before anything is stopped: its files, whether
    it fits the memory once that of the old server is free, the options of its engine, its
    address. The port stays unless the profile names another than before. Raises as ``start`` and
    ``stop`` do.
    """
    found = running(server.name)
    planned = plan(profile, force=force, instead_of=found)
    wanted = check_replacement(planned, found or server)
    with lock():
        current = running(server.name) or server
        stop(current)
        return launch(planned, current.name, wanted=wanted)


def for_model(path: Path) -> Profile:
    """Return a profile for a bare GGUF file, named after it, for one of Ollama's as Ollama does.

    The name of a server that runs another model, or of a profile, is not taken: the new one
    then gets a number behind.
    """
    model = expanded(str(path)).absolute()
    served = {server.name: server.model for server in registry.list_servers(past=False)}
    title = called(model)
    base = name_for(title)
    name, number = base, 1
    while served[name] != str(model) if name in served else is_profile(name):
        number += 1
        name = f"{base}-{number}"
    runs = model.name if model.stem == title else title
    return Profile(name=name, description=f"Runs {runs}.").with_values(path=str(model))


def _refuse_second(already: Server | None) -> None:
    """Raise UsageError for a server that runs and is not about to end."""
    if already and already.state is not ServerState.STOPPING:
        raise UsageError(
            f"The server {already.name} is already running at {already.url}.",
            fix=f"Stop it with `termai stop {already.name}`, or give another name.",
        )


def _running(name: str) -> Server | None:
    """Return the living server of this name; one that is being stopped is waited for."""
    found = running(name)
    if found and found.state is ServerState.STOPPING:
        control.stop(found.job)
        return None
    return found
