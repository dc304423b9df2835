"""profiles: what a server can be started with."""

import sys
from typing import Any

import click

from termai.cli import names, options
from termai.cli.ending import as_object
from termai.cli.style import out, out_json, table, warn, width
from termai.profiles.profile import Profile


@click.group()
def profiles() -> None:
    """List and show launch profiles."""


@profiles.command("list")
@options.as_json
def list_(*, as_json: bool) -> int:
    """List the profiles, the shipped ones and your own; those that do not parse are reported."""
    from termai.profiles.store import list_profiles

    found = list_profiles()
    if as_json:
        out_json([_summary(profile) for profile in found.profiles])
    else:
        heads = ("NAME", "WHOSE", "ENGINE", "MODEL", "DESCRIPTION")
        rows = [_row(profile) for profile in found.profiles]
        for line in table(heads, rows, width(sys.stdout), flexible=(0, 3, 4)):
            out(line)
    for problem in found.problems:
        warn(_json(as_object(problem)) if as_json else str(problem))
    return 0


@profiles.command()
@click.argument("name", shell_complete=names.profiles)
@options.as_json
def show(name: str, *, as_json: bool) -> int:
    """Show the profile NAME: what it sets, as TOML."""
    from termai.profiles.reading import keys_of
    from termai.profiles.store import load_profile
    from termai.text import printable
    from termai.tomlfile import new_text

    profile = load_profile(name)
    if as_json:
        out_json(_whole(profile))
        return 0
    where = "comes with termai" if profile.shipped else profile.path
    out(f"# {name}: {where}")
    out(printable(new_text(keys_of(profile))).rstrip("\n"))
    return 0


def _row(profile: Profile) -> tuple[str, ...]:
    return (
        profile.name,
        "termai" if profile.shipped else "yours",
        profile.engine,
        str(profile.values.get("path", "-")),
        profile.description,
    )


def _summary(profile: Profile) -> dict[str, Any]:
    return {
        "name": profile.name,
        "description": profile.description,
        "engine": profile.engine,
        "model": profile.values.get("path"),
        "shipped": profile.shipped,
        "path": str(profile.path) if profile.path else None,
    }


def _whole(profile: Profile) -> dict[str, Any]:
    """Return everything the profile says; adapters are objects, as in its file."""
    return {
        **_summary(profile),
        "values": {key: _plain(value) for key, value in profile.values.items()},
        "args": {engine: list(given) for engine, given in profile.args.items()},
        "env": dict(profile.env),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        named = getattr(value, "_asdict", None)
        return named() if named else [_plain(one) for one in value]
    return value


def _json(value: object) -> str:
    import json

    return json.dumps({"error": value})
