"""The command line as a tree of click commands, each loaded when it is used."""

import importlib
import sys
from typing import Any

import click

import termai
from termai.cli import ending
from termai.cli.ending import InterruptedWaitError
from termai.cli.opening import open_program
from termai.errors import TermaiError, UsageError

_COMMANDS = {
    "run": "run",
    "start": "servers",
    "stop": "servers",
    "restart": "servers",
    "ps": "servers",
    "logs": "servers",
    "chat": "chat",
    "doctor": "doctor",
    "monitor": "monitor",
    "engines": "engines",
    "profiles": "profiles",
    "models": "models",
    "fit": "fit",
    "search": "search",
    "hub": "hub",
    "pull": "pull",
    "downloads": "downloads",
    "completion": "completion",
}


class Commands(click.Group):
    """The commands in the order in which one meets them, imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name, None when there is none."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"termai.cli.commands.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"\b\n{ending.HELP}",
)
@click.version_option(termai.__version__, prog_name="termai", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> int:
    """Run language models on this machine: servers that outlive the terminal, and chat.

    Without a command, opens the program. Servers speak the OpenAI API on 127.0.0.1.
    """
    if ctx.invoked_subcommand is None:
        return open_program()
    return 0


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; raises the errors of ``termai.errors``."""
    stdout = sys.stdout
    try:
        code: Any = cli.main(arguments, prog_name="termai", standalone_mode=False)
    except SystemExit as error:
        if sys.stdout is not stdout:  # click has put a wrapper there: its pipe is closed
            raise BrokenPipeError from error
        raise
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort as error:
        told = error.__cause__
        raise told if isinstance(told, InterruptedWaitError) else InterruptedWaitError() from error
    except click.ClickException as error:
        raise _as_ours(error) from error
    return code if isinstance(code, int) else 0


def _as_ours(error: click.ClickException) -> TermaiError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    fix = f"`{context.command_path} --help` explains it." if context else ""
    return UsageError(error.format_message(), fix=fix)
