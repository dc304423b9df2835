"""Building llama.cpp from the command line: started or watched, shown while it goes on."""

import sys
import time
from typing import Any

from termai.cli.drawn import DrawnLine
from termai.cli.ending import InterruptedWaitError
from termai.cli.progress import EVERY_S, duration
from termai.cli.style import out, out_json, warn, width, write_error
from termai.doctor import building
from termai.doctor.building import Wanted
from termai.engines import builds, using
from termai.engines.builds import Build, Phase
from termai.engines.choose import consider
from termai.errors import NotFoundError, TermaiError
from termai.profiles.schema import NATIVE
from termai.text import one_line

_LOOK_S = 0.3  # seconds between two looks


def build(wanted: Wanted, *, wait: bool, as_json: bool) -> int:
    """Start a build, or join the one that runs, and show it until it is over."""
    found, joined = building.start(wanted)
    if joined:
        warn(f"A build for gpu={found.gpu} runs already; this one is shown.")
    elif not as_json:
        reason = found.job.spec.meta.get("reason", "")
        warn(f"Building llama.cpp for gpu={found.gpu} ({one_line(str(reason), 120)}).")
    if wait:
        found = _watched(found, quiet=as_json)
    if as_json:
        out_json(as_object(found))
    if found.phase in (Phase.FAILED, Phase.STOPPED):
        raise _failure(found)
    if not as_json:
        _tell(found)
    return 0


def stop(*, as_json: bool) -> int:
    """Stop the build that runs; returns the exit code."""
    found = builds.running()
    if found is None:
        raise NotFoundError("No build runs.", fix="`termai engines build` starts one.")
    ended = builds.stop(found)
    if as_json:
        out_json(as_object(ended))
    else:
        out("The build is stopped; the llama-server that was used still is.")
    return 0


def as_object(build: Build) -> dict[str, Any]:
    """Return a build as JSON values."""
    return {
        "id": build.job.id,
        "phase": str(build.phase),
        "gpu": build.gpu,
        "percent": build.percent,
        "doing": build.doing or None,
        "left_s": None if build.left_s is None else round(build.left_s),
        "seconds": round(build.seconds, 1),
        "log": str(build.job.log_path),
        "problem": build.problem or None,
        "fix": build.fix or None,
        "result": dict(build.result) if build.result else None,
    }


def sentence(build: Build, columns: int = 0) -> str:
    """Return how far a build is on one line, which fits into ``columns`` if above 0."""
    percent = f" {build.percent} %" if build.percent is not None else ""
    left = f", about {duration(build.left_s)} left" if build.left_s is not None else ""
    doing = f", {build.doing}" if build.doing else ""
    return one_line(f"{build.phase}{percent}, {duration(build.seconds)}{left}{doing}", columns)


class _Live(DrawnLine):
    """Shows a build: one line drawn over itself on a terminal, else a line now and then."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__()
        self._quiet = quiet
        self._phase: Phase | None = None
        self._at = 0.0

    def show(self, build: Build) -> None:
        """Show how far a build is by now."""
        if self._drawing:
            self.draw(f"llama.cpp: {sentence(build, width(sys.stderr) - 13)}")
        elif not self._quiet and not build.phase.over:
            now = time.monotonic()
            if build.phase is not self._phase or now - self._at >= EVERY_S:
                self._phase, self._at = build.phase, now
                write_error(f"llama.cpp: {sentence(build)}")


def _watched(build: Build, *, quiet: bool) -> Build:
    try:
        with _Live(quiet=quiet) as live:
            while not build.phase.over:
                live.show(build)
                time.sleep(_LOOK_S)
                build = builds.refresh(build)
    except KeyboardInterrupt as error:
        raise InterruptedWaitError(
            "The build goes on. `termai engines build` shows how far it is, "
            "`termai engines build --stop` stops it."
        ) from error
    return build


def _failure(build: Build) -> TermaiError:
    kinds = {kind.exit_code: kind for kind in TermaiError.__subclasses__()}
    kind = kinds.get(build.exit_code, TermaiError)
    return kind(build.problem, fix=build.fix, detail=build.detail)


def _tell(build: Build) -> None:
    if build.phase is not Phase.DONE or build.result is None:
        out(f"The build goes on ({sentence(build)}) and outlives this terminal.")
        out("`termai engines build` shows how far it is.")
        return
    result = build.result
    how = "built" if result.get("compiled") else "taken from an earlier build"
    out(f"llama-server {result.get('version')} was {how} in {duration(build.seconds)}, and works:")
    for proof in result.get("proofs") or ():
        rate = proof.get("tokens_per_second")
        speed = f", {rate:.0f} tokens per second on the smoke model" if rate else ""
        out(f"  {proof.get('device')}: loads and answers rightly{speed}")
    out(f"It is used from now on: {one_line(str(result.get('program')))}")
    before = one_line(using.described(str(result.get("before") or "")))
    out(f"Before it was {before}; `termai engines back` goes back.")
    if build.gpu != "none" and not result.get("devices"):
        warn(
            f"It is built for {build.gpu} and sees no GPU: models run on the CPU. `termai doctor` "
            "looks why."
        )
    first = consider(NATIVE).detection
    if str(first.program) != result.get("program"):
        warn(
            f"auto still takes {first.program} first, which can use "
            f"{', '.join(first.devices) or 'the CPU'}. "
            "`termai engines list` shows why."
        )
