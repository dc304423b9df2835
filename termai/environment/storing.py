"""The places where termai keeps things, and a way to look at disks that may not answer."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

from termai import paths, settings

LIMIT_S = 2.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Place:
    """A directory of termai's, there or not: what is kept in it, and the variable that moves it."""

    what: str
    path: Path
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Seen(Generic[Result]):
    """What came of looking at a place: a result, or None and what is wrong with its disk."""

    place: Place
    result: Result | None
    wrong: str = ""


def places() -> tuple[Place, ...]:
    """Return where models, data, state and settings lie, and further directories of models."""
    added = settings.load().values.model_dirs
    return (
        Place("models", paths.models_dir(), "TERMAI_DATA_DIR"),
        Place("data", paths.data_dir(), "TERMAI_DATA_DIR"),
        Place("state", paths.state_dir(), "TERMAI_STATE_DIR"),
        Place("settings", paths.config_dir(), "TERMAI_CONFIG_DIR"),
        *(
            Place(f"models {number}", paths.expanded(directory))
            for number, directory in enumerate(added, 2)
        ),
    )


def existing(path: Path) -> Path:
    """Return the path, or the nearest directory above it that is there."""
    return next((one for one in (path, *path.parents) if _is_there(one)), Path(path.anchor))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False


def look_at(
    wanted: Sequence[Place], look: Callable[[Place], Result], limit_s: float = LIMIT_S
) -> Iterator[Seen[Result]]:
    """Yield what looking at each place tells, in their order.

    A disk that does not answer, such as NFS without its server, is given up after ``limit_s``
    seconds.
    """
    done: queue.SimpleQueue[tuple[int, Seen[Result]]] = queue.SimpleQueue()
    for number, place in enumerate(wanted):
        _start(number, place, look, done)
    found: dict[int, Seen[Result]] = {}
    end = monotonic() + limit_s
    while len(found) < len(wanted):
        try:
            number, seen = done.get(timeout=max(0.0, end - monotonic()))
        except queue.Empty:
            break
        found[number] = seen
    for number, place in enumerate(wanted):
        yield found.get(number) or Seen(place, None, "it does not answer")


def _start(
    number: int,
    place: Place,
    look: Callable[[Place], Result],
    done: "queue.SimpleQueue[tuple[int, Seen[Result]]]",
) -> None:
    def work() -> None:
        try:
            done.put((number, Seen(place, look(place))))
        except OSError as error:
            done.put((number, Seen(place, None, error.strerror or str(error))))

    threading.Thread(target=work, name=f"look at {place.what}", daemon=True).start()
