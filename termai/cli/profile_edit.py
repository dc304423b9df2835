"""profiles new, set, unset, edit, copy, rename and remove."""

import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from termai.cli import names, options, profile_text
from termai.cli.profile_text import tell
from termai.cli.style import out, out_json, warn
from termai.errors import InvalidFileError, StartFailedError, TermaiError, UsageError
from termai.profiles.profile import Profile
from termai.text import one_line

if TYPE_CHECKING:
    from termai.profiles.editing import Draft


@click.command(short_help="Make a profile.")
@click.argument("name", default="")
@click.option(
    "--from",
    "source",
    default="",
    metavar="MODEL|TEMPLATE|SERVER",
    help="A model (values that fit this machine), a profile that comes with termai, or a server.",
)
@options.sets_of_profile
@options.as_json
def new(name: str, source: str, changes: tuple[str, ...], *, as_json: bool) -> int:
    """Make the profile NAME, empty or from something that is there; without NAME, one is found."""
    from termai.profiles.assignments import assigned
    from termai.profiles.store import load_profile, save_profile
    from termai.servers.starters import empty, start_from

    if not name and not source:
        raise UsageError(
            "A profile needs a name, or something to be made from.",
            fix="For example: termai profiles new --from MODEL; `termai models` lists models.",
        )
    started = start_from(source, name) if source else None
    profile = started.profile if started else empty(name)
    save_profile(assigned(profile, changes), warn=_warned)
    made = load_profile(profile.name)
    origin = f" {one_line(started.text, 120)}" if started else ""
    tell(f"Made the profile {made.name}{origin}.", as_json=as_json)
    _finish(made, as_json=as_json)
    if not as_json:
        out(f"Start it with: termai start {made.name}")
    return 0


@click.command("set", short_help="Change a profile.")
@click.argument("name", shell_complete=names.profiles)
@click.argument("assignment", nargs=-1, required=True, metavar="KEY=VALUE...")
@options.as_json
def set_(name: str, assignment: tuple[str, ...], *, as_json: bool) -> int:
    """Set options of the profile NAME, its description, engine, args.ENGINE or env.NAME.

    An empty value unsets. A profile that comes with termai stays: yours is a copy that is used in
    its place.
    """
    from termai.profiles.assignments import assigned

    return _change(name, lambda profile: assigned(profile, assignment), as_json=as_json)


@click.command(short_help="Leave options to their defaults again.")
@click.argument("name", shell_complete=names.profiles)
@click.argument("key", nargs=-1, required=True, metavar="KEY...")
@options.as_json
def unset(name: str, key: tuple[str, ...], *, as_json: bool) -> int:
    """Take options out of the profile NAME, so that their defaults hold again."""
    from termai.profiles.assignments import unassigned

    return _change(name, lambda profile: unassigned(profile, key), as_json=as_json)


@click.command(short_help="Edit a profile's file in your editor.")
@click.argument("name", shell_complete=names.profiles)
@options.as_json
def edit(name: str, *, as_json: bool) -> int:
    """Open the profile NAME in $VISUAL or $EDITOR; it is saved only when it can be read.

    A file that cannot be read is opened as it is, to be mended.
    """
    from termai.profiles import editing

    before = _readable(name)
    drafted = editing.open_draft(before or name)
    while True:
        _run_editor(drafted)
        try:
            after = editing.finish(drafted, warn=_warned)
            break
        except (InvalidFileError, UsageError) as error:
            _ask_again(error, drafted)
    if after is None:
        tell(f"{name} was left as it was.", as_json=as_json)
    now = after or before
    if now is not None:
        _tell_changes(before or Profile(name=name), now, as_json=as_json)
    return 0


@click.command(short_help="Copy a profile.")
@click.argument("name", shell_complete=names.profiles)
@click.argument("new_name", metavar="NEW")
@options.as_json
def copy(name: str, new_name: str, *, as_json: bool) -> int:
    """Copy the profile NAME to NEW, comments and all."""
    from termai.profiles.store import duplicate_profile

    made = duplicate_profile(name, new_name)
    tell(f"Copied {name} to {made.name}.", as_json=as_json)
    return _json(made, as_json=as_json)


