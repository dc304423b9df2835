"""profiles check."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from termai.cli import names, options, profile_text
from termai.cli.style import out, out_json
from termai.errors import InvalidFileError, TermaiError, UsageError
from termai.profiles.profile import Profile
from termai.text import one_line

if TYPE_CHECKING:
    from termai.engines.drift import Drift
    from termai.profiles.clashes import Clash

_BROKEN = InvalidFileError.exit_code


@click.command(short_help="Check profiles against the engine and this machine.")
@click.argument("name", default="", shell_complete=names.profiles)
@click.option("--all", "everything", is_flag=True, help="Check every profile.")
@click.option("--update", is_flag=True, help="Replace the flags that llama.cpp renamed.")
@options.as_json
def check(name: str, *, everything: bool, update: bool, as_json: bool) -> int:
    """Check the profile NAME: flags that the installed engine does not know, what clashes.

    The exit code is 0 when nothing is known that would keep a profile from starting, 4 otherwise.
    Templates that leave the model to each start count as good.
    """
    from termai.profiles.store import list_profiles, load_profile

    if bool(name) == everything:
        raise UsageError("Say which profile to check, or --all.")
    listing = list_profiles() if everything else None
    profiles = listing.profiles if listing else (load_profile(name),)
    problems = listing.problems if listing else ()
    reports = [_report(profile, update=update) for profile in profiles]
    if as_json:
        broken = [{"starts": False, "problem": str(problem)} for problem in problems]
        out_json([*(report.as_json() for report in reports), *broken])
    else:
        for report in reports:
            report.tell()
        for problem in problems:
            out(f"problem: {one_line(str(problem), 400)}")
    return _BROKEN if problems or any(report.bad for report in reports) else 0


@dataclass(frozen=True, slots=True)
class _Report:
    """What is to say about one profile.

    problem: why something could not be told. refused: why a start would be refused.
    updated: how many flags were replaced just now.
    """

    profile: Profile
    drifts: "tuple[Drift, ...]" = ()
    clashes: "tuple[Clash, ...]" = ()
    problem: str = ""
    refused: str = ""
    updated: int = 0

    @property
    def bad(self) -> bool:
        """Whether the profile would not start as it is."""
        fatal = any(drift.fatal for drift in self.drifts)
        return (
            bool(self.refused)
            or fatal
            or any(clash.severity == "problem" for clash in self.clashes)
        )

    def as_json(self) -> dict[str, Any]:
        """Return the report for JSON."""
        from termai.engines import drift

        return {
            "name": self.profile.name,
            "starts": not self.bad,
            "updated": self.updated,
            "drifts": [drift.as_json(one) for one in self.drifts],
            "clashes": profile_text.clash_objects(self.clashes),
            "problem": self.refused or self.problem or None,
        }

    def tell(self) -> None:
        """Print the report."""
        name = one_line(self.profile.name, 60)
        if self.updated:
            out(f"{name}: updated {self.updated} flag{'s' * (self.updated > 1)}.")
        lines = [
            *(_drift_line(one) for one in self.drifts if one.problem not in self.refused),
            *(_clash_line(c) for c in self.clashes),
        ]
        if self.refused:
            lines.append(f"problem: {one_line(self.refused, 300)}")
        elif self.problem:
            lines.append(f"note: {one_line(self.problem, 300)}")
        if not lines:
            out(f"{name}: ok")
            return
        out(f"{name}:")
        for line in lines:
            out(f"  {line}")
        if any(one.updates for one in self.drifts):
            out(f"  `termai profiles check {name} --update` replaces what was renamed.")


def _report(profile: Profile, *, update: bool) -> _Report:
    from termai.engines import drift
    from termai.engines.choose import choose
    from termai.profiles.store import load_profile, save_profile
    from termai.servers.preview import Previewer

    try:
        _, detection = choose(profile.engine)
    except TermaiError as error:
        return _Report(profile, refused=str(error))
    found = drift.check(profile, detection)
    wanted = [one for one in found if one.updates] if update else []
    if wanted:
        save_profile(drift.updated(profile, wanted))
        profile = load_profile(profile.name)
        found = drift.check(profile, detection)
    seen = Previewer(detection).preview(profile)
    return _Report(profile, found, seen.clashes, seen.problem, _refused(profile), len(wanted))


def _refused(profile: Profile) -> str:
    """Return why a start would end before anything runs, empty where none is known.

    A template that names no model is no such thing: the model comes with the start.
    """
    from termai.servers.preview import command_line

    if profile.shipped and not profile.is_set("path"):
        return ""
    try:
        command_line(profile)
    except TermaiError as error:
        return str(error)
    return ""


def _drift_line(one: "Drift") -> str:
    kind = "problem" if one.fatal else "note"
    use = f" Use {one.successor}." if one.successor and one.successor not in one.problem else ""
    return f"{kind}: {one_line(f'{one.where}: {one.problem}{use}', 400)}"


def _clash_line(clash: "Clash") -> str:
    return f"{clash.severity}: {one_line(f'{clash.text} {clash.fix_text}', 400)}"
