"""Many things going wrong at once, drawn by chance: the file is right in the end all the same."""

import random

import pytest

from termai.models.downloads.pace import Pace
from termai.models.downloads.patience import Patience
from termai.paths import models_dir
from tests.fakes.hub.faults import Fault, Kind
from tests.fakes.hub.files import Content
from tests.models.downloads.bringing import bring, planned
from tests.models.downloads.hub import OneRepo

PATIENT = Patience(stall_s=0.2, connect_s=2.0, first_s=0.002, most_s=0.02)
BREAKING = (Kind.RESET, Kind.TRUNCATE, Kind.SHORT, Kind.STALL)
PASSING = (Kind.GZIP, Kind.WRONG_RANGE, Kind.IGNORE_RANGE, Kind.WRONG_ETAG, Kind.EXPIRED)
SPOILING = (Kind.FLIP, Kind.OTHER)


def drawn(chance: random.Random, size: int) -> list[Fault]:
    """Return up to a dozen faults, at most one of which spoils the content."""
    faults = [
        Fault(chance.choice(BREAKING), after=chance.randrange(1, size))
        for _ in range(chance.randrange(6))
    ]
    faults += [Fault(chance.choice(PASSING)) for _ in range(chance.randrange(4))]
    faults += [
        Fault(Kind.STATUS, status=chance.choice((429, 500, 502, 503)), where=where)
        for where in chance.choices(("hub", "files"), k=chance.randrange(3))
    ]
    if chance.random() < 0.5:
        faults.append(Fault(chance.choice(SPOILING), after=chance.randrange(size)))
    chance.shuffle(faults)
    return faults


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rounds", "several"), [(100, False), (20, True)], ids=["single", "several"]
)
def test_whatever_goes_wrong_the_hash_is_right(hub: OneRepo, rounds: int, *, several: bool) -> None:
    chance = random.Random(1234 + several)  # noqa: S311
    for number in range(1, rounds + 1):
        size = chance.randrange(3 << 20, 5 << 20) if several else chance.randrange(1, 600_000)
        content = Content(chance.randbytes(size))
        plan = planned(hub, hub.add(f"m{number}.gguf", content), number=str(number))
        path = plan.partial(plan.files[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        there = chance.randrange(size + 1)
        path.write_bytes(chance.choice((b"", content.data[:there], bytes(there))))
        faults = drawn(chance, size)
        hub.files.faults.add(*faults)
        hub.files.rate = 8e6 if several else 0.0
        pace = Pace(probe_s=0.02, trial_s=0.05, least=1) if several else Pace()
        bring(plan, PATIENT, pace)
        hub.files.faults.clear()
        assert plan.target(plan.files[0]).read_bytes() == content.data, faults
    assert len(hub.files.faults.taken) > rounds
    assert not [p for p in models_dir().rglob(".*") if p.is_file()]
