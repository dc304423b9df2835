"""chat: ask a running server, or any other with the OpenAI API."""

from pathlib import Path
from typing import Any

import click

from termai.cli import names, options
from termai.errors import UsageError
from termai.servers.records import Server


@click.command(short_help="Ask a running server, or open a chat.")
@click.argument("prompt", required=False)
@click.option(
    "-s", "--server", metavar="NAME", shell_complete=names.running_servers, help="Ask this server."
)
@click.option("--url", metavar="URL", help="Ask the OpenAI-compatible server at this address.")
@click.option(
    "--api-key-file",
    type=click.Path(path_type=Path),
    help="A file (mode 0600) with the key for --url; else $TERMAI_API_KEY.",
)
@click.option("--model", metavar="NAME", default="", help="The model to ask for at --url.")
@options.samplers
@options.as_json
def chat(
    prompt: str | None,
    server: str | None,
    url: str | None,
    api_key_file: Path | None,
    model: str,
    system: str | None,
    *,
    as_json: bool,
    **samplers: Any,
) -> int:
    """Ask the running server PROMPT, or open a chat with it.

    Standard input is (the rest of) the prompt when it is not a terminal.
    """
    from termai.cli import prompting

    if url and server:
        raise UsageError("--server and --url exclude each other.")
    if not url and (api_key_file or model):
        raise UsageError("--api-key-file and --model go with --url.")
    text = prompting.compose(prompt)
    asked = None if url else _running(server)
    if not text and asked:
        prompting.require_terminal(as_json=as_json)
        from termai.cli.opening import open_program

        return open_program(chat_with=asked.name)
    if not text:
        raise UsageError("There is no prompt.", fix="With --url, give one to be answered.")
    from dataclasses import replace

    from termai.cli import asking, endpoints

    endpoint = endpoints.of_server(asked) if asked else endpoints.of_url(url or "", api_key_file)
    question = endpoints.question(text, samplers, asked, system)
    return asking.ask(replace(endpoint, model=model), question, as_json=as_json)


def _running(name: str | None) -> Server:
    """Return the server to ask, ready; NotFoundError when it does not run."""
    from termai.cli import targets, waiting
    from termai.errors import NotFoundError

    found = targets.only_running() if name is None else targets.running(name)
    if found is None:
        raise NotFoundError(
            f"No server {name} runs.", fix=f"`termai start {name}` starts a profile of that name."
        )
    return waiting.ready(found.name, lambda: found)
