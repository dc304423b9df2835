"""RPC servers of this machine, which lend its devices to others: jobs that outlive the terminal."""

import ipaddress
import time
from dataclasses import dataclass

from termai.engines import rpc
from termai.errors import NotFoundError, StartFailedError, UsageError
from termai.jobs import control, log, store
from termai.jobs.records import Job
from termai.profiles.hosts import is_loopback
from termai.servers.launching import KEPT, lock
from termai.servers.ports import free_port, refusal
from termai.servers.records import RPC_KIND
from termai.text import one_line

KIND = RPC_KIND
_START_S = 30.0  # seconds until it listens; a driver may need some of them
_POLL_S = 0.05
_SHOWN = 8
_THIS, _ALL = "127.0.0.1", "0.0.0.0"  # noqa: S104
_REACHED = {_ALL: _THIS}


@dataclass(frozen=True, slots=True)
class RpcServer:
    """An RPC server as it was last looked at."""

    job: Job
    host: str
    port: int

    @property
    def endpoint(self) -> str:
        """Return what a profile of another machine names, once host is an address it reaches."""
        return f"{self.host}:{self.port}"

    @property
    def exposed(self) -> bool:
        """Whether others than this machine may reach it."""
        return not is_loopback(self.host)


def running() -> tuple[RpcServer, ...]:
    """Return the RPC servers that run, the newest first."""
    return tuple(_of(job) for job in store.list_jobs(KIND) if job.alive)


def start(
    *,
    host: str = _THIS,
    port: int = 0,
    threads: int = 0,
    devices: tuple[str, ...] = (),
    cache: bool = False,
    exposed: bool = False,
) -> RpcServer:
    """Start one and return when it listens.

    host: an IPv4 address, or localhost. port: 0 takes the first free one from 50052. exposed:
    allows a host that others reach. Raises UsageError for such a host without it, for one that
    is no IPv4 address and for a port that is taken, NotFoundError where llama.cpp was built
    without RPC, and StartFailedError with the end of its log.
    """
    host = _ipv4(host)
    if not is_loopback(host) and not exposed:
        raise UsageError(
            f"Listening on {host} lets others in. {rpc.WARNING}",
            fix="Do so only in a network where you trust everybody, with --yes, or reach it "
            "through `ssh -L`.",
        )
    program = rpc.program()
    with lock():
        chosen = _port(host, port)
        argv = rpc.arguments(
            program, host=host, port=chosen, threads=threads, devices=devices, cache=cache
        )
        meta = {"host": host, "port": chosen}
        job = control.launch(KIND, f"rpc-{chosen}", argv, grace_s=5.0, meta=meta)
        store.prune(KEPT)
    return _listening(_of(job))


def stop(port: int = 0) -> tuple[RpcServer, ...]:
    """Stop the RPC server on a port, or with 0 all of them; returns those that were stopped.

    Raises NotFoundError for a port on which none runs.
    """
    here = [one for one in running() if port in (0, one.port)]
    if port and not here:
        others = ", ".join(str(one.port) for one in running())
        fix = f"They run on {others}." if others else "None runs on another port, either."
        raise NotFoundError(f"No RPC server of ours runs on port {port}.", fix=fix)
    return tuple(_of(control.stop(one.job)) for one in here)


def _of(job: Job) -> RpcServer:
    return RpcServer(job, str(job.spec.meta.get("host", "")), int(job.spec.meta.get("port", 0)))


def _ipv4(host: str) -> str:
    """Return the address to listen on: all that ggml's server takes (inet_addr in ggml-rpc)."""
    if host.casefold() == "localhost":
        return _THIS
    instead = f"Name an IPv4 address of this machine, {_THIS} for itself or {_ALL} for all of them."
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        what = f"llama.cpp's RPC server listens on addresses, and {one_line(host, 80)!r} is none."
        raise UsageError(what, fix=instead) from None
    if address.version == 6:
        what = f"llama.cpp's RPC server listens on IPv4 addresses only, and {address} is IPv6."
        raise UsageError(what, fix=instead)
    return str(address)


def _port(host: str, wanted: int) -> int:
    """Return the port to listen on; raises UsageError when the wanted one cannot be."""
    if wanted:
        if found := refusal(host, wanted):
            raise UsageError(f"Port {wanted} on {host} {found.words}.", fix="Name another --port.")
        return wanted
    found = refusal(host, rpc.PORT)
    if found is None:
        return rpc.PORT
    free = free_port(host, rpc.PORT) if found.any_port else None
    if free is None:
        raise UsageError(f"{host} {found.words}.", fix="Name another --host or --port.")
    return free


def _listening(server: RpcServer) -> RpcServer:
    """Wait until it accepts connections; raises StartFailedError when it ends or takes too long.

    Its log does not tell: what it writes stays in its buffer until the first client comes.
    """
    reached = _REACHED.get(server.host, server.host)
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        server = _of(store.refresh(server.job))
        if not server.job.alive:
            raise StartFailedError(
                f"The RPC server on {server.endpoint} ended at once.",
                fix="The end of its log says why.",
                detail=tuple(log.tail(server.job.log_path, _SHOWN)),
            )
        if rpc.answers(f"{reached}:{server.port}"):
            return server
        time.sleep(_POLL_S)
    control.stop(server.job, grace_s=0.0)
    raise StartFailedError(
        f"The RPC server did not listen on {server.endpoint} within {_START_S:.0f} s.",
        fix="Try it by hand to see what it waits for.",
    )
