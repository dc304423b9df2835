"""pull: download a model from the hub."""

import sys
from typing import TYPE_CHECKING

import click

from termai.cli import options
from termai.cli.model_text import size_text
from termai.cli.style import out, out_json
from termai.errors import UsageError
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.downloads.view import Download


@click.command(short_help="Download a model from the hub.")
@click.argument("repo", metavar="ORG/NAME[:QUANT]")
@click.option("--file", "files", multiple=True, metavar="PATH", help="This file; may be repeated.")
@click.option("--revision", default="main", metavar="REV", help="A branch, tag or commit (main).")
@click.option("--no-projector", is_flag=True, help="Leave out the projector for images.")
@click.option(
    "--wait/--no-wait",
    default=None,
    help="Wait for the end and show progress; without either, on a terminal only.",
)
@options.as_json
def pull(
    repo: str,
    files: tuple[str, ...],
    revision: str,
    *,
    no_projector: bool,
    wait: bool | None,
    as_json: bool,
) -> int:
    """Download a quantization of a model, Q4_K_M unless another is named.

    It goes on when the terminal is closed, and where it stopped when it was interrupted; its
    hash is checked before it takes its name. `termai downloads` shows and controls it.
    """
    from termai.cli import pulling

    name, quant = pulling.parted(repo)
    if files and quant:
        raise UsageError("Name a quantization or files, not both.")
    download = _begun(name, quant, files, revision, projector=not no_projector)
    if not download.status.over and (sys.stderr.isatty() if wait is None else wait):
        download = pulling.watch(download, quiet=as_json)
    if as_json:
        out_json(download.as_json())
    else:
        _tell(download)
    return 0


def _begun(
    name: str, quant: str, files: tuple[str, ...], revision: str, *, projector: bool
) -> "Download":
    from termai.cli import pulling
    from termai.models import hub
    from termai.models.downloads import control

    try:
        repository = hub.repository(name, revision)
    except hub.OfflineError:
        if here := pulling.had(name, quant, files, revision):
            return here
        raise
    if files:
        return control.add_files(repository, files)
    return control.add(repository, pulling.chosen(repository, quant), projector=projector)


def _tell(download: "Download") -> None:
    if download.status.over:
        out(f"{one_line(download.name)} is here: {one_line(str(download.path))}")
        return
    size = size_text(download.bytes_total)
    out(f"{one_line(download.name)} ({size}) is {download.status} as download {download.id}.")
