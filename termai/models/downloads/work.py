"""A whole download: every file fetched, then all of them given their names together."""

import glob
import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

from termai.errors import StorageError
from termai.models.downloads import known, partial, places, space
from termai.models.downloads.failures import no_room, unwritable
from termai.models.downloads.fetch import Fetch, Means
from termai.models.downloads.plan import Plan, PlannedFile
from termai.models.downloads.records import plans
from termai.models.downloads.states import Status

_LOOK_S = 0.5  # seconds between looks at a file that another download brings
_PIECE = 1 << 20


class Work:
    """Brings the files of a plan to their places."""

    def __init__(self, means: Means, plan: Plan) -> None:
        self._means, self._plan = means, plan
        self._fetched: set[str] = set()

    def run(self) -> None:
        """Return when every file is in its place; raises as ``Fetch.run`` does.

        No file takes its name before all are verified, so that a model appears as a whole.
        """
        self._recognise()
        while waiting := [file for file in self._plan.files if not self._is_ready(file)]:
            space.check(self._plan)
            if not sum(self._fetch(file) for file in waiting):
                self._wait_for_others()
        for file in reversed(self._plan.files):
            self._place(file)

    def _is_ready(self, file: PlannedFile) -> bool:
        if file.path in self._fetched:
            return True
        left = known.is_known(self._plan.partial(file), file.size, known.content_of(file))
        return left or known.stands(self._plan, file)

    def _recognise(self) -> None:
        """Hash what already stands in a file's place with the right size.

        Raises OccupiedError for another content that termai did not write.
        """
        for file in self._plan.files:
            target = self._plan.target(file)
            if not _has_size(target, file.size) or known.stands(self._plan, file):
                continue
            self._means.report.say(Status.VERIFYING)
            ours = known.is_ours(self._plan, file)
            with suppress(OSError):
                status = target.stat()
                if _content_hash(target, file) == known.content_of(file):
                    known.remember(target, status, known.content_of(file), fetched=ours)
                    continue
            places.check_file(self._plan, file)
            with partial.opened(self._plan.partial(file)):
                """From here on the partial file says how much is there."""

    def _fetch(self, file: PlannedFile) -> bool:
        """Fetch a file unless another download is doing so; whether it did."""
        path = self._plan.partial(file)
        with partial.opened(path) as mine:
            if mine is None:
                return False
            if self._is_ready(file):  # another download was faster
                return True
            Fetch(self._means, self._plan, file).run(mine)
            mine.flush()
            status = os.fstat(mine.descriptor)
            known.remember(path, status, known.content_of(file))
        self._fetched.add(file.path)
        return True

    def _wait_for_others(self) -> None:
        self._means.report.say(Status.WAITING, "Another download brings the rest of the files.")
        self._means.turn.give_back()
        time.sleep(_LOOK_S)
        self._means.turn.take(lambda: self._means.report.say(Status.QUEUED))

    def _place(self, file: PlannedFile) -> None:
        path, target = self._plan.partial(file), self._plan.target(file)
        if not known.stands(self._plan, file):
            places.check_file(self._plan, file)
            try:
                _rename(path, target)
            except StorageError:
                if not known.stands(self._plan, file):  # or another download just placed it
                    raise
        if not known.is_known(target, file.size, known.content_of(file)):
            with suppress(OSError):
                known.remember(target, target.stat(), known.content_of(file))
        partial.discard(path)
        self._sweep(target)

    def _sweep(self, target: Path) -> None:
        """Remove what other revisions of a file left unfinished and no download wants."""
        ours = {str(plan.partial(file)) for plan in plans() for file in plan.files}
        for left in target.parent.glob(f".{glob.escape(target.name)}.????????????.part"):
            if str(left) not in ours:
                with suppress(StorageError):
                    partial.discard(left)


def _rename(path: Path, target: Path) -> None:
    try:
        path.replace(target)
        descriptor = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with suppress(OSError):  # not every file system can flush a directory
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise no_room(target, error) or unwritable(target, error) from error


def _content_hash(path: Path, file: PlannedFile) -> str:
    """Return the hash of a file on disk in the form that the hub announced."""
    if not (file.sha256 or file.oid):
        return known.content_of(file)
    found = hashlib.sha256() if file.sha256 else hashlib.sha1(usedforsecurity=False)
    if not file.sha256:
        found.update(b"blob %d\0" % file.size)
    with path.open("rb", buffering=0) as stream:
        while piece := stream.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
