"""Engines as lines of text and as JSON."""

import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from termai.cli.style import out, out_json, paint, warn, width
from termai.engines import installed, using
from termai.engines.base import Detection
from termai.engines.installed import Absent, Engines, Installed
from termai.profiles.schema import EMBEDDED, NATIVE
from termai.text import one_line

_LABEL = 9  # columns of the words before a fact


def show(*, as_json: bool) -> int:
    """Print every engine; returns the exit code."""
    seen = installed.look()
    if as_json:
        out_json(_object(seen))
        return 0
    for engine in seen.here:
        for line in _block(engine):
            out(line)
    for absent in seen.absent:
        for line in _absent_lines(absent):
            out(line)
    if not seen.here:
        warn("No engine is here. `termai engines build` builds llama.cpp's server.")
    return 0


def switched(switch: using.Switch, *, went_back: bool = False, as_json: bool) -> int:
    """Tell which llama-server is preferred now and which was before; returns the exit code."""
    found = switch.detection
    if as_json:
        told = {"before": switch.before, "now": switch.now, "passed": list(switch.passed)}
        out_json({**told, "engine": _detection(found) if found else None})
        return 0
    for sentence in switch.passed:
        warn(sentence)
    version = f" ({one_line(found.version, 60)})" if found else ""
    same = switch.before == switch.now
    if same:
        out(f"llama-server is {using.described(switch.now)}{version}, as before.")
        return 0
    out(f"llama-server is now {one_line(using.described(switch.now))}{version}.")
    before = one_line(using.described(switch.before))
    undo = "use PATH` takes it again" if went_back else "back` goes back to it"
    out(f"Before it was {before}; `termai engines {undo}.")
    return 0


def _block(engine: Installed) -> Iterator[str]:
    found, build = engine.detection, engine.build
    name = f"{found.engine}  {one_line(found.version, 60)}"
    yield paint(name, "good", sys.stdout) if engine.auto else name
    yield from _fact(
        "path", f"{found.program} ({found.source})" if found.source else str(found.program)
    )
    contents = [*build.interfaces, *(["RPC"] if build.rpc else [])]
    if build.architectures:
        contents.append(f"CUDA for {', '.join(build.architectures)}")
    if build.known:
        contents.append(f"CPU with {', '.join(build.cpu) or 'no further features'}")
    if contents:
        yield from _fact("build", "; ".join(contents))
    if found.engine in (NATIVE, EMBEDDED):
        yield from _fact("uses", ", ".join(found.devices) or "the CPU")
    for sentence in engine.lacks:
        yield from _fact("lacks", sentence)
    yield from _fact("auto", engine.why.removeprefix("auto "))


def _fact(label: str, text: str) -> Iterator[str]:
    room = max(40, width(sys.stdout) - 2 - _LABEL)
    lines = textwrap.wrap(
        one_line(text, 1000), room, break_on_hyphens=False, break_long_words=False
    ) or [""]
    for number, line in enumerate(lines):
        yield f"  {'' if number else label:<{_LABEL}}{line}"


def _absent_lines(absent: Absent) -> Iterator[str]:
    what = "does not work" if absent.broken else "not here"
    head = f"{absent.engine}  {what}" if absent.engine else "left out"
    yield paint(head, "dim", sys.stdout)
    yield from _fact("why", absent.problem)
    if absent.fix:
        yield from _fact("to do", absent.fix)


def _object(seen: Engines) -> dict[str, Any]:
    return {
        "engines": [
            {
                **_detection(engine.detection),
                "build": {
                    "cpu": list(engine.build.cpu) if engine.build.known else None,
                    "interfaces": list(engine.build.interfaces),
                    "architectures": list(engine.build.architectures),
                    "rpc": engine.build.rpc,
                },
                "lacks": list(engine.lacks),
                "auto": engine.auto,
                "why": engine.why,
            }
            for engine in seen.here
        ],
        "absent": [
            {"engine": one.engine or None, "problem": one.problem, "fix": one.fix}
            for one in seen.absent
        ],
    }


def _detection(found: Detection) -> dict[str, Any]:
    return {
        "engine": found.engine,
        "path": str(found.program),
        "version": found.version,
        "source": found.source,
        "devices": list(found.devices),
    }
