"""downloads: what is being downloaded, and pausing, resuming and cancelling it."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from termai.cli import options, progress
from termai.cli.model_text import size_text
from termai.cli.style import Look, out, out_json, paint, table, warn, width
from termai.errors import TermaiError, UsageError
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.downloads.states import Status
    from termai.models.downloads.view import Download

_LOOKS: dict[str, Look] = {
    "done": "good",
    "running": "good",
    "verifying": "busy",
    "waiting": "busy",
    "queued": "busy",
    "paused": "dim",
    "cancelled": "dim",
    "interrupted": "bad",
    "failed": "bad",
}


def _names(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Complete the names and numbers of downloads that are not over."""
    from termai.models.downloads import control

    try:
        found = [d for d in control.list_downloads() if not d.status.over]
    except TermaiError:
        return []
    return sorted(n for d in found for n in (d.id, d.name) if n.startswith(begun))


_named = click.argument("name", nargs=-1, shell_complete=_names)
_all = click.option("--all", "everything", is_flag=True, help="All of them.")


@click.group(invoke_without_command=True, short_help="Show and control downloads.")
@options.as_json
@click.pass_context
def downloads(ctx: click.Context, *, as_json: bool) -> int:
    """Show downloads, running and past. They go on without a terminal until they are stopped."""
    if ctx.invoked_subcommand is None:
        return int(ctx.invoke(list_, as_json=as_json))
    return 0


@downloads.command("list")
@options.as_json
def list_(*, as_json: bool) -> int:
    """Show downloads: how far they are, how fast, and what is in their way."""
    from termai.models.downloads import control

    found = control.list_downloads()
    if as_json:
        out_json([download.as_json() for download in found])
    else:
        _print(found)
    return 0


@downloads.command()
@_named
@_all
@options.as_json
def pause(name: tuple[str, ...], *, everything: bool, as_json: bool) -> int:
    """Stop the downloads NAME (or their numbers) until they are resumed; nothing is lost."""
    from termai.models.downloads import control

    active = [d for d in control.list_downloads() if d.status.active] if everything else []
    return _each(control.pause, name, active, everything=everything, as_json=as_json)


@downloads.command()
@_named
@_all
@options.as_json
def resume(name: tuple[str, ...], *, everything: bool, as_json: bool) -> int:
    """Go on with the downloads NAME (or their numbers) where they stopped.

    Without NAME, goes on with all that are paused, interrupted or failed.
    """
    from termai.models.downloads import control

    stopped = [d for d in control.list_downloads() if not d.status.over and not d.status.active]
    return _each(control.resume, name, stopped, everything=everything or not name, as_json=as_json)


@downloads.command()
@_named
@_all
@options.as_json
def cancel(name: tuple[str, ...], *, everything: bool, as_json: bool) -> int:
    """Stop the downloads NAME (or their numbers) for good and delete what is there of them."""
    from termai.models.downloads import control

    left = [d for d in control.list_downloads() if not d.status.over] if everything else []
    return _each(control.cancel, name, left, everything=everything, as_json=as_json)


@downloads.command()
@options.as_json
def clear(*, as_json: bool) -> int:
    """Take what is done or cancelled off the list; no model is removed."""
    from termai.models.downloads import control

    cleared = control.clear()
    if as_json:
        out_json([download.as_json() for download in cleared])
    else:
        count = len(cleared)
        out(f"{count} download{'' if count == 1 else 's'} taken off the list.")
    return 0


def _each(
    act: Callable[["Download"], "Download"],
    names: Sequence[str],
    otherwise: Sequence["Download"],
    *,
    everything: bool,
    as_json: bool,
) -> int:
    """Act on the named downloads, or on the others; the first failure is raised at the end."""
    from termai.models.downloads import control

    if bool(names) == everything:
        raise UsageError("Say which downloads, or --all.", fix="`termai downloads` lists them.")
    chosen = [control.get(name) for name in names] if names else otherwise
    done: list[Download] = []
    failure: TermaiError | None = None
    for download in chosen:
        try:
            done.append(act(download))
        except TermaiError as error:
            failure = failure or error
    if as_json:
        out_json([download.as_json() for download in done])
    else:
        for download in done:
            out(f"{download.id} {one_line(download.name)} is {download.status}.")
        if not chosen:
            warn("There is nothing to do.")
    if failure:
        raise failure
    return 0


def _print(found: Sequence["Download"]) -> None:
    if not found:
        warn("Nothing is being downloaded. `termai pull ORG/NAME:QUANT` downloads a model.")
        return
    heads = ("ID", "NAME", "STATUS", "DONE", "SIZE", "RATE", "LEFT")
    rows = [
        (
            download.id,
            download.name,
            str(download.status),
            progress.percent(download),
            size_text(download.bytes_total),
            f"{size_text(download.rate)}/s" if download.rate else "",
            progress.duration(download.eta_s),
        )
        for download in found
    ]
    looks = [{2: _look(download.status)} for download in found]
    for line in table(heads, rows, width(sys.stdout), flexible=(1,), looks=looks):
        out(line)
    for download in found:
        if download.problem:
            said = one_line(f"{download.id}: {download.problem} {download.fix}")
            out(paint(said, _look(download.status), sys.stdout))


def _look(status: "Status") -> Look:
    return _LOOKS[str(status)]
