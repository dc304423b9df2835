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
@click.option("--again", is_flag=True, help="Ask also the programs that gave no answer before.")
@options.as_json
def list_(*, again: bool, as_json: bool) -> int:
    """Show each engine: its build, what it can use here, what it lacks, and which auto takes."""
    from termai.cli import engine_text
    from termai.engines import hangs

    if again:
        hangs.forget()
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

    return engine_text.switched(using.back(), went_back=True, as_json=as_json)


@engines.command()
@click.option(
    "--gpu",
    type=click.Choice(["cuda", "hip", "vulkan", "none"]),
    help="GPU interface to build for; by default the first that this machine can use.",
)
@click.option("--rpc/--no-rpc", default=True, help="Whether it can use other machines.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    help="Files to compile at once; by default what the memory allows.",
)
@click.option("--again", is_flag=True, help="Compile also what was built before.")
@click.option("--stop", is_flag=True, help="Stop the build that runs.")
@options.no_wait
@options.as_json
def build(
    gpu: str | None,
    jobs: int | None,
    *,
    rpc: bool,
    again: bool,
    stop: bool,
    no_wait: bool,
    as_json: bool,
) -> int:
    """Build llama.cpp for this machine and use it, once it has answered the smoke questions.

    The build outlives the terminal; the same command shows it again. What is used until then
    stays, and `termai engines back` goes back to it.
    """
    from termai.cli import engine_build
    from termai.doctor.building import Wanted

    if stop:
        return engine_build.stop(as_json=as_json)
    wanted = Wanted(gpu or "", rpc=rpc, jobs=jobs or 0, again=again)
    return engine_build.build(wanted, wait=not no_wait, as_json=as_json)


@engines.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="IPv4 address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port to listen on; by default the first free one from 50052.",
)
@click.option("--threads", type=click.IntRange(1, 4096), help="Threads for the CPU device.")
@click.option("--device", multiple=True, help="Lend only this device; may be repeated.")
@click.option("--cache", is_flag=True, help="Keep the weights on this disk for the next start.")
@click.option("--yes", is_flag=True, help="Listen also where others may reach it.")
@click.option("--stop", is_flag=True, help="Stop the one on --port, or all of them.")
@click.option("--list", "listed", is_flag=True, help="Show those that run.")
@options.as_json
def rpc(
    host: str,
    port: int | None,
    threads: int | None,
    device: tuple[str, ...],
    *,
    cache: bool,
    yes: bool,
    stop: bool,
    listed: bool,
    as_json: bool,
) -> int:
    """Lend this machine's GPUs and memory to a llama-server on another machine.

    The server outlives the terminal. A profile there names it with rpc = ["HOST:PORT"] under
    [load]. The protocol has no password and no encryption: use it only in a network where you
    trust everybody, or through `ssh -L`.
    """
    from termai.cli import engine_rpc
    from termai.servers import rpc as servers

    if stop:
        return engine_rpc.stopped(servers.stop(port or 0), as_json=as_json)
    if listed:
        return engine_rpc.shown(servers.running(), as_json=as_json)
    server = servers.start(
        host=host, port=port or 0, threads=threads or 0, devices=device, cache=cache, exposed=yes
    )
    return engine_rpc.started(server, as_json=as_json)
