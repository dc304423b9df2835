"""The model files that must not be removed now: what servers have loaded, what downloads fill."""

from pathlib import Path

from termai.models.downloads import control
from termai.servers import registry


def files() -> tuple[Path, ...]:
    """Return every file that a running server's command line names or an active download fills.

    They need not exist. Raises StorageError where downloads cannot be listed.
    """
    used = []
    for server in registry.list_servers(past=False):
        given = (server.model, *server.job.spec.argv)
        used += [Path(text) for text in given if text.startswith("/")]
    for download in control.list_downloads():
        if download.status.active:
            plan = download.plan
            used += [path for f in plan.files for path in (plan.target(f), plan.partial(f))]
    return tuple(used)
