"""The blocking calls behind the program's actions; they run in threads and touch no widget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from termai.servers.records import Server


def start_profile(name: str) -> Server:
    """Launch the profile called ``name``; raises what loading and starting raise."""
    from termai.profiles.store import load_profile
    from termai.servers import manager

    return manager.start(load_profile(name))


def start_model(path: Path) -> Server:
    """Launch a server for a bare model file."""
    from termai.servers import manager

    return manager.start(manager.for_model(path))


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
