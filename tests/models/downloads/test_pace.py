"""Several connections where they are faster, one where they are not."""

import random
import threading
import time

import pytest

from termai.errors import StorageError
from termai.models.downloads import partial, pieces
from termai.models.downloads.hub_access import access
from termai.models.downloads.limit import Limit
from termai.models.downloads.pace import Pace
from termai.models.downloads.patience import Patience
from termai.models.downloads.plan import Plan
from termai.models.downloads.transfer import Transfer, client
from tests.fakes.hub.faults import Fault, Kind
from tests.fakes.hub.files import Content
from tests.models.downloads.bringing import bring, planned
from tests.models.downloads.hub import OneRepo

MIB = 1 << 20
SIZE = 20 * MIB + 3
PATIENT = Patience(stall_s=3.0, first_s=0.01, most_s=0.05)


def eager() -> Pace:
    return Pace(probe_s=0.3, trial_s=0.5, least=MIB)


@pytest.fixture
def content(noise: random.Random) -> Content:
    return Content(noise.randbytes(SIZE))


@pytest.fixture
def plan(hub: OneRepo, content: Content) -> Plan:
    return planned(hub, hub.add("model.gguf", content))


def is_right(plan: Plan, content: Content) -> bool:
    return plan.target(plan.files[0]).read_bytes() == content.data


def test_a_hub_that_limits_each_connection_is_asked_over_several(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    hub.files.rate = 3.0 * MIB
    begun = time.monotonic()
    bring(plan, PATIENT, eager())
    took = time.monotonic() - begun
    assert is_right(plan, content)
    assert took < 0.7 * SIZE / hub.files.rate
    assert len(hub.files.asked) > 4
    assert len(hub.resolved()) == 1, "pieces are asked for where the hub led to"


def test_a_line_that_is_the_limit_itself_gets_one_connection_again(
    hub: OneRepo, noise: random.Random
) -> None:
    """By this clock 8 MiB/s come, over however many connections."""
    content = Content(noise.randbytes(32 * MIB))
    plan = planned(hub, hub.add("model.gguf", content))
    path = plan.partial(plan.files[0])

    def clock() -> float:
        return path.stat().st_size / (8.0 * MIB)

    bring(plan, PATIENT, Pace(probe_s=0.3, trial_s=0.5, least=MIB, clock=clock))
    assert is_right(plan, content)
    asked = [asked.headers.get("Range", "") for asked in hub.files.asked]
    assert len(asked) > 4, "several were tried"
    assert asked[-1].endswith("-"), "the rest came as a stream"


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.TRUNCATE, Kind.EXPIRED, Kind.STATUS, Kind.FLIP])
def test_what_goes_wrong_with_a_piece_is_healed(
    hub: OneRepo, plan: Plan, content: Content, kind: Kind
) -> None:
    hub.files.rate = 4.0 * MIB
    pace = eager()
    timer = threading.Timer(
        0.6, lambda: hub.files.faults.add(Fault(kind, after=SIZE // 2, times=2))
    )
    if kind in (Kind.RESET, Kind.TRUNCATE):
        timer = threading.Timer(
            0.6, lambda: hub.files.faults.add(Fault(kind, after=500_000, times=2))
        )
    timer.start()
    bring(plan, PATIENT, pace)
    timer.join()
    assert is_right(plan, content)


def test_a_server_without_ranges_gets_one_connection(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    hub.files.rate = 4.0 * MIB
    hub.files.faults.add(Fault(Kind.IGNORE_RANGE, times=-1))
    bring(plan, PATIENT, eager())
    assert is_right(plan, content)


def test_pieces_are_appended_in_order_and_kept_when_one_fails(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    (file,) = plan.files
    path = plan.partial(file)
    transport = access(plan)
    with client(transport, PATIENT) as http, partial.opened(path) as mine:
        assert mine
        transfer = Transfer(http, transport, Limit(lambda: 0.0), plan, file)
        transfer.stream(mine, lambda _: None, lambda: True)
        assert 0 < mine.size < SIZE
        sizes: list[int] = []

        def grown(size: int) -> None:
            sizes.append(size)
            if len(sizes) == 3:
                raise StorageError("full")

        with pytest.raises(StorageError):
            pieces.receive(transfer, mine, grown, MIB)
        assert path.read_bytes() == content.data[: mine.size]
        pieces.receive(transfer, mine, lambda _: None, MIB)
        assert path.read_bytes() == content.data
