"""What can go wrong with a transfer, and that the hash is right in the end."""

import hashlib
import random
import threading
import time
from email.utils import formatdate

import pytest

from termai.errors import InvalidFileError
from termai.models.downloads.patience import Patience
from termai.models.downloads.plan import Plan, PlannedFile
from termai.paths import models_dir
from tests.fakes.hub.api import Answer
from tests.fakes.hub.faults import Fault, Kind
from tests.fakes.hub.files import Content
from tests.models.downloads.bringing import (
    HALF,
    SIZE,
    assert_whole,
    begin_half,
    bring,
    planned,
)
from tests.models.downloads.hub import OneRepo


def nothing_left() -> bool:
    return not any(path.is_file() and path.stat().st_size for path in models_dir().rglob("*"))


AT_BYTE = [Kind.RESET, Kind.STALL, Kind.TRUNCATE]


@pytest.mark.parametrize("kind", AT_BYTE)
def test_a_transfer_that_breaks_off_goes_on_at_the_byte(
    hub: OneRepo, plan: Plan, content: Content, kind: Kind
) -> None:
    hub.files.faults.add(*(Fault(kind, after=100_000) for _ in range(3)))
    bring(plan)
    assert_whole(plan, content)
    starts = hub.starts()
    assert starts[0] == 0
    assert len(starts) == 4
    if kind is not Kind.RESET:  # a reset may lose what is under way
        assert starts == [0, 100_000, 200_000, 300_000]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Kind.STATUS, status=429, times=2, retry_after="0"),
        Fault(Kind.STATUS, status=500, times=3),
        Fault(Kind.STATUS, status=503, times=2, where="hub"),
        Fault(Kind.STATUS, status=429, times=1, where="hub", retry_after="0"),
        Fault(Kind.EXPIRED, times=2),
        Fault(Kind.RESET, after=0, times=2),
        Fault(Kind.STALL, after=0, times=1),
        Fault(Kind.GZIP),
        Fault(Kind.WRONG_ETAG, times=5),
        Fault(Kind.WRONG_RANGE, times=2),
        Fault(Kind.IGNORE_RANGE, times=1),
        Fault(Kind.WRONG_SIZE, times=3),
        Fault(Kind.SHORT, after=100_000, times=3),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.where}-{fault.status}",
)
@pytest.mark.parametrize("begun", [False, True], ids=["fresh", "begun"])
def test_a_fault_that_passes_leaves_the_right_file(
    hub: OneRepo, plan: Plan, content: Content, fault: Fault, *, begun: bool
) -> None:
    if begun:
        begin_half(plan, content)
    hub.files.faults.add(fault)
    bring(plan)
    assert hub.files.faults.taken
    assert_whole(plan, content)


