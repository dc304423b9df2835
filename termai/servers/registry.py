"""The servers that are there: running and past, whoever started them.

Imported by `termai ps`, so it stays light.
"""

from pathlib import Path

from termai.errors import InvalidFileError, NotFoundError
from termai.jobs import log, store
from termai.jobs.records import Job
from termai.servers import facts as known_facts
from termai.servers.records import KIND, RPC_KIND, Server, ServerState, from_job

_TAIL_LINES = 300
_TAIL_BYTES = 128 << 10


def list_servers(*, past: bool = True) -> list[Server]:
    """Return the servers, running ones first and each group newest first.

    Of several past servers of one name only the newest is listed, and none beside a running one.
    """
    jobs = store.list_jobs(KIND)
    running = [job for job in jobs if job.alive]
    chosen = running + ([job for job in jobs if not job.alive] if past else [])
    newest: dict[str, Job] = {}
    for job in chosen:
        newest.setdefault(job.name, job)
    return [from_disk(job) for job in newest.values()]


def get(name: str) -> Server:
    """Return the running server of this name, else the newest past one.

    Raises NotFoundError naming those there are.
    """
    jobs = store.list_jobs(KIND)
    named = [job for job in jobs if job.name == name]
    if not named:
        others = ", ".join(dict.fromkeys(job.name for job in jobs)) or "none was started yet"
        raise NotFoundError(f"There is no server {name}.", fix=f"There is: {others}.")
    return from_disk(next((job for job in named if job.alive), named[0]))


def lending() -> int:
    """Return how many RPC servers run, which lend this machine to servers elsewhere."""
    return sum(job.alive for job in store.list_jobs(RPC_KIND))


def refresh(server: Server) -> Server:
    """Return the server as it is now; raises NotFoundError when it was removed meanwhile."""
    return from_disk(store.refresh(server.job))


def broken() -> list[tuple[Path, str]]:
    """Return the directories of jobs whose files do not parse, each with a sentence."""
    return store.broken_jobs()


def from_disk(job: Job) -> Server:
    """Return the server of a job with what its log says by now."""
    known = known_facts.snapshot(job)
    server = from_job(job, known.facts)
    if job.alive:
        return server._replace(problem=_alarm(server))
    if server.state is ServerState.STOPPED:
        return server
    return server._replace(problem=known.problem or _explained(server, known))


def log_tail(server: Server) -> list[str]:
    """Return the lines in which the cause of a failure is looked for, none if unreadable."""
    try:
        return log.tail(server.job.log_path, _TAIL_LINES, _TAIL_BYTES)
    except InvalidFileError:
        return []


def _alarm(server: Server) -> str | None:
    from termai.servers.alarms import alarm

    return alarm(server)


def _explained(server: Server, known: known_facts.Snapshot) -> str:
    """Return why a server ended, and keep it: its log does not change any more."""
    from termai.servers.diagnosis import explain

    problem = explain(server.facts, log_tail(server), server.exit, server.job.spec).text
    known_facts.store(server.job.directory, known._replace(problem=problem))
    return problem
