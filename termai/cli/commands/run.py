"""run: a running server and an answer, or a chat, in one command."""

import shlex
from typing import Any

import click

from termai.cli import names, options
from termai.errors import UsageError
from termai.profiles.profile import Profile
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
    """Run TARGET and answer PROMPT, or open a chat with it.

    TARGET is a profile, a GGUF file, or ORG/NAME[:QUANT] on the hub, which is downloaded if it is
    not here and gets a profile that fits this machine. Starts the server if it does not run.
    Standard input is (the rest of) the prompt when it is not a terminal. The server runs on
    afterwards.
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

    given = _given(target, changes)
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


def _given(target: str, changes: tuple[tuple[str, Any], ...]) -> Profile | None:
    """Return the profile of a model file or of one on the hub, None where a profile is named."""
    from termai.cli import getting, targets

    if getting.is_of_hub(target):
        return getting.profile_of(target).with_values(**dict(changes))
    return targets.profile_of(target, changes) if targets.is_path(target) else None