def test_the_whole_file_in_place_of_a_part_is_compared_and_continued(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    begin_half(plan, content)
    hub.files.faults.add(Fault(Kind.IGNORE_RANGE))
    bring(plan)
    assert_whole(plan, content)
    assert hub.starts() == [HALF]


@pytest.mark.parametrize(("times", "starts"), [(1, [HALF, HALF, 0]), (3, [HALF] * 3 + [0])])
def test_a_whole_file_that_begins_otherwise_is_fetched_anew_in_the_end(
    hub: OneRepo, plan: Plan, content: Content, times: int, starts: list[int]
) -> None:
    path = plan.partial(plan.files[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(HALF))
    hub.files.faults.add(Fault(Kind.IGNORE_RANGE, times=times))
    bring(plan)
    assert_whole(plan, content)
    assert hub.starts() == starts


@pytest.mark.parametrize("at", [0, HALF, SIZE - 1])
def test_a_flipped_byte_is_noticed_and_fetched_anew(
    hub: OneRepo, plan: Plan, content: Content, at: int
) -> None:
    hub.files.faults.add(Fault(Kind.FLIP, after=at))
    bring(plan)
    assert_whole(plan, content)
    assert hub.starts() == [0, 0]


def test_what_is_wrong_twice_is_refused_and_not_kept(hub: OneRepo, plan: Plan) -> None:
    hub.files.faults.add(Fault(Kind.FLIP, after=HALF, times=-1))
    with pytest.raises(InvalidFileError, match=r"hash .* announced") as caught:
        bring(plan)
    assert "nothing of it was kept" in caught.value.fix
    assert nothing_left()
    assert hub.starts() == [0, 0]


def test_a_part_spoilt_on_this_disk_costs_one_more_fetch(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    path = plan.partial(plan.files[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(content.data[:1000] + bytes(HALF))
    hub.files.faults.add(Fault(Kind.FLIP, after=HALF, times=2))
    bring(plan)
    assert_whole(plan, content)
    assert hub.starts() == [HALF + 1000, 0, 0]


def test_a_partial_file_that_is_too_long_is_begun_anew(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    path = plan.partial(plan.files[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(content.data + b"more")
    bring(plan)
    assert_whole(plan, content)
    assert hub.starts() == [0]


def test_a_partial_file_that_is_whole_is_only_checked(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    path = plan.partial(plan.files[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(content.data)
    bring(plan)
    assert_whole(plan, content)
    assert hub.starts() == []


def test_an_address_that_expires_on_the_way_is_signed_anew(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    hub.hub.signed_s = -1.0
    hub.files.faults.add(Fault(Kind.TRUNCATE, after=HALF))

    def mend(*_: object) -> None:
        hub.hub.signed_s = 3600.0

    patient = Patience(stall_s=5.0, first_s=0.2, most_s=0.2)
    timer = threading.Timer(0.5, mend)
    timer.start()
    bring(plan, patient)
    timer.join()
    assert_whole(plan, content)
    assert hub.starts()[-1] == HALF


def test_a_branch_that_moves_changes_nothing(
    hub: OneRepo, plan: Plan, content: Content, noise: random.Random
) -> None:
    begin_half(plan, content)
    newer = Content(noise.randbytes(SIZE))
    other = hub.add("model.gguf", newer)
    bring(plan)
    assert_whole(plan, content)
    moved = planned(hub, other, number="2")
    assert moved.partial(other) != plan.partial(plan.files[0])
    bring(moved)
    assert_whole(moved, newer)


def test_a_hub_that_changes_the_commit_itself_does_not_mix_contents(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    begin_half(plan, content)
    hub.files.faults.add(Fault(Kind.OTHER))
    bring(plan)
    assert_whole(plan, content)
    assert hub.starts() == [HALF, 0]


def test_a_wrong_etag_of_the_hub_neither_stops_nor_spoils_it(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    """The hash that counts is the one that was pinned when the download was added."""
    (key,) = hub.files.contents
    said = {"ETag": f'"{"0" * 64}"', "X-Linked-Etag": f'"{"0" * 64}"', "X-Repo-Commit": "1" * 40}
    path = f"/{plan.repo}/resolve/{plan.commit}/model.gguf"
    hub.hub.answers[path] = Answer(302, headers={"Location": hub.files.sign(key), **said})
    bring(plan)
    assert_whole(plan, content)


def test_retry_after_is_waited_for(hub: OneRepo, plan: Plan, content: Content) -> None:
    in_a_second = formatdate(time.time() + 2, usegmt=True)
    hub.files.faults.add(
        Fault(Kind.STATUS, status=429, retry_after="1"),
        Fault(Kind.STATUS, status=503, retry_after=in_a_second),
    )
    begun = time.monotonic()
    bring(plan)
    assert time.monotonic() - begun >= 1.0
    assert_whole(plan, content)


def test_what_stands_there_and_is_right_is_not_fetched(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    target = plan.target(plan.files[0])
    target.parent.mkdir(parents=True)
    target.write_bytes(content.data)
    bring(plan)
    assert_whole(plan, content)
    assert not hub.resolved()


def test_what_was_fetched_and_is_wrong_now_is_replaced_at_the_end(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    bring(plan)
    plan.target(plan.files[0]).write_bytes(bytes(SIZE))
    hub.files.faults.add(Fault(Kind.TRUNCATE, after=HALF))
    bring(plan)
    assert_whole(plan, content)
    assert hub.starts() == [0, 0, HALF]


def test_a_file_outside_lfs_is_checked_by_its_blob_id(hub: OneRepo) -> None:
    data = b'{"a": 1}\n' * 1000
    oid = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    file = hub.add("config.json", Content(data))
    assert file == PlannedFile("config.json", len(data), oid=oid)
    right = planned(hub, file)
    bring(right)
    assert right.target(right.files[0]).read_bytes() == data
    wrong = planned(hub, PlannedFile("config.json", len(data), oid="0" * 40), number="2")
    with pytest.raises(InvalidFileError):
        bring(wrong)
    assert right.target(right.files[0]).read_bytes() == data


def test_an_empty_file_and_one_without_any_hash_arrive(hub: OneRepo) -> None:
    hub.add("empty.txt", Content(b""))
    hub.add("plain.txt", Content(b"plain"))
    plan = planned(hub, PlannedFile("empty.txt", 0), PlannedFile("plain.txt", 5))
    bring(plan)
    assert [plan.target(f).read_bytes() for f in plan.files] == [b"", b"plain"]


def test_a_set_gets_its_names_when_all_of_it_is_there(hub: OneRepo, noise: random.Random) -> None:
    names = [f"deep/m-{n:05}-of-00003.gguf" for n in (1, 2, 3)] + ["mmproj-F16.gguf"]
    parts = {name: Content(noise.randbytes(200_000)) for name in names}
    plan = planned(hub, *(hub.add(name, content) for name, content in parts.items()))
    hub.files.faults.add(Fault(Kind.FLIP, match="mmproj", times=-1))
    with pytest.raises(InvalidFileError):
        bring(plan)
    assert [p.suffix for p in models_dir().rglob("*") if p.is_file()].count(".gguf") == 0
    hub.files.faults.clear()
    hub.files.asked.clear()
    bring(plan)
    assert {
        name: plan.target(f).read_bytes() for name, f in zip(names, plan.files, strict=True)
    } == {name: content.data for name, content in parts.items()}
    assert [asked.path.rpartition("-m")[2] for asked in hub.files.asked] == ["mproj-F16.gguf"]


def test_a_hub_that_insists_on_another_size_is_believed_in_the_end(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    begin_half(plan, content)
    hub.files.faults.add(Fault(Kind.WRONG_SIZE, times=-1))
    with pytest.raises(InvalidFileError, match=f"{SIZE + 1} bytes, not the {SIZE}"):
        bring(plan)
    assert plan.partial(plan.files[0]).read_bytes() == content.data[:HALF]


def test_older_leftovers_of_a_file_are_swept_away(
    hub: OneRepo, plan: Plan, content: Content
) -> None:
    target = plan.target(plan.files[0])
    target.parent.mkdir(parents=True)
    stale = target.with_name(f".{target.name}.{'0' * 12}.part")
    stale.write_bytes(b"old")
    bring(plan)
    assert_whole(plan, content)
