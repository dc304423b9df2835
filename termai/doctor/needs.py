"""Whether what a profile needs is here: its model and files, its engine, the flags it gives."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from termai.engines import drift, rpc
from termai.engines.base import Detection, Engine
from termai.engines.served import loads_gguf, model_of
from termai.engines.values import found_already
from termai.errors import NotFoundError, TermaiError
from termai.gguf.magic import check_magic
from termai.models.library import Library
from termai.models.resolve import HUB, resolve
from termai.profiles.profile import Profile

_ANY_MODEL = Path("model.gguf")  # stands in a command line that is composed and never started

Choose = Callable[[str], tuple[Engine, Detection]]
Silent = Callable[[tuple[str, ...]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Unmet:
    """The first thing that a profile needs and that is not here or not right.

    Fields as in ``Finding``; ``cause`` and ``command`` may be empty.
    """

    sentence: str
    fix: str
    cause: str = ""
    command: str = ""


def unmet(
    profile: Profile,
    library: Callable[[], Library],
    choose: Choose,
    silent: Silent = rpc.silent,
) -> Unmet | None:
    """Return what would end a start of this profile, None when all is here; starts nothing.

    ``silent`` tells at which of several addresses of RPC servers nothing answers. The memory it
    takes and whether its port is free are not looked at: both change. A profile that names no
    model is taken for one that gets it at each start.
    """
    try:
        model = _model(profile, library)
    except TermaiError as error:
        return _of_model(profile, error)
    try:
        engine, detection = choose(profile.engine)
    except TermaiError as error:
        return Unmet(error.message, error.fix, " ".join(error.detail))
    fatal = [one for one in drift.check(profile, detection) if one.fatal]
    if fatal:
        return _of_flags(profile, tuple(fatal))
    return _composed(profile, engine, detection, model, library) or _alone(profile, silent)


def _alone(profile: Profile, silent: Silent) -> Unmet | None:
    """Return which other machines a profile borrows from and that do not answer."""
    gone = silent(tuple(map(str, profile.value("rpc"))))
    if not gone:
        return None
    return Unmet(
        f"No RPC server answers at {' and '.join(gone)}.",
        "Start it there with `termai engines rpc`, or take it out of rpc under [load].",
        "The machine is off, its server does not run, or a firewall is between.",
    )


def _model(profile: Profile, library: Callable[[], Library]) -> Path:
    reference = str(profile.values.get("path", ""))
    if not reference:
        return _ANY_MODEL
    if not loads_gguf(profile):
        return model_of(profile)
    path = resolve(reference, library=library)
    check_magic(path)
    return path


def _composed(
    profile: Profile,
    engine: Engine,
    detection: Detection,
    model: Path,
    library: Callable[[], Library],
) -> Unmet | None:
    """Compose the command line, which looks at every other file, key and address."""
    try:
        others = {name: resolve(name, library=library) for name in _others(profile)}
        with found_already(others):
            engine.compose(profile, detection, model=model, port=int(profile.value("port")))
    except TermaiError as error:
        return Unmet(error.message, error.fix)
    return None


def _others(profile: Profile) -> list[str]:
    """Return what a profile says of further models: projector, draft model, adapters."""
    named = [profile.values.get(key) for key in ("mmproj", "model_draft")]
    adapters = profile.values.get("lora", ()) or ()
    return [str(one) for one in (*named, *(item[0] for item in adapters)) if one]


def _of_model(profile: Profile, error: TermaiError) -> Unmet:
    reference = str(profile.values.get("path", ""))
    if isinstance(error, NotFoundError) and reference.startswith(HUB):
        command = f"termai pull {shlex.quote(reference.removeprefix(HUB))}"
        return Unmet(error.message, f"Download it: `{command}`.", command=command)
    return Unmet(error.message, error.fix)


def _of_flags(profile: Profile, fatal: tuple[drift.Drift, ...]) -> Unmet:
    told = drift.DriftError(profile, fatal)
    command = ""
    if fatal[0].updates:
        command = f"termai profiles check {shlex.quote(profile.name)} --update"
    fix = f"Replace it: `{command}`." if command else told.fix
    return Unmet(told.message, fix, " ".join(told.detail), command)
