"""A build of llama.cpp from its start to its use: compiled, proved, and only then preferred.

``python -m termai.doctor.building`` is the job. The llama-server that is used stays until the
new one has answered the smoke questions on the processor and on every device it can use.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from termai import settings
from termai.doctor import proving
from termai.engines import builds, compiling, llama_server, using, wheels
from termai.engines.base import Detection
from termai.engines.builds import MARK, Build, Phase
from termai.engines.compiling import Plan
from termai.errors import StorageError, TermaiError
from termai.jobs import control, store
from termai.locks import lock
from termai.profiles.schema import NATIVE

KEPT_BUILDS = 3  # builds used before the present one that stay on disk
KEPT_LOGS = 5
_STAMP = "termai-build.json"
_SCRATCH = ".build-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: see ``compiling.prepare``.

    again: compile also what was built before. python: the Python whose pip builds, by default
    the one that termai runs in.
    """

    gpu: str = ""
    rpc: bool = True
    jobs: int = 0
    again: bool = False
    python: str = ""


def start(wanted: Wanted) -> tuple[Build, bool]:
    """Start a build, or return the one that runs; the second value says that it ran already.

    Raises what ``compiling.prepare`` and ``jobs.control.launch`` raise.
    """
    with lock("engine-build"):
        if found := builds.running():
            return found, True
        plan = compiling.prepare(wanted.gpu, rpc=wanted.rpc, jobs=wanted.jobs)
        job = control.launch(
            builds.KIND,
            builds.NAME,
            (sys.executable, "-P", "-m", "termai.doctor.building", json.dumps(_told(wanted))),
            env={"PYTHONUNBUFFERED": "1"},
            grace_s=15.0,
            meta={"gpu": str(plan.gpu), "reason": plan.reason, "rpc": plan.rpc, "jobs": plan.jobs},
        )
        store.prune(KEPT_LOGS)
        return builds.of(job), False


def _told(wanted: Wanted) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in wanted.__slots__}


def main(arguments: list[str]) -> int:
    """Do the build that the one argument describes; what happens is written for ``builds.of``."""
    signal.signal(signal.SIGTERM, _ended)
    try:
        _built(Wanted(**json.loads(arguments[0])))
    except _NotCompiledError as error:
        return error.code
    except TermaiError as error:
        _say(
            problem=error.message,
            fix=error.fix,
            detail=list(error.detail),
            exit_code=error.exit_code,
        )
        return error.exit_code
    return 0


class _NotCompiledError(Exception):
    """pip failed; the lines before say why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _built(wanted: Wanted) -> None:
    _say(phase=Phase.PREPARING)
    plan = compiling.prepare(wanted.gpu, rpc=wanted.rpc, jobs=wanted.jobs)
    for left_over in compiling.builds_dir().glob(f"{_SCRATCH}*"):  # of a build that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=compiling.builds_dir(), prefix=_SCRATCH) as name:
        scratch = Path(name)
        kept = None if wanted.again else wheels.cached(plan.recipe)
        wheel = kept or _compiled(plan, wanted, scratch)
        _say(phase=Phase.INSTALLING)
        place = _installed(plan, wheel, scratch)
        try:
            found = llama_server.detection("just built", place / "bin" / NATIVE)
            proofs = _proved(found)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        if not kept:
            _keep(wheel, plan)
    switch = using.use(str(found.program))
    _prune()
    _say(
        program=str(found.program),
        version=found.version,
        devices=list(found.devices),
        before=switch.before,
        proofs=proofs,
        compiled=not kept,
    )


def _compiled(plan: Plan, wanted: Wanted, scratch: Path) -> Path:
    """Return the wheel that pip builds; its output goes to this job's log."""
    python = Path(wanted.python) if wanted.python else compiling.builder(scratch)
    into = scratch / "wheel"
    _say(phase=Phase.COMPILING)
    environment = {**os.environ, **compiling.environment(plan, scratch)}
    argv = compiling.command(plan, python, into)
    done = subprocess.run(argv, env=environment, check=False)
    found = next(iter(into.glob("*.whl")), None)
    if done.returncode or found is None:
        raise _NotCompiledError(done.returncode if 0 < done.returncode < 126 else 1)
    return found


def _installed(plan: Plan, wheel: Path, scratch: Path) -> Path:
    """Return the directory of the build: a new one, since servers may run from an old one."""
    fresh = scratch / "new"
    fresh.mkdir(mode=0o700)
    try:
        wheels.unpack(wheel, fresh)
        stamp = {"schema": 1, "gpu": str(plan.gpu), "key": plan.recipe.key}
        (fresh / _STAMP).write_text(json.dumps(stamp))
        for number in range(1, 1000):
            suffix = f"-{number}" if number > 1 else ""
            place = compiling.builds_dir() / f"{plan.name}{suffix}"
            if not place.exists():
                return fresh.rename(place)
    except (OSError, zipfile.BadZipFile) as error:
        raise StorageError(
            f"The built wheel {wheel} could not be unpacked: {error}.",
            fix="Free space and build with `termai engines build --again`.",
        ) from error
    raise StorageError(f"{compiling.builds_dir()} holds too many builds.", fix="Remove some.")


def _proved(found: Detection) -> list[dict[str, Any]]:
    """Return what was measured on each device; raises TermaiError when one does not work."""
    devices = (proving.CPU, *found.devices)
    told: list[dict[str, Any]] = []
    for proof in proving.prove(
        tuple(proving.Target(found, device) for device in devices),
        begins=lambda target: _say(phase=Phase.PROVING, doing=target.name),
    ):
        if not proof.works:
            raise TermaiError(
                f"The new llama-server does not work on {proof.device}: {proof.sentence} The one "
                "before stays in use.",
                fix=f"{proof.fix} `termai engines build --again` compiles it anew.".strip(),
            )
        told.append(
            {
                "device": proof.device,
                "tokens_per_second": proof.tokens_per_second,
                "layers": proof.layers,
                "total": proof.total,
            }
        )
    return told


def _keep(wheel: Path, plan: Plan) -> None:
    try:
        wheels.keep(wheel, plan.recipe)
    except OSError as error:
        print(f"The wheel could not be kept: {error}", flush=True)


def _prune() -> None:
    """Remove builds that are neither used nor among the last ones that were."""
    wanted = [settings.load().values.llama_server, *using.history()[-KEPT_BUILDS:]]
    for stamp in compiling.builds_dir().glob(f"*/{_STAMP}"):
        program = str(stamp.parent / "bin" / NATIVE)
        if program not in wanted:
            shutil.rmtree(stamp.parent, ignore_errors=True)


def _say(**facts: Any) -> None:
    print(f"{MARK}{json.dumps(facts)}", flush=True)


def _ended(number: int, frame: FrameType | None) -> None:
    """Leave by an exception, so that what is half done is cleared away."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
