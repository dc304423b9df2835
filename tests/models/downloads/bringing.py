"""A download in this process, with the patience of a test."""

from dataclasses import replace

from termai.models.downloads import control, records
from termai.models.downloads.fetch import Means
from termai.models.downloads.hub_access import access
from termai.models.downloads.limit import Limit
from termai.models.downloads.pace import Pace
from termai.models.downloads.patience import Patience
from termai.models.downloads.plan import Plan, PlannedFile
from termai.models.downloads.report import Report
from termai.models.downloads.slots import Turn
from termai.models.downloads.transfer import client
from termai.models.downloads.work import Work
from termai.paths import models_dir, private_dir
from tests.fakes.hub.files import Content
from tests.models.downloads.hub import REPO, OneRepo

SIZE = 700_001  # bytes of the file that most tests fetch
HALF = SIZE // 2
HASTY = Patience(stall_s=0.3, connect_s=2.0, first_s=0.01, most_s=0.05, give_up_s=20.0)


def planned(hub: OneRepo, *files: PlannedFile, number: str = "1", branch: str = "main") -> Plan:
    """Return the plan of a download that is not started."""
    plan = control.plan_of(REPO, hub.head(branch), files, endpoint=hub.url, variant="Q8_0")
    return replace(plan, id=number)


def bring(plan: Plan, patience: Patience = HASTY, pace: Pace | None = None) -> None:
    """Fetch and place the files of a plan, as its own process would."""
    directory = private_dir(records.downloads_dir() / plan.id)
    records.write_plan(directory, plan)
    turn = Turn(plan, lambda: 2)
    hub = access(plan)
    with Report(directory, plan) as report, client(hub, patience) as http:
        turn.take()
        try:
            limit = Limit(lambda: 0.0)
            means = Means(http, hub, limit, patience, report, turn, pace or Pace())
            Work(means, plan).run()
        finally:
            turn.give_back()


def begin_half(plan: Plan, content: Content) -> None:
    """Leave half of the file behind, as a process that was killed would have."""
    path = plan.partial(plan.files[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(content.data[:HALF])


def assert_whole(plan: Plan, content: Content) -> None:
    files = [path for path in models_dir().rglob("*") if path.is_file()]
    assert files == [plan.target(plan.files[0])]
    assert files[0].read_bytes() == content.data
