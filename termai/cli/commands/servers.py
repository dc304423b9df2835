"""start, stop, restart, ps and logs."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from termai.cli import names, options
from termai.cli.style import out, out_json, warn
from termai.errors import TermaiError, UsageError
from termai.servers import registry
from termai.servers.records import Server
from termai.text import one_line


@click.command(short_help="Start the server of a profile.")
@click.argument("profile", shell_complete=names.profiles)
@options.sets
@options.force
@options.no_wait
@options.as_json
def start(
    profile: str,
    changes: tuple[tuple[str, Any], ...],
    *,
    force: bool,
    no_wait: bool,
    as_json: bool,
) -> int:
    """Start the server of PROFILE (or of a GGUF file) and wait until it is ready."""
    from termai.cli import targets
    from termai.servers import manager

    chosen = targets.profile_of(profile, changes)
    return _ready(
        chosen.name,
        lambda: manager.start(chosen, force=force),
        wait=not no_wait,
        as_json=as_json,
    )


@click.command(short_help="Stop a server and start it again.")
@click.argument("name", shell_complete=names.servers)
@options.force
@options.no_wait
@options.as_json
def restart(name: str, *, force: bool, no_wait: bool, as_json: bool) -> int:
    """Stop the server NAME and start it again as it was started."""
    from termai.servers import manager

    server = registry.get(name)
    return _ready(
        name, lambda: manager.restart(server, force=force), wait=not no_wait, as_json=as_json
    )


@click.command(short_help="Stop servers.")
@click.argument("name", nargs=-1, shell_complete=names.running_servers)
@click.option("--all", "everything", is_flag=True, help="Stop every server.")
@options.as_json
def stop(name: tuple[str, ...], *, everything: bool, as_json: bool) -> int:
    """Stop the servers called NAME, or all of them."""
    from termai.servers import manager

    if bool(name) == everything:
        raise UsageError("Say which servers to stop, or --all.", fix="`termai ps` lists them.")
    chosen = registry.list_servers(past=False) if everything else [registry.get(n) for n in name]
    results = _at_once(manager.stop, chosen)
    stopped = [found for found in results if isinstance(found, Server)]
    if as_json:
        out_json([server.as_json() for server in stopped])
    else:
        was = {
            server.name: "is stopped" if server.alive else "was not running" for server in chosen
        }
        for server in stopped:
            out(f"{one_line(server.name)} {was[server.name]}.")
    if not chosen and not as_json:
        warn("No server runs.")
    for found in results:
        if isinstance(found, TermaiError):
            raise found
    return 0


@click.command(short_help="Show servers and where their layers are.")
@click.option("-a", "--all", "past", is_flag=True, help="Show servers that have ended, too.")
@options.as_json
def ps(*, past: bool, as_json: bool) -> int:
    """Show the servers: where they are, and how many layers are on which device."""
    from termai.cli import ps as listing

    return listing.ps(past=past, as_json=as_json)


@click.command(short_help="Print or follow a server's log.")
@click.argument("name", shell_complete=names.servers)
@click.option("-n", "--lines", default="", metavar="N|all", help="How many lines (100).")
@click.option("-f", "--follow", is_flag=True, help="Print what comes until the server ends.")
@options.as_json
def logs(name: str, lines: str, *, follow: bool, as_json: bool) -> int:
    """Print the end of the log of the server NAME."""
    from termai.cli import logs as printing

    count = printing.parse_lines(lines) if lines else printing.DEFAULT_LINES
    return printing.logs(name, lines=count, follow=follow, as_json=as_json)


def _at_once(
    act: Callable[[Server], Server], servers: Sequence[Server]
) -> list[Server | TermaiError]:
    """Act on all servers at the same time; a failure stands in the place of its result."""
    from concurrent.futures import ThreadPoolExecutor

    def attempt(server: Server) -> Server | TermaiError:
        try:
            return act(server)
        except TermaiError as error:
            return error

    if not servers:
        return []
    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(attempt, servers))


def _ready(name: str, start: Callable[[], Server], *, wait: bool, as_json: bool) -> int:
    from termai.cli import waiting

    waiting.tell_started(waiting.ready(name, start, wait=wait), as_json=as_json)
    return 0
