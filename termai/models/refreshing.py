"""Looking through all stores at once, reading the headers of what is new, telling in between."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from termai.models import facts as reading
from termai.models import index
from termai.models.apart import Apart, Event
from termai.models.facts import Facts
from termai.models.found import Found
from termai.models.grouping import Group, grouped
from termai.models.index import Index
from termai.models.stores import Store
from termai.models.walking import Walk

PATIENCE_S = 10.0  # that a disk may take for one directory or one header
_BATCH_S = 0.25
_REST = 4  # times as long as telling took is what is between two batches at least


class Refresh:
    """One look at the disk, beginning from what the index knows."""

    def __init__(
        self,
        stores: Sequence[Store],
        before: Index,
        *,
        headers: bool = True,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.stores = stores
        self._before = before
        self._headers = headers
        self._found: dict[Path, list[Found]] = {store.directory: [] for store in stores}
        self._walked: set[Path] = set()
        self._problems: dict[Path, list[str]] = {store.directory: [] for store in stores}
        self.facts: dict[Path, Facts] = dict(before.facts)
        self.unread: set[Path] = set()
        self.unanswered: set[Path] = set()
        self._apart: Apart[Any] = Apart(patience_s)

    def run(self, tell: Callable[[], None]) -> None:
        """Look and read; call ``tell`` now and then when there is something new."""
        for store in self.stores:
            self._apart.start(("walk", store.directory), partial(_walk, Walk(store)))
        next_s = time.monotonic() + _BATCH_S
        for event in self._apart.events():
            self._take(event)
            begun = time.monotonic()
            if begun >= next_s:
                tell()
                now = time.monotonic()
                next_s = now + max(_BATCH_S, _REST * (now - begun))

    def save(self) -> None:
        """Write the index: what was found, and of stores that did not answer what was known.

        What another program has read meanwhile is kept, too.
        """
        latest = index.load(self.stores)
        if latest.raw != self._before.raw and not latest.stale:
            self._adopt(latest)
        index.save(self.found(), self._kept_facts(), latest)

    def found(self) -> dict[Path, Sequence[Found]]:
        """Return the files of each store, of those not yet looked through what is known."""
        return {
            directory: files
            if directory in self._walked
            else _merged(self._before.found.get(directory, ()), files)
            for directory, files in self._found.items()
        }

    def problems(self) -> tuple[str, ...]:
        """Return a sentence for each place that could not be seen."""
        return tuple(p for problems in self._problems.values() for p in problems)

    def _take(self, event: Event[Any]) -> None:
        task, directory = _parts(event.key)
        if event.ended or event.value is None:
            self._end(task, directory, event)
        elif task == "walk":
            files, problems = event.value
            self._found[directory] += files
            self._problems[directory] += problems
        else:
            self._take_facts(*event.value)

    def _end(self, task: str, directory: Path, event: Event[Any]) -> None:
        if event.stalled:
            self.unanswered.add(directory)
            self._problems[directory].append(
                f"{directory} does not answer; what was known of it is shown."
            )
        elif event.fault:
            self._problems[directory].append(
                f"{directory} could not be looked through: {event.fault}."
            )
        elif task == "walk":
            self._walked.add(directory)
            self._begin_reading(directory)

    def _begin_reading(self, directory: Path) -> None:
        """Begin to read the headers of a store that are new or changed, each disk apart."""
        known = {file.path: file for file in self._before.found.get(directory, ())}
        by_device: dict[int, list[Group]] = {}
        for group in grouped(self._found[directory]):
            if self._as_known(group, known):
                continue
            self.facts.pop(group.first.path, None)
            if group.first.problem:
                continue
            self.unread.add(group.first.path)
            if self._headers or group.first.doubtful:
                by_device.setdefault(group.first.device, []).append(group)
        for device, groups in by_device.items():
            self._apart.start(("read", directory, device), partial(_read, groups))

    def _adopt(self, latest: Index) -> None:
        """Take over the facts of files that were not read here and have not changed since."""
        for directory, files in self._found.items():
            known = {file.path: file for file in latest.found.get(directory, ())}
            for group in grouped(files):
                path = group.first.path
                if path in self.unread and _still(group, known, latest.facts.get(path)):
                    self.facts[path] = latest.facts[path]

    def _as_known(self, group: Group, known: Mapping[Path, Found]) -> bool:
        facts = self.facts.get(group.first.path)
        return not self._before.stale and _still(group, known, facts)

    def _take_facts(self, group: Group, facts: Facts | None) -> None:
        first = group.first
        self.unread.discard(first.path)
        if facts is not None:
            self.facts[first.path] = facts
            return
        gone = set(group.paths)
        files = self._found[first.store.directory]
        files[:] = [file for file in files if file.path not in gone]

    def _kept_facts(self) -> dict[Path, Facts]:
        here = {file.path for files in self.found().values() for file in files}
        return {path: facts for path, facts in self.facts.items() if path in here}


def _walk(walk: Walk, tell: Callable[[tuple[list[Found], list[str]]], None]) -> None:
    told = 0
    for files in walk:
        tell((files, walk.problems[told:]))
        told = len(walk.problems)
    tell(([], walk.problems[told:]))


def _read(groups: Sequence[Group], tell: Callable[[tuple[Group, Facts | None]], None]) -> None:
    for group in groups:
        first = group.first
        facts = reading.read(group.paths, group.name, group.missing, doubtful=first.doubtful)
        tell((group, facts))


def _still(group: Group, known: Mapping[Path, Found], facts: Facts | None) -> bool:
    """Tell whether facts still hold: no part has changed, come or gone."""
    return (
        facts is not None
        and (facts.files == len(group.files) or not facts.gguf)
        and all(_same(file, known.get(file.path)) for file in group.files)
    )


def _same(file: Found, known: Found | None) -> bool:
    return (
        known is not None
        and (known.size, known.modified_ns) == (file.size, file.modified_ns)
        and known.doubtful == file.doubtful
    )


def _merged(known: Sequence[Found], files: Sequence[Found]) -> list[Found]:
    """Return the files that are known, those seen by now in their new state."""
    seen = {file.path for file in files}
    return [*files, *(file for file in known if file.path not in seen)]


def _parts(key: object) -> tuple[str, Path]:
    """Return what a task does and the directory of its store."""
    assert isinstance(key, tuple)  # noqa: S101  as they are made here
    return key[0], key[1]
