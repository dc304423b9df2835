"""profiles import and export."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from termai.cli import names, options, profile_text
from termai.cli.style import out, out_json, warn
from termai.errors import UsageError
from termai.text import one_line, printable

if TYPE_CHECKING:
    from termai.profiles.foreign.base import Exported, Imported, Left, Source
    from termai.profiles.profile import Profile

_PIPE = "-"


def _formats(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    from termai.engines.exchange import EXPORTS, IMPORTS

    known = dict.fromkeys(one.name for one in (*IMPORTS, *EXPORTS))
    return [name for name in known if name.startswith(begun)]


@click.command("import", short_help="Make profiles of another program's file.")
@click.argument("file", required=True)
@click.option("--as", "as_name", default="", metavar="NAME", help="What the profile is called.")
@click.option(
    "--format",
    "format_name",
    default="",
    shell_complete=_formats,
    help="What the file is, where it cannot be told; `profiles import --help` lists them.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be made and write nothing.")
@options.as_json
def import_(file: str, as_name: str, format_name: str, *, dry_run: bool, as_json: bool) -> int:
    """Make a profile of FILE, or of what is piped in where FILE is "-".

    \b
    koboldcpp     .kcpps and .kcppt of KoboldCPP
    llama-server  a command line, as in a README or the shell's history
    llama-router  presets of llama-server's router (INI)
    llama-swap    config.yaml of llama-swap
    lm-studio     .preset.json of LM Studio
    ollama        a Modelfile of Ollama
    termai        a profile of termai

    What has no counterpart is listed. Nothing of the file is run.
    """
    from termai.engines import exchange

    found = exchange.read(_source(file), format=format_name, as_name=as_name)
    made: list[dict[str, Any]] = []
    for imported in found:
        profile = imported.profile if dry_run else exchange.save(imported)
        made.append({**profile_text.whole(profile), **_about(imported)})
        if not as_json:
            verb = "Would make" if dry_run else "Made"
            out(printable(f"{verb} the profile {profile.name}."))
            _tell((*imported.notes, *_environment(profile)), imported.left)
            if dry_run:
                out(profile_text.as_toml(profile))
    if as_json:
        out_json(made)
    return 0


@click.command(short_help="Write a profile as another program's file.")
@click.argument("name", shell_complete=names.profiles)
@click.option("--to", "format_name", required=True, metavar="FORMAT", shell_complete=_formats)
@click.option("-o", "--output", default="", metavar="FILE", help="Where to; else it is printed.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@click.option("--with-secrets", is_flag=True, help="Write keys, tokens and passwords, too.")
@options.as_json
def export(
    name: str,
    format_name: str,
    output: str,
    *,
    overwrite: bool,
    with_secrets: bool,
    as_json: bool,
) -> int:
    """Write the profile NAME as FORMAT.

    \b
    koboldcpp     .kcpps of KoboldCPP
    llama-server  a command line
    llama-router  a preset of llama-server's router (INI)
    llama-swap    an entry for llama-swap's config.yaml
    lm-studio     .preset.json of LM Studio
    ollama        a Modelfile of Ollama
    shell         a script that starts the server
    systemd       a user unit that starts it at login
    termai        a profile of termai

    What has no counterpart is listed. Keys are left out unless they are asked for.
    """
    from termai.cli import targets
    from termai.engines import exchange

    profile = targets.profile_of(name)
    exported = exchange.write(profile, format_name, with_secrets=with_secrets)
    path = None
    if output and output != _PIPE:
        path = Path(output).expanduser()
        if os.path.lexists(path) and not overwrite:
            raise UsageError(f"{path} is there already.", fix="--overwrite replaces it.")
        exchange.save_export(exported, path, overwrite=overwrite)
    if as_json:
        out_json(_exported(exported, format_name, path))
        return 0
    if path is None:
        sys.stdout.write(exported.text)
    else:
        out(printable(f"Wrote {path}."))
    _tell(exported.notes, exported.left)
    return 0


def _source(file: str) -> "Path | Source":
    from termai.profiles.foreign.base import TEXT_LIMIT, Source

    if file != _PIPE:
        return Path(file).expanduser()
    if sys.stdin.isatty():
        warn("Paste it, then press Ctrl-D on a line of its own.")
    data = sys.stdin.buffer.read(4 * TEXT_LIMIT + 1)
    try:
        return Source(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError("What was piped in is not UTF-8 text.") from error


def _environment(profile: "Profile") -> Iterable[str]:
    """Yield what is told of each variable that a profile sets for its server, secrets hidden."""
    from termai.profiles.kept import masked_texts

    for name, text in masked_texts(profile.env).items():
        yield f"The server's environment gets {one_line(f'{name}={text}', 120)}."


def _tell(notes: Iterable[str], left: Iterable["Left"]) -> None:
    """Tell on standard error what a person should know of a conversion, and what it lacks."""
    for note in notes:
        warn(f"  {one_line(note, 400)}")
    for heading, some in _grouped(left):
        warn(heading)
        for one in some:
            value = f" = {one_line(one.value, 60)}" if one.value else ""
            warn(f"  {one_line(one.key, 60)}{value}: {one_line(one.why, 200)}.")


def _grouped(left: Iterable["Left"]) -> Iterable[tuple[str, list["Left"]]]:
    everything = list(left)
    lost = [one for one in everything if not one.kept]
    kept = [one for one in everything if one.kept]
    if lost:
        yield "Without a counterpart, left out:", lost
    if kept:
        yield "Without a counterpart, kept for an export back:", kept


def _about(imported: "Imported") -> dict[str, Any]:
    return {"notes": list(imported.notes), "left": [_left(one) for one in imported.left]}


def _left(one: "Left") -> dict[str, Any]:
    return {"key": one.key, "value": one.value, "why": one.why, "kept": one.kept}


def _exported(exported: "Exported", format_name: str, path: Path | None) -> dict[str, Any]:
    return {
        "format": format_name,
        "path": str(path) if path else None,
        "text": None if path else exported.text,
        "notes": list(exported.notes),
        "left": [_left(one) for one in exported.left],
    }
