"""What a check of a profile's flags finds, and how the profile is brought up to date by it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from termai.engines.base import Detection
from termai.errors import UsageError
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE
from termai.text import one_line

ARGS = f"args.{NATIVE}"


@dataclass(frozen=True, slots=True)
class Change:
    """How one finding is put right: some words of [args] become others, or options.

    given: all of the arguments it was made for; it is applied to no others. start, stop: the
    words it replaces. words: what stands there then. values: options to set, checked.
    variable: the name of a variable of [env] to take out, in place of words; ``given`` is its
    value then.
    """

    given: tuple[str, ...] = field(repr=False)
    start: int = 0
    stop: int = 0
    words: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    variable: str = ""

    def fits(self, profile: Profile) -> bool:
        """Tell whether a profile says what this change was made for."""
        if self.variable:
            return (profile.env.get(self.variable),) == self.given
        return profile.args.get(NATIVE, ()) == self.given


@dataclass(frozen=True, slots=True)
class Drift:
    """One place where a profile and the llama-server that is here do not agree.

    where: ``args.llama-server``, ``env.NAME`` or the option as in TOML (``load.cpu_moe``). flag:
    as the profile spells it, llama-server's own for an option. problem: one printable sentence,
    without secrets. successor: a flag or an option to use instead, empty where there is none.
    fatal: a start would fail. change: None where only the user can tell what was meant. hint: it
    works as it is and could be said better. advice: what a person can do, where taking it out is
    not all that helps.
    """

    where: str
    flag: str
    problem: str
    successor: str = ""
    fatal: bool = False
    change: Change | None = None
    hint: bool = False
    advice: str = ""

    @property
    def updates(self) -> bool:
        """Whether ``updated`` can put it right."""
        return self.change is not None


def updated(profile: Profile, drifts: Iterable[Drift]) -> Profile:
    """Return the profile with all findings put right that have a change.

    They are findings of a check of this very profile: one of other arguments changes nothing.
    What stood last in [args] wins, as it does in llama-server.
    """
    changes = [found.change for found in drifts if found.change and found.change.fits(profile)]
    out = {change.variable for change in changes}
    env = {name: value for name, value in profile.env.items() if name not in out}
    for change in changes:
        if change.variable:
            profile = replace(profile, env=env).with_values(**change.values)
    in_args = sorted((c for c in changes if not c.variable), key=lambda change: change.start)
    return _with_args(profile, in_args) if in_args else profile


def _with_args(profile: Profile, changes: list[Change]) -> Profile:
    given = profile.args.get(NATIVE, ())
    words: list[str] = []
    position = 0
    values: dict[str, Any] = {}
    for change in changes:
        if change.start < position:
            continue
        words += [*given[position : change.start], *change.words]
        position = change.stop
        values |= change.values
    words += given[position:]
    args = {engine: told for engine, told in profile.args.items() if engine != NATIVE or words}
    if words:
        args[NATIVE] = tuple(words)
    return replace(profile, args=args).with_values(**values)


def named(binary: Detection) -> str:
    """Return how a finding calls a program: its name and the short form of its version."""
    return f"{binary.engine} {one_line(binary.version.partition(' (')[0], 30)}"


def as_json(found: Drift) -> dict[str, Any]:
    """Return a finding for ``--json``."""
    return {
        "where": found.where,
        "flag": found.flag,
        "problem": found.problem,
        "successor": found.successor,
        "fatal": found.fatal,
        "hint": found.hint,
        "updates": found.updates,
    }


class DriftError(UsageError):
    """A start is refused because the program would end at once; ``drifts`` says why."""

    def __init__(self, profile: Profile, drifts: tuple[Drift, ...]) -> None:
        first, *others = [found for found in drifts if found.fatal]
        super().__init__(
            f"The profile {profile.name} cannot be started: {first.problem}",
            fix=_fix(profile, first),
            detail=tuple(other.problem for other in others),
        )
        self.drifts = drifts


def _fix(profile: Profile, first: Drift) -> str:
    if first.updates and profile.path is None:
        return (
            f"`termai profiles check {profile.name} --update` puts its profile right; then stop "
            "the server and start it again."
        )
    if first.updates:
        return f"`termai profiles check {profile.name} --update` puts it right."
    if first.advice:
        return first.advice
    if first.where == ARGS:
        return f"Change [args] of the profile: `termai profiles edit {profile.name}`."
    return f"Take {first.where} out of the profile, or use an engine that has it."
