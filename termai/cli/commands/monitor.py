"""monitor: what the machine is doing, and who holds the memory of its GPUs."""

import click

from termai.cli import options


@click.command(short_help="Show GPUs, processor and memory, and who holds the VRAM.")
@click.option(
    "--watch",
    "seconds",
    type=click.FloatRange(min=0.2, max=3600),
    default=None,
    metavar="SECONDS",
    help="Look again every so many seconds, until Ctrl-C.",
)
@options.as_json
def monitor(seconds: float | None, *, as_json: bool) -> int:
    """Show each GPU with its load, memory, heat and power, and the processes that hold its memory.

    Servers of termai are shown by their names. With --json and --watch each look is one line.
    """
    import math

    from termai.cli import monitoring
    from termai.errors import UsageError

    if seconds is not None and math.isnan(seconds):
        raise UsageError("--watch takes a number of seconds, not nan.")
    return monitoring.monitor(seconds, as_json=as_json)
