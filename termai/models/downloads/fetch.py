"""One file from whatever is there of it to the whole, verified: tries, pauses, fresh starts."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from termai.errors import InvalidFileError
from termai.models.downloads import space
from termai.models.downloads.digest import FollowingDigest
from termai.models.downloads.failures import (
    OtherContentError,
    PassingError,
    WrongContentError,
    no_room,
    unwritable,
)
from termai.models.downloads.flush import Flusher
from termai.models.downloads.limit import Limit
from termai.models.downloads.pace import Pace
from termai.models.downloads.partial import Partial
from termai.models.downloads.patience import Backoff, Patience
from termai.models.downloads.plan import Plan, PlannedFile
from termai.models.downloads.report import Report
from termai.models.downloads.slots import Turn
from termai.models.downloads.states import Status
from termai.models.downloads.transfer import Hub, Transfer
from termai.text import one_line

if TYPE_CHECKING:
    import httpx2

HOLD_S = 30.0  # a longer pause lets another download run meanwhile
_FETCHES = 2  # how often a whole file is fetched before its hash counts as wrong for good
_DIFFERED = 2  # how often an answer may begin otherwise than what is there before that goes
_OTHERS = 4  # how often a hub may answer about another content before that counts as final


@dataclass(frozen=True, slots=True)
class Means:
    """What a transfer works with."""

    http: "httpx2.Client"
    hub: Hub
    limit: Limit
    patience: Patience
    report: Report
    turn: Turn
    pace: Pace = field(default_factory=Pace)


class Fetch:
    """Fills the partial file of one planned file until its hash is the announced one."""

    def __init__(self, means: Means, plan: Plan, file: PlannedFile) -> None:
        self._means, self._plan, self._file = means, plan, file
        self._transfer = Transfer(means.http, means.hub, means.limit, plan, file)
        self._backoff = Backoff(means.patience)
        self._others = self._differed = 0

    def run(self, partial: Partial) -> None:
        """Return when the file is whole and right; nothing wrong is kept.

        A file that turns out wrong is fetched once more from its beginning; one that an earlier
        process began may have been spoilt on this disk and does not count. Raises
        InvalidFileError for the second wrong one, UnreachableError, StorageError, and what a
        refusal of the hub means.
        """
        chances = _FETCHES + (partial.size > 0)
        if partial.size > self._file.size:
            partial.cut(0)
        while True:
            try:
                return self._once(partial)
            except WrongContentError as error:
                partial.cut(0)
                chances -= 1
                if not chances:
                    raise InvalidFileError(
                        f"{one_line(self._plan.name, 120)}: {error.message}",
                        fix="It was fetched anew and is still wrong; nothing of it was kept. "
                        "Try again later, or from another hub.",
                    ) from error
                self._pause(error, progressed=True)

    def _once(self, partial: Partial) -> None:
        expected = self._file.sha256 or self._file.oid
        digest = FollowingDigest(
            partial.descriptor, self._file.size, oid=not self._file.sha256 and bool(expected)
        )
        flusher = Flusher(partial.descriptor, partial.size)

        def grown(size: int) -> None:
            digest.grown(size)
            flusher.grown(size)

        try:
            grown(partial.size)
            self._fill(partial, grown)
            self._means.report.say(Status.VERIFYING)
            found = digest.result()
        except OSError as error:
            raise no_room(partial.path, error) or unwritable(partial.path, error) from error
        finally:
            digest.close()
            flusher.close()
        if expected and found != expected:
            raise WrongContentError(
                f"{one_line(self._file.path, 120)} has the hash {found[:12]}…, "
                f"the hub announced {expected[:12]}…."
            )

    def _fill(self, partial: Partial, grown: Callable[[int], None]) -> None:
        means = self._means
        while partial.size < self._file.size:
            before = partial.size
            means.report.say(Status.RUNNING)
            try:
                means.pace.receive(self._transfer, partial, grown)
            except WrongContentError as error:  # of the answer; ours may still be right
                self._differed += 1
                if self._differed > _DIFFERED:
                    raise
                self._pause(error, progressed=False)
            except PassingError as error:
                self._count(error, progressed=partial.size > before)
                self._pause(error, progressed=partial.size > before)
                space.check(self._plan)

    def _count(self, error: PassingError, *, progressed: bool) -> None:
        """Raise InvalidFileError when the hub has answered about another content too often."""
        self._others = 0 if progressed else self._others + isinstance(error, OtherContentError)
        if self._others > _OTHERS:
            raise InvalidFileError(
                f"{one_line(self._plan.name, 120)}: {error.message}",
                fix="It said so several times. Cancel this download and pull the repository as "
                "it is now.",
            ) from error

    def _pause(self, error: PassingError, *, progressed: bool) -> None:
        seconds = self._backoff.pause(error, progressed=progressed)
        if not seconds:
            return
        print(f"{error.message} Trying again in {seconds:.1f} s.", flush=True)
        self._means.report.say(Status.WAITING, error.message, time.time() + seconds)
        if seconds > HOLD_S:
            self._means.turn.give_back()
        time.sleep(seconds)
        self._means.turn.take(lambda: self._means.report.say(Status.QUEUED))
