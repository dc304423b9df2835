"""fit: whether a model fits this machine or another, before it is started or downloaded."""

from typing import Any

import click

from termai.cli import names, options

_MOST_GPUS = 64
_MOST_GIB = 1 << 20


class Sizes(click.ParamType[tuple[float, ...]]):
    """Sizes in GiB, separated by commas."""

    name = "GiB[,GiB]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Return the numbers; fails for what is none, or no size of memory."""
        if isinstance(value, tuple):
            return value
        try:
            sizes = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            sizes = ()
        if not 0 < len(sizes) <= _MOST_GPUS or not all(0 <= size <= _MOST_GIB for size in sizes):
            self.fail(f"expected GiB such as 24 or 24,12, found {str(value)[:40]!r}", param, ctx)
        return sizes


@click.command(short_help="Say whether a model fits, here or on another machine.")
@click.argument("target", shell_complete=names.profiles)
@options.launch("ctx_size", "cache_type_k", "cache_type_v", "n_gpu_layers", "n_cpu_moe")
@options.launch("parallel", "ubatch_size")
@click.option(
    "--flash-attn",
    type=options.of("flash_attn"),
    is_flag=False,
    flag_value="on",
    metavar="[on|off|auto]",
    help="Whether flash attention is used (auto).",
)
@click.option(
    "--vram", type=Sizes(), help="Fit GPUs of these sizes instead of those that are here; 0: none."
)
@click.option(
    "--ram",
    type=click.FloatRange(0, _MOST_GIB),
    metavar="GiB",
    help="Fit a machine with this much free RAM.",
)
@click.option("--curve", is_flag=True, help="Draw memory against context.")
@options.as_json
def fit(
    target: str,
    *,
    vram: tuple[float, ...] | None,
    ram: float | None,
    curve: bool,
    as_json: bool,
    **changes: Any,
) -> int:
    """Say whether TARGET fits: how many layers, how much context, what is missing.

    TARGET is a path, a name in the library, a profile, or REPO:QUANT on the hub, of which only the
    header is read; REPO alone compares its quantizations. Unset options are left to llama-server.
    """
    from termai.cli import fitting

    given = {key: value for key, value in changes.items() if value is not None}
    return fitting.fit(target, given, vram=vram, ram=ram, curve=curve, as_json=as_json)
