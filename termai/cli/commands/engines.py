"""engines: what can run models here, and which llama-server is preferred."""

import click

from termai.cli import options


@click.group(invoke_without_command=True, short_help="Show, choose and build engines.")
@options.as_json
@click.pass_context
def engines(ctx: click.Context, *, as_json: bool) -> int:
    """Show the programs that can run models here, and choose or build llama.cpp's server."""
    if ctx.invoked_subcommand is None:
        return int(ctx.invoke(list_, as_json=as_json))
    return 0


@engines.command("list")
@options.as_json
def list_(*, as_json: bool) -> int:
    """Show each engine: its build, what it can use here, what it lacks, and which auto takes."""
    from termai.cli import engine_text

    return engine_text.show(as_json=as_json)


@engines.command()
@click.argument("path", required=False)
@click.option("--auto", is_flag=True, help="Prefer none; the best one that is here is taken.")
@options.as_json
def use(path: str | None, *, auto: bool, as_json: bool) -> int:
    """Prefer the llama-server at PATH, a program or the directory of a build.

    It is asked what it can do before anything is changed. The one before is remembered:
    `termai engines back` goes back to it.
    """
    from termai.cli import engine_text
    from termai.engines import using
    from termai.errors import UsageError

    if bool(path) == auto:
        raise UsageError(
            "Say which llama-server, or --auto.",
            fix="`termai engines list` shows those that are here.",
        )
    return engine_text.switched(using.use(path or ""), as_json=as_json)


@engines.command()
@options.as_json
def back(*, as_json: bool) -> int:
    """Prefer the llama-server from before the last `use` or `build`."""
    from termai.cli import engine_text
    from termai.engines import using

    return engine_text.switched(using.back(), as_json=as_json)
