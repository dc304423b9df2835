"""Which llama-server is preferred: changed with a memory of those before, so as to go back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from termai import settings
from termai.engines import hangs, llama_server
from termai.engines.base import Detection
from termai.errors import NotFoundError, TermaiError, UsageError
from termai.files import read_text, write_atomic
from termai.paths import data_dir, expanded
from termai.profiles.schema import NATIVE
from termai.text import one_line

_SHOWN = 3
KEPT = 20  # programs before the present one that are remembered


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of the preferred llama-server; an empty path is none of the user's own.

    detection: what the one that is preferred now says of itself, None without one. passed: one
    sentence for each that was to be gone back to and does not work any more.
    """

    before: str
    now: str
    detection: Detection | None = None
    passed: tuple[str, ...] = ()


def use(given: str) -> Switch:
    """Prefer the llama-server at a path, or in the directory of a build; it is asked first.

    An empty text prefers none. Raises NotFoundError and ProbeError, with nothing changed, for
    one that does not work, and what ``settings.update`` raises.
    """
    if not given:
        return _switched("", None)
    program = program_in(expanded(given).absolute())
    hangs.forget()
    found = llama_server.detection("which was named", program)
    return _switched(str(program), found)


def back() -> Switch:
    """Prefer what was preferred before the last change; what does not work is passed over.

    Raises UsageError when there was nothing before.
    """
    kept = history()
    passed: list[str] = []
    while kept:
        wanted = kept.pop()
        try:
            found = _asked(wanted)
        except TermaiError as error:
            passed.append(str(error))
            continue
        return _went(wanted, kept, found, tuple(passed))
    raise UsageError(
        "There is no llama-server to go back to.",
        fix="`termai engines list` shows what is here; `termai engines use PATH` takes one.",
        detail=tuple(passed),
    )


def history() -> list[str]:
    """Return what was preferred before, the last one last; empty texts stand for none."""
    try:
        data = json.loads(read_text(_path(), limit=1 << 16))
    except (TermaiError, ValueError, RecursionError):
        return []
    before = data.get("before") if isinstance(data, dict) else None
    return [x for x in before if isinstance(x, str)] if isinstance(before, list) else []


def _asked(program: str) -> Detection | None:
    if not program:
        return None
    return llama_server.detection("which was used before", expanded(program).absolute())


def _switched(program: str, found: Detection | None) -> Switch:
    old: list[str] = []

    def change(now: settings.Settings) -> Mapping[str, Any]:
        old.append(now.llama_server)
        if now.llama_server == program:
            return {}
        _remember([*history(), now.llama_server])
        return {"llama_server": program}

    settings.update(change)
    return Switch(old[0], program, found)


def _went(
    program: str, kept: list[str], found: Detection | None, passed: tuple[str, ...]
) -> Switch:
    old: list[str] = []

    def change(now: settings.Settings) -> Mapping[str, Any]:
        old.append(now.llama_server)
        _remember(kept)
        return {"llama_server": program}

    settings.update(change)
    return Switch(old[0], program, found, passed)


def _remember(before: list[str]) -> None:
    write_atomic(_path(), json.dumps({"schema": 1, "before": before[-KEPT:]}))


def _path() -> Path:
    return data_dir() / "engines" / "history.json"


def described(program: str) -> str:
    """Return a program of ``Switch`` in words."""
    return program or "the one that auto finds"


def program_in(path: Path) -> Path:
    """Return the llama-server that a person means with a file, or a directory of a build.

    Raises NotFoundError for a directory that has none, or several to choose from.
    """
    if not path.is_dir():
        return path
    for pattern in (NATIVE, f"bin/{NATIVE}", f"build/bin/{NATIVE}", f"*/bin/{NATIVE}"):
        found = sorted(one for one in path.glob(pattern) if one.is_file())
        if len(found) > 1:
            names = " and ".join(one_line(str(one), 200) for one in found[:_SHOWN])
            raise NotFoundError(
                f"{path} is a directory with {len(found)} llama-servers.",
                fix=f"Name the one to use, such as {names}.",
            )
        if found:
            return found[0]
    raise NotFoundError(
        f"{path} is a directory without a llama-server, which would be in it, in bin or in "
        "build/bin.",
        fix="Name the program, or the directory of a build of llama.cpp.",
    )
