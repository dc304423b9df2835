"""models: the model files that are on this machine."""

import sys

import click

from termai.cli import options
from termai.cli.style import out, out_json, table, width

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@click.group(invoke_without_command=True, short_help="List the GGUF files on this machine.")
@options.as_json
@click.pass_context
def models(ctx: click.Context, *, as_json: bool) -> int:
    """List the GGUF files found on this machine, whichever program brought them."""
    if ctx.invoked_subcommand is None:
        return int(ctx.invoke(list_, as_json=as_json))
    return 0


@models.command("list")
@options.as_json
def list_(*, as_json: bool) -> int:
    """List the GGUF files found on this machine."""
    from termai.models.library import scan

    found = list(scan())
    if as_json:
        out_json(
            [
                {
                    "name": model.name,
                    "path": str(model.path),
                    "size": model.size,
                    "where": model.where,
                    "quantization": model.quantization,
                    "parts": model.parts,
                    "missing": model.missing,
                }
                for model in found
            ]
        )
    else:
        rows = [(model.name, size_text(model.size), model.where) for model in found]
        for line in table(("NAME", "SIZE", "WHERE"), rows, width(sys.stdout), flexible=(0, 2)):
            out(line)
    return 0


def size_text(size: float) -> str:
    """Return a number of bytes in the largest binary unit that leaves it above one."""
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if size >= 100 or unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"
