"""profiles diff, history and restore."""

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from termai.cli import names, options, profile_text
from termai.cli.profile_text import tell
from termai.cli.style import out, out_json, table, warn, width
from termai.errors import InvalidFileError, NotFoundError, UsageError
from termai.text import one_line

if TYPE_CHECKING:
    from termai.profiles.history import Version
    from termai.profiles.profile import Profile


@click.command(short_help="Show how two profiles differ.")
@click.argument("name", metavar="A", shell_complete=names.profiles)
@click.argument("other", metavar="[B]", default="", shell_complete=names.profiles)
@options.as_json
def diff(name: str, other: str, *, as_json: bool) -> int:
    """Show what has to change in profile A to get B.

    Each is a profile, or NAME@REVISION of its history. Without B: what you changed in a profile
    that comes with termai, or since the last version that is kept.
    """
    from termai.profiles.diff import differences

    before, after = (_meant(name), _meant(other)) if other else _usual(name)
    found = differences(before[1], after[1])
    if as_json:
        objects = profile_text.as_objects(found)
        out_json({"from": before[0], "to": after[0], "differences": objects})
        return 0
    out(f"{one_line(before[0], 80)} → {one_line(after[0], 80)}")
    for line in profile_text.differences(found) or ["They say the same."]:
        out(line)
    return 0


@click.command(short_help="List the saved versions of a profile.")
@click.argument("name", default="", shell_complete=names.profiles)
@options.as_json
def history(name: str, *, as_json: bool) -> int:
    """List the versions of the profile NAME, newest first; without NAME, the removed profiles."""
    from termai.profiles import history as kept

    if name:
        _brought_up(name)
    found = kept.versions(name) if name else kept.removed()
    if as_json:
        out_json([_object(version) for version in found])
        return 0
    if not found:
        none = f"No version of {name} is kept." if name else "No removed profile is kept."
        out(f"{none} Every save keeps one.")
        return 0
    now = kept.current(name) if name else None
    heads = ("NAME", "REVISION", "SAVED", "REASON", "RAN WELL")
    rows = [_row(version, now) for version in found]
    for line in table(heads, rows, width(sys.stdout), flexible=(0,)):
        out(line)
    return 0


@click.command(short_help="Bring back a version of a profile.")
@click.argument("name", shell_complete=names.profiles)
@click.argument("revision", default="")
@options.as_json
def restore(name: str, revision: str, *, as_json: bool) -> int:
    """Bring back REVISION of the profile NAME; without it the one before, or the removed one.

    What is there now stays in the history.
    """
    from termai.profiles import history as kept

    _brought_up(name)
    version = _version(name, revision) if revision else _before(name)
    made = None
    try:
        made = kept.restore(version)
    except InvalidFileError as error:
        if version.reason != "removed":
            raise
        warn(f"It is back as it was, and cannot be read: {error}")
    tell(f"{name} is as it was saved {_when(version.saved_at)}.", as_json=as_json)
    if as_json:
        out_json(profile_text.whole(made) if made else {"name": name, "problem": "unreadable"})
    return 0


def _usual(name: str) -> tuple[tuple[str, "Profile"], tuple[str, "Profile"]]:
    """Return what a profile is compared with where nothing is named, and the profile."""
    from termai.profiles import history as kept
    from termai.profiles.store import load_profile, shipped_profile

    now = load_profile(name)
    shipped = shipped_profile(name)
    if shipped is not None:
        return (f"{name} of termai", shipped), (name, now)
    _brought_up(name)
    version = kept.before(name)
    if version is None:
        raise UsageError(
            f"There is no earlier version of {name}.",
            fix=f"Name a second profile: termai profiles diff {name} OTHER.",
        )
    return (f"{name}@{version.revision}", kept.profile(version)), (name, now)


def _meant(text: str) -> tuple[str, "Profile"]:
    """Return the profile that NAME or NAME@REVISION means; a name with an @ comes first."""
    from termai.profiles import history as kept
    from termai.profiles.store import load_profile

    name, at, revision = text.rpartition("@")
    if not at or not name or not revision:
        return text, load_profile(text)
    try:
        return text, load_profile(text)
    except (NotFoundError, UsageError):
        return text, kept.profile(_version(name, revision))


def _version(name: str, revision: str) -> "Version":
    """Return the version whose revision begins so; NotFoundError and UsageError."""
    from termai.profiles import history as kept

    found = kept.versions(name)
    fitting = {v.revision: v for v in reversed(found) if v.revision.startswith(revision)}
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    fix = f"`termai profiles history {name}` lists them."
    if fitting:
        raise UsageError(f"Several versions of {name} begin with {revision}.", fix=fix)
    raise NotFoundError(
        f"There is no version {one_line(revision, 40)} of {one_line(name, 60)}.", fix=fix
    )


def _before(name: str) -> "Version":
    """Return the version to go back to; NotFoundError where there is none."""
    from termai.profiles import history as kept

    version = kept.before(name)
    if version is None:
        raise NotFoundError(
            f"There is no earlier version of {one_line(name, 60)}.",
            fix=f"`termai profiles history {one_line(name, 60)}` lists what there is, and "
            "`termai profiles history` the removed profiles.",
        )
    return version


def _brought_up(name: str) -> None:
    """Take into the history what was edited by hand, and which version ran well."""
    from termai.profiles import history as kept
    from termai.servers import ran_well

    kept.note_external(name)
    ran_well.collect(name)


def _row(version: "Version", now: "Version | None") -> tuple[str, ...]:
    ran = _when(version.ran_well_at) if version.ran_well_at else ""
    reason = f"{version.reason}, now" if version == now else str(version.reason)
    return version.name, version.revision, _when(version.saved_at), reason, ran


def _object(version: "Version") -> dict[str, Any]:
    return {
        "name": version.name,
        "revision": version.revision,
        "saved_at": version.saved_at,
        "reason": str(version.reason),
        "ran_well_at": version.ran_well_at,
    }


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
