"""run: a running server and an answer, or a chat, in one command."""

import shlex
from typing import Any

import click

from termai.cli import names, options
from termai.errors import UsageError
from termai.servers.records import Server


@click.command(short_help="Answer a prompt, starting the server if needed.")
@click.argument("target", shell_complete=names.profiles)
@click.argument("prompt", required=False)
@options.sets
@options.force
@options.samplers
@options.as_json
def run(
    target: str,
    prompt: str | None,
    changes: tuple[tuple[str, Any], ...],
    system: str | None,
    *,
    force: bool,
    as_json: bool,
    **samplers: Any,
) -> int:
    """Run TARGET, a profile or a GGUF file, and answer PROMPT, or open a chat with it.

    Starts the server if it does not run. Standard input is (the rest of) the prompt when it is
    not a terminal. The server runs on afterwards.
    """
    from termai.cli import prompting

    text = prompting.compose(prompt)
    if not text:
        prompting.require_terminal(as_json=as_json)
    server = _server(target, changes, force=force)
    if not text:
        from termai.cli.opening import open_program

        return open_program(chat_with=server.name)
    from termai.cli import asking, endpoints

    question = endpoints.question(text, samplers, server, system)
    return asking.ask(endpoints.of_server(server), question, as_json=as_json)


def _server(target: str, changes: tuple[tuple[str, Any], ...], *, force: bool) -> Server:
    """Return the running server that ``target`` means, or a new one, ready."""
    from termai.cli import targets, waiting
    from termai.servers import manager

    given = targets.profile_of(target, changes) if targets.is_path(target) else None
    name = given.name if given else target
    already = targets.running(name)
    if already and changes:
        raise UsageError(
            f"{name} is already running, so --set cannot change it.",
            fix=f"Stop it first: termai stop {shlex.quote(name)}.",
        )
    if already:
        return waiting.ready(name, lambda: already)
    profile = given or targets.profile_of(target, changes)
    begin = manager.start if changes else manager.ensure  # start refuses one begun meanwhile
    return waiting.ready(profile.name, lambda: begin(profile, force=force))
