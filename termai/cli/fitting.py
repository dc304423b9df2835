"""Answering ``fit``: what is meant, how it is loaded, whether that fits, and telling it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from termai.cli import fit_report
from termai.cli.fit_target import Target, find
from termai.cli.style import out, out_json, width
from termai.engines.base import Detection
from termai.engines.choose import choose
from termai.errors import NotFoundError
from termai.gguf.facts import facts
from termai.gguf.header import Header
from termai.models.fit import Asked, Machine, best, described, draw, usual_ctx, with_advice
from termai.models.fit.curve import curve_of
from termai.models.fit.verdict import fit_subject
from termai.profiles.option import NATIVE
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, LLAMA_CPP
from termai.servers import guarding, loading

_CURVE_LINES = 16


@dataclass(frozen=True, slots=True)
class Asking:
    """What the command line said; the machine is this one where ``here`` is true."""

    target: Target
    changes: Mapping[str, Any]
    machine: Machine
    here: bool
    curve: bool
    as_json: bool


def fit(
    name: str,
    changes: Mapping[str, Any],
    *,
    vram: tuple[float, ...] | None,
    ram: float | None,
    curve: bool,
    as_json: bool,
) -> int:
    """Print whether ``name`` fits; returns the exit code, which is 0 also when it does not.

    Raises NotFoundError, UsageError, InvalidFileError and what the hub raises.
    """
    target = find(name)
    here = vram is None and ram is None
    machine = guarding.here_with_servers(_engine(target.profile))
    room = machine if here else described(machine, vram, ram)
    asking = Asking(target, changes, room, here, curve, as_json)
    if target.header is None:
        return _compare(asking)
    return _answer(asking, target.header)


def _answer(asking: Asking, header: Header) -> int:
    target, detection = asking.target, _engine(asking.target.profile)
    profile = (target.profile or _unset(header)).with_values(**asking.changes)
    load = _load(asking, profile, detection, header)
    subject = load.subject(header)
    exact = guarding.exact_for(detection, target.path, subject) if target.path else None
    found = fit_subject(
        subject, load.options, load.machine, margin=load.margin, min_ctx=load.min_ctx, exact=exact
    )
    others = tuple(c for c in target.alternatives if c.header is not header)
    asked = Asked(subject, load.options, load.machine, load.margin, others)
    told = with_advice(found, asked)
    drawn = curve_of(subject, load.options, load.machine, margin=load.margin)
    report = fit_report.Report(target.label, told, load.machine, _notes(asking, profile, detection))
    if asking.as_json:
        points = {"curve": fit_report.curve_json(drawn)} if asking.curve else {}
        out_json({**report.as_json(), **points})
        return 0
    columns = width(sys.stdout)
    for line in report.lines(columns):
        out(line)
    picture = draw(drawn, columns, _CURVE_LINES, ascii_only=_ascii()) if asking.curve else ()
    for line in ("", *picture) if picture else ():
        out(line)
    return 0


def _unset(header: Header) -> Profile:
    """Return the profile of a model that has none: the usual context, all else left unset."""
    return Profile("fit").with_values(ctx_size=usual_ctx(facts(header).context_length))


def _notes(asking: Asking, profile: Profile, detection: Detection) -> tuple[str, ...]:
    """Return what a start here would do otherwise than the fit, in sentences."""
    told: list[str] = []
    if asking.target.projector is not None:
        told.append("Its projector is counted.")
    if asking.here and asking.machine.gpus and not detection.uses_gpu:
        told.append(
            f"The {detection.engine} here cannot use a GPU, so that all of it would be in RAM; "
            "`termai engines build` builds one that can."
        )
    if asking.target.profile is not None and loading.decides_itself(profile):
        told.append(
            "The profile has arguments or patterns of its own for where tensors go, which are not "
            "counted."
        )
    return tuple(told)


def _load(asking: Asking, profile: Profile, detection: Detection, header: Header) -> loading.Load:
    """Return what is loaded where: as the profile says, or on the whole machine."""
    if asking.target.profile is not None and asking.here:
        load = loading.load_of(profile, detection, header, asking.machine)
        if load is not None:
            return load
    load = loading.load_on(profile, detection, header, asking.machine)
    return replace(load, projector=load.projector or asking.target.projector)


def _compare(asking: Asking) -> int:
    """Print which quantization of a repository is the best that fits."""
    candidates = asking.target.alternatives
    header = next((c.header for c in candidates if c.header is not None), None)
    if header is None:
        raise NotFoundError(
            f"{asking.target.label} has no GGUF files.", fix="`termai search` finds some that do."
        )
    profile = Profile("fit").with_values(**asking.changes)
    load = loading.load_on(profile, _engine(None), header, asking.machine)
    found = best(
        candidates,
        load.options,
        load.machine,
        margin=load.margin,
        projector=asking.target.projector,
    )
    if asking.as_json:
        out_json(fit_report.comparison_json(asking.target.label, found, load.machine))
        return 0
    for line in fit_report.comparison(asking.target.label, found, width(sys.stdout)):
        out(line)
    return 0


def _engine(profile: Profile | None) -> Detection:
    """Return the engine that would run it; where there is none, a llama-server of today.

    For engines that are not llama.cpp's the memory is judged as if they were.
    """
    try:
        llama_cpp = profile is not None and profile.engine in LLAMA_CPP
        return choose(profile.engine if profile and llama_cpp else AUTO)[1]
    except NotFoundError:
        return Detection(NATIVE, Path(NATIVE), "", options=frozenset({"--fit"}))


def _ascii() -> bool:
    """Return whether the output's encoding has no line drawing."""
    try:
        "●┄".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False
