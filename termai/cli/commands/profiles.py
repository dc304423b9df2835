"""profiles: what a server can be started with, listed, written, kept and exchanged."""

import sys
from typing import Any

import click

from termai.cli import names, options, profile_text
from termai.cli.ending import as_object
from termai.cli.profile_check import check
from termai.cli.profile_edit import copy, edit, new, remove, rename, set_, unset
from termai.cli.profile_exchange import export, import_
from termai.cli.profile_history import diff, history, restore
from termai.cli.style import list_width, out, out_json, table, warn
from termai.profiles.profile import Profile


class InOrder(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)


@click.group(cls=InOrder)
def profiles() -> None:
    """Launch profiles: list, write, compare, import and export them."""


@profiles.command("list", short_help="List the profiles.")
@options.as_json
def list_(*, as_json: bool) -> int:
    """List the profiles, the shipped ones and your own; those that do not parse are reported."""
    from termai.profiles.store import list_profiles

    found = list_profiles()
    if as_json:
        out_json([profile_text.summary(profile) for profile in found.profiles])
    else:
        heads = ("NAME", "WHOSE", "ENGINE", "MODEL", "DESCRIPTION")
        rows = [_row(profile) for profile in found.profiles]
        for line in table(heads, rows, list_width(sys.stdout), flexible=(0, 3, 4)):
            out(line)
    for problem in found.problems:
        warn(_json(as_object(problem)) if as_json else str(problem))
    return 0


@profiles.command(short_help="Show a profile as TOML.")
@click.argument("name", shell_complete=names.profiles)
@options.as_json
def show(name: str, *, as_json: bool) -> int:
    """Show the profile NAME: what it sets, as TOML."""
    from termai.profiles.store import load_profile

    profile = load_profile(name)
    if as_json:
        out_json(profile_text.whole(profile))
        return 0
    where = "comes with termai" if profile.shipped else profile.path
    out(f"# {name}: {where}")
    out(profile_text.as_toml(profile))
    return 0


@profiles.command(short_help="Print the command that a start would run.")
@click.argument("profile", shell_complete=names.profiles)
@options.sets
@options.as_json
def command(profile: str, changes: tuple[tuple[str, Any], ...], *, as_json: bool) -> int:
    """Print the command that starting PROFILE (or a GGUF file) would run, quoted for a shell.

    A variable that is a secret is that of the shell it is pasted into. The port is the one that
    the profile names; where a start would take another, standard error says so.
    """
    from termai.cli import targets
    from termai.profiles.kept import masked_texts, masked_words
    from termai.servers.preview import command_line, command_text, other_port

    chosen = targets.profile_of(profile, changes)
    argv = command_line(chosen)
    if told := other_port(chosen):
        warn(told)
    if as_json:
        env = masked_texts(chosen.env)
        out_json({"profile": chosen.name, "argv": list(masked_words(argv)), "env": env})
        return 0
    out(command_text(argv, env=chosen.env))
    return 0


for _command in (new, set_, unset, edit, copy, rename, remove, diff, history, restore):
    profiles.add_command(_command)
for _command in (import_, export, check):
    profiles.add_command(_command)


def _row(profile: Profile) -> tuple[str, ...]:
    from termai.profiles.kept import masked_value

    return (
        profile.name,
        "termai" if profile.shipped else "yours",
        profile.engine,
        masked_value(profile.served) or "-",
        masked_value(profile.description),
    )


def _json(value: object) -> str:
    import json

    return json.dumps({"error": value})
