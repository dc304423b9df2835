"""Rates, pauses, headers, hashes: the parts of a download by themselves."""

import errno
import hashlib
import os
import random
import threading
import time
from email.utils import formatdate
from pathlib import Path

import httpx2
import pytest

from termai.errors import StorageError, UnreachableError
from termai.models.downloads import known, partial, space
from termai.models.downloads.answers import retry_after
from termai.models.downloads.digest import PIECE, FollowingDigest
from termai.models.downloads.failures import NoRoomError, PassingError, no_room
from termai.models.downloads.flush import Flusher
from termai.models.downloads.meter import Meter, time_left
from termai.models.downloads.patience import Backoff, Patience, patience
from tests.support import wait_until


def test_a_rate_is_smoothed_and_reaches_what_is_steady() -> None:
    meter = Meter(0.0, 0)
    assert meter.update(1.0, 1000) == 1000
    jump = meter.update(2.0, 11_000)
    assert 1000 < jump < 10_000
    for second in range(3, 40):
        rate = meter.update(float(second), 11_000 + 500 * (second - 2))
    assert rate == pytest.approx(500, rel=0.05)
    for second in range(40, 80):
        rate = meter.update(float(second), 30_000)
    assert rate < 1


def test_a_rate_is_never_below_nothing() -> None:
    meter = Meter(0.0, 5000)
    assert meter.update(1.0, 0) == 0
    assert meter.update(1.0, 100) == 0


def test_time_left() -> None:
    assert time_left(100, 10.0) == 10.0
    assert time_left(0, 0.0) == 0.0
    assert time_left(100, 0.0) is None


def backoff(now: list[float], draw: float = 1.0) -> Backoff:
    given = Patience(first_s=1.0, most_s=60.0, give_up_s=1000.0)
    return Backoff(given, clock=lambda: now[0], draw=lambda: draw)


def test_pauses_double_with_jitter_and_begin_anew_after_progress() -> None:
    error = PassingError("broke")
    now = [0.0]
    waits = backoff(now)
    assert [waits.pause(error, progressed=False) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert waits.pause(error, progressed=True) == 1
    assert backoff(now, draw=0.0).pause(error, progressed=False) == 0.5


def test_what_the_hub_asks_for_is_waited_within_bounds() -> None:
    waits = backoff([0.0])
    assert waits.pause(PassingError("busy", after_s=20.0), progressed=False) == 20
    assert waits.pause(PassingError("busy", after_s=1e9), progressed=False) == 3600


def test_an_expired_address_is_tried_again_at_once_but_not_for_ever() -> None:
    waits = backoff([0.0])
    expired = PassingError("expired", at_once=True)
    assert [waits.pause(expired, progressed=False) for _ in range(3)] == [0, 2, 4]


def test_a_download_without_a_byte_for_long_is_given_up() -> None:
    now = [0.0]
    waits = backoff(now)
    now[0] = 999.0
    waits.pause(PassingError("gone"), progressed=False)
    now[0] = 1001.0
    with pytest.raises(UnreachableError, match="gone No byte came"):
        waits.pause(PassingError("gone"), progressed=False)


@pytest.mark.parametrize(
    ("value", "stall"), [("7", 7.0), ("0", 0.1), ("nan", 30.0), ("x", 30.0), ("1e9", 3600.0)]
)
def test_the_stall_is_huggingface_hubs_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, stall: float
) -> None:
    monkeypatch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", value)
    assert patience().stall_s == stall


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("120", 120, 120),
        ("", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("9" * 50, 1, 1e9),
    ],
)
def test_retry_after_is_read(value: str, least: float, most: float) -> None:
    assert least <= retry_after(httpx2.Response(429, headers={"Retry-After": value})) <= most


@pytest.mark.parametrize(("ahead", "least"), [(100, 90), (-100, 0)])
def test_retry_after_may_be_a_date(ahead: int, least: int) -> None:
    value = formatdate(time.time() + ahead, usegmt=True)
    found = retry_after(httpx2.Response(503, headers={"Retry-After": value}))
    assert least <= found <= max(0, ahead)


@pytest.mark.parametrize("oid", [False, True], ids=["sha256", "oid"])
def test_a_hash_follows_its_writer(tmp_path: Path, noise: random.Random, *, oid: bool) -> None:
    data = noise.randbytes(3 * PIECE + 5)
    path = tmp_path / "file"
    with partial.opened(path) as mine:
        assert mine
        digest = FollowingDigest(mine.descriptor, len(data), oid=oid)
        for start in range(0, len(data), 70_000):
            mine.append(data[start : start + 70_000])
            digest.grown(mine.size)
        found = digest.result()
        assert digest.read == len(data)
        digest.close()
    whole = (
        hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False) if oid else hashlib.sha256()
    )
    whole.update(data)
    assert found == whole.hexdigest()


def test_a_hash_that_is_not_waited_for_ends_its_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    with partial.opened(tmp_path / "file") as mine:
        assert mine
        FollowingDigest(mine.descriptor, 1000).close()
    assert threading.active_count() == before


def test_a_file_that_shrinks_while_it_is_hashed_is_an_error(tmp_path: Path) -> None:
    with partial.opened(tmp_path / "file") as mine:
        assert mine
        digest = FollowingDigest(mine.descriptor, 1000)
        digest.grown(1000)
        with pytest.raises(OSError, match="shorter"):
            digest.result()
        digest.close()


def test_a_growing_file_is_flushed_and_failures_are_told(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        flusher = Flusher(writing, 0, every=10)  # a pipe cannot be flushed
        flusher.grown(9)

        def failed() -> bool:
            try:
                flusher.grown(10)
            except OSError as error:
                return error.errno == errno.EINVAL
            return False

        wait_until(failed, what="the failure")
        flusher.close()
    finally:
        os.close(reading)
        os.close(writing)
    with partial.opened(tmp_path / "file") as mine:
        assert mine
        mine.append(b"x" * 100)
        flusher = Flusher(mine.descriptor, 0, every=10)
        flusher.grown(100)
        flusher.close()


def test_a_partial_file_has_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.part"
    with partial.opened(path) as first, partial.opened(path) as second:
        assert first
        assert second is None
        assert partial.discard(path) is False
    assert partial.discard(path) is True
    assert partial.discard(path) is True


def test_a_partial_file_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"precious")
    (tmp_path / "file.part").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError), partial.opened(tmp_path / "file.part"):
        pass
    assert (tmp_path / "elsewhere").read_bytes() == b"precious"


def test_a_verified_file_is_known_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert not known.is_known(path, 7, "hash")
    known.remember(path, path.stat(), "hash")
    assert known.is_known(path, 7, "hash")
    assert not known.is_known(path, 7, "other")
    os.utime(path, ns=(1, 1))
    assert not known.is_known(path, 7, "hash")


def test_the_memory_of_verified_files_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "MOST", 3)
    paths = [tmp_path / str(number) for number in range(5)]
    for path in paths:
        path.write_bytes(b"x")
        known.remember(path, path.stat(), "hash")
    assert [known.is_known(path, 1, "hash") for path in paths] == [False, False, True, True, True]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_from_other_errors(number: int) -> None:
    assert isinstance(no_room(Path("/d/f"), OSError(number, "full")), NoRoomError)
    assert no_room(Path("/d/f"), OSError(errno.EIO, "broken")) is None


def test_units() -> None:
    assert space.in_units(3 << 30) == "3.0 GiB"
    assert space.in_units(1 << 19) == "0.5 MiB"