@click.command(short_help="Rename a profile.")
@click.argument("name", shell_complete=names.profiles)
@click.argument("new_name", metavar="NEW")
@options.as_json
def rename(name: str, new_name: str, *, as_json: bool) -> int:
    """Call the profile NAME NEW from now on; its history goes with it."""
    from termai.profiles.store import rename_profile

    made = rename_profile(name, new_name)
    tell(f"{name} is called {made.name} now.", as_json=as_json)
    return _json(made, as_json=as_json)


@click.command(short_help="Remove profiles of your own.")
@click.argument("name", nargs=-1, required=True, shell_complete=names.profiles)
@options.as_json
def remove(name: tuple[str, ...], *, as_json: bool) -> int:
    """Remove profiles of your own; `profiles restore NAME` brings each back."""
    from termai.profiles.store import delete_profile

    versions, failed = [], None
    for each in dict.fromkeys(name):
        try:
            versions.append(delete_profile(each))
        except TermaiError as error:
            failed = error
            break
        told = f"Removed {each}. `termai profiles restore {each}` brings it back."
        tell(told, as_json=as_json)
    if as_json:
        out_json([{"name": v.name, "revision": v.revision} for v in versions])
    if failed:
        raise failed
    return 0


def _readable(name: str) -> Profile | None:
    """Return the profile as it is, None where its file cannot be read."""
    from termai.profiles.store import load_profile

    try:
        return load_profile(name)
    except InvalidFileError as error:
        warn(str(error))
        return None


def _warned(error: TermaiError) -> None:
    """Tell that something was saved, but that its history could not be."""
    warn(str(error))


def _change(name: str, change: Callable[[Profile], Profile], *, as_json: bool) -> int:
    from termai.profiles.store import load_profile, save_profile

    before = load_profile(name)
    after = change(before)
    if after != before:
        save_profile(after, warn=_warned)
        after = load_profile(name)
    _tell_changes(before, after, as_json=as_json)
    return 0


def _tell_changes(before: Profile, after: Profile, *, as_json: bool) -> None:
    """Tell what a saved profile says differently now, and what in it does not go together."""
    from termai.profiles.diff import differences

    found = differences(before, after)
    if before.shipped and not after.shipped:
        warn(f"{after.name} comes with termai; this made a copy of your own, used in its place.")
    for line in [] if as_json else profile_text.differences(found):
        out(line)
    _finish(after, as_json=as_json, changes=profile_text.as_objects(found))


def _finish(profile: Profile, *, as_json: bool, **more: Any) -> None:
    """End a command that wrote a profile: its clashes as warnings, or all of it as JSON."""
    from termai.servers.preview import Previewer

    clashes = Previewer().preview(profile).clashes
    if as_json:
        told = {**profile_text.whole(profile), **more}
        out_json({**told, "clashes": profile_text.clash_objects(clashes)})
    else:
        profile_text.clashes(clashes)


def _json(profile: Profile, *, as_json: bool) -> int:
    if as_json:
        out_json(profile_text.whole(profile))
    return 0


def _run_editor(drafted: "Draft") -> None:
    from termai.profiles.editing import editor

    argv = (*editor(), str(drafted.path))
    try:
        code = subprocess.run(argv, check=False).returncode
    except OSError as error:
        raise StartFailedError(f"{argv[0]} cannot be started: {error.strerror}.") from error
    if code:
        raise StartFailedError(
            f"{argv[0]} ended with code {code}; nothing was saved.", fix=_left_in(drafted)
        )


def _left_in(drafted: "Draft") -> str:
    """Return where what was written is; nothing is left of a draft that was not changed."""
    from termai.profiles import editing

    try:
        changed = drafted.path.read_text(encoding="utf-8", errors="replace") != drafted.before
    except OSError:
        changed = False
    if changed:
        return f"What you wrote is in {drafted.path}."
    editing.discard(drafted)
    return ""


def _ask_again(error: InvalidFileError | UsageError, drafted: "Draft") -> None:
    """Go on editing if a person at a terminal wants to; raises the error otherwise."""
    told = type(error)(error.message, fix=f"{error.fix} {_left_in(drafted)}".strip())
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise told from error
    warn(str(error))
    if not click.confirm("Edit it again?", default=True, err=True):
        raise told from error
