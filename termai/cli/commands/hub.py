"""hub: which hub is asked, with whose token, and the card of a model."""

import sys
from typing import TYPE_CHECKING

import click

from termai.cli import options
from termai.cli.opening import is_terminal
from termai.cli.style import out, out_json, warn
from termai.errors import UsageError
from termai.text import one_line, printable

if TYPE_CHECKING:
    from termai.models.hub.accounts import Account

_MOST_INPUT = 1 << 16


@click.group(invoke_without_command=True, short_help="Log in to the hub, and read model cards.")
@options.as_json
@click.pass_context
def hub(ctx: click.Context, *, as_json: bool) -> int:
    """Say which hub is asked and where the token is; log in and out, and read model cards."""
    if ctx.invoked_subcommand is None:
        return _status(as_json=as_json)
    return 0


@hub.command(short_help="Say which hub is asked, and where the token is.")
@options.as_json
def status(*, as_json: bool) -> int:
    """Say which hub is asked, through which proxy, and where the token is; asks nobody."""
    return _status(as_json=as_json)


@hub.command(short_help="Take an access token and keep it.")
@click.argument("surplus", nargs=-1, metavar="")
@options.as_json
def login(surplus: tuple[str, ...], *, as_json: bool) -> int:
    """Take an access token, hidden from the screen or from a pipe, and keep it.

    The hub is asked whose it is before it is kept, mode 0600, where every program that uses
    huggingface_hub finds it.
    """
    from termai.models.hub import accounts

    if surplus:
        raise UsageError(
            "A token is never an argument: everybody on this machine could read it.",
            fix="Run `termai hub login` and paste it, or pipe it: `termai hub login < FILE`. "
            "The one that was just given is in the shell's history; make a new one.",
        )
    account = accounts.login(_asked())
    if as_json:
        out_json(_account(account))
    else:
        out(f"{account.host} knows you as {account.name}. The token is in {account.source}.")
    if account.shadowed_by:
        warn(f"{account.shadowed_by} holds a token in this shell, too, and that one is used here.")
    return 0


@hub.command(short_help="Delete the token that is kept here.")
@options.as_json
def logout(*, as_json: bool) -> int:
    """Delete the token that is kept here; at the hub it stays valid until it is revoked."""
    from termai.models.hub import accounts

    gone = accounts.logout()
    if as_json:
        out_json({"deleted": str(gone) if gone else None})
    else:
        out(f"The token in {gone} is deleted." if gone else "No token is kept here.")
    return 0


@hub.command()
@options.as_json
def whoami(*, as_json: bool) -> int:
    """Ask the hub whose token is in use."""
    from termai.models.hub import accounts

    account = accounts.whoami()
    if as_json:
        out_json(_account(account))
    else:
        named = f", called {account.token_name}" if account.token_name else ""
        role = f", which may {account.role}" if account.role in ("read", "write") else ""
        out(f"{account.name} at {account.host}, by the token from {account.source}{named}{role}.")
    return 0


@hub.command(short_help="Print a model card as Markdown.")
@click.argument("repo", metavar="ORG/NAME")
@click.option("--revision", default="main", metavar="REV", help="A branch, tag or commit (main).")
@options.as_json
def card(repo: str, revision: str, *, as_json: bool) -> int:
    """Print the model card of a repository as Markdown, without HTML and pictures."""
    from termai.models import hub as models_hub

    text = models_hub.card(repo, revision)
    if as_json:
        out_json({"id": repo, "card": text})
    elif text:
        out(printable(text).rstrip("\n"))
    else:
        warn(f"{one_line(repo, 120)} has no card.")
    return 0


def _status(*, as_json: bool) -> int:
    from termai.models.hub import tokens
    from termai.models.hub.place import OfflineError, is_loopback, online, place
    from termai.models.hub.unreachable import proxy_for

    meant = place()
    off = ""
    try:
        online()
    except OfflineError as error:
        off = error.message
    found = tokens.token(renew=False)
    proxy = proxy_for(meant.endpoint, meant)
    if as_json:
        token = found.source if found else None
        out_json(
            {
                "endpoint": meant.page("").rstrip("/"),
                "offline": bool(off),
                "proxy": proxy or None,
                "token": token,
            }
        )
        return 0
    out(f"hub      {one_line(meant.page('').rstrip('/'))}")
    out(f"proxy    {proxy or 'none'}")
    out(f"token    {one_line(found.source) if found else 'none; `termai hub login` takes one'}")
    if off:
        out(f"offline  {off}")
    if found and meant.endpoint.startswith("http://") and not is_loopback(meant.endpoint):
        warn(f"The token goes to {meant.host} unencrypted, as its address begins with http://.")
    path = tokens.token_path()
    if found and found.source == str(path) and tokens.readable_by_others(path):
        warn(f"Others can read {path}: `chmod 600` it.")
    return 0


def _asked() -> str:
    """Return the token from a prompt that does not show it, or from a pipe."""
    if is_terminal(sys.stdin):
        from termai.models.hub.place import place

        page = place().page("settings/tokens")
        warn(f"Make a token at {page} (read is enough) and paste it; it is not shown.")
        value = str(
            click.prompt("Token", hide_input=True, default="", show_default=False, err=True)
        )
    else:
        value = sys.stdin.read(_MOST_INPUT)
    if not value.strip():
        raise UsageError("No token came.", fix="Paste it at the prompt, or pipe it.")
    return value


def _account(account: "Account") -> dict[str, object]:
    keys = ("name", "host", "token_name", "role", "source", "shadowed_by")
    return {key: getattr(account, key) or None for key in keys}
