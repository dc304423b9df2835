"""The process of one download: ``python -m termai.models.downloads.worker DIRECTORY``.

It may be killed at any moment: what is there is known from the partial files. Its output is the
job's log.
"""

import sys
import time
from pathlib import Path

from termai import settings
from termai.errors import StorageError, TermaiError
from termai.models.downloads import partial, places, records, space
from termai.models.downloads.owner import owned
from termai.models.downloads.plan import Plan
from termai.models.downloads.records import Outcome, Wanted
from termai.models.downloads.report import Report
from termai.models.downloads.slots import Turn
from termai.models.downloads.states import Status

_ROOM = 1 << 20  # bytes given back to a full disk, so that the end can be recorded on it


def main(arguments: list[str]) -> int:
    """Work on the download whose directory is named, unless another process does already."""
    directory = Path(arguments[0])
    with owned(directory) as mine:
        if not mine:
            print("Another process works on this download.", flush=True)
            return 0
        if records.wanted(directory) is Wanted.RUN and not records.read_outcome(directory):
            _work(directory, records.read_plan(directory))
    return 0


def _work(directory: Path, plan: Plan) -> None:
    turn = Turn(plan, lambda: settings.load().values.downloads_at_once)
    with Report(directory, plan) as report:
        try:
            places.check(plan)
            turn.take(lambda: report.say(Status.QUEUED))
            _bring(plan, report, turn)
        except TermaiError as error:
            print(error, flush=True)
            outcome = Outcome(Status.FAILED, time.time(), error.message, error.fix, error.exit_code)
        else:
            outcome = Outcome(Status.DONE, time.time())
        finally:
            turn.give_back()
    _record(directory, plan, outcome)


def _bring(plan: Plan, report: Report, turn: Turn) -> None:
    """Fetch and place the files, with what only a download that runs has to import."""
    from termai.models.downloads.fetch import Means
    from termai.models.downloads.hub_access import access
    from termai.models.downloads.limit import Limit
    from termai.models.downloads.patience import patience
    from termai.models.downloads.transfer import client
    from termai.models.downloads.work import Work

    space.check(plan)
    patient, hub = patience(), access(plan)
    with client(hub, patient) as http:
        Work(Means(http, hub, Limit(_rate_limit), patient, report, turn), plan).run()


def _rate_limit() -> float:
    return settings.load().values.download_limit_mib_s * float(1 << 20)


def _record(directory: Path, plan: Plan, outcome: Outcome) -> None:
    """Record the end; on a full disk in the room of the last bytes received."""
    try:
        records.write_outcome(directory, outcome)
    except StorageError:
        for file in plan.files:
            with partial.opened(plan.partial(file)) as one:
                if one and one.size:
                    one.cut(max(0, one.size - _ROOM))
        records.write_outcome(directory, outcome)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
