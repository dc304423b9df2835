"""Facts kept beside a log: read on from where they end, whatever happens to either file."""

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from termai.jobs.bound import punch
from termai.servers import facts as known_facts
from termai.servers import reading
from termai.servers.facts import FACTS_FILE, Facts, Snapshot, Stage, snapshot, store
from termai.servers.reading import READ_LIMIT
from tests.servers.samples import LOGS, facts_of, make_job

READY_LOG = (LOGS / "native-ready.log").read_bytes()
WHOLE = {"schema": 1, "facts": Facts()._asdict(), "problem": None}
NOISE = b"0.09.606.068 I slot get_availabl: id  0 | task -1 |  - skipping, slot is empty\n"


@given(cuts=st.lists(st.integers(0, len(READY_LOG)), max_size=6))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_log_read_in_pieces_says_what_it_says_in_one(tmp_path: Path, cuts: list[int]) -> None:
    job = make_job(tmp_path / f"job-{time.monotonic_ns()}")
    written = 0
    for end in [*sorted(cuts), len(READY_LOG)]:
        with job.log_path.open("ab") as log:
            log.write(READY_LOG[written:end])
        written = end
        known = snapshot(job)
        store(job.directory, known)
    assert known.facts == facts_of("native-ready")


def test_an_unchanged_log_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(tmp_path / "job")
    job.log_path.write_bytes(READY_LOG)
    expected = snapshot(job)
    assert expected.facts.ready
    monkeypatch.setattr(reading, "read_on", None)
    assert snapshot(job) == expected
    assert {file.name for file in job.directory.iterdir()} == {"log", FACTS_FILE}


def test_everything_stored_comes_back(tmp_path: Path) -> None:
    for name in ("native-draft", "source-cuda-ready", "source-cuda-two-partial", "native-verbose"):
        known = Snapshot(facts_of(name), 42, "Cause. Fix.")
        store(tmp_path, known)
        assert known_facts.load(tmp_path) == known


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"schema": 1}',
        b'{"schema": 2, "facts": {}, "offset": 0, "problem": null}',
        b'{"schema": 1, "facts": {"stage": "flying"}, "offset": 0, "problem": null}',
        b"[" * 100_000,
        b"\xff\xfe",
        json.dumps({**WHOLE, "offset": float("inf")}).encode(),
        json.dumps({**WHOLE, "offset": -5}).encode(),
    ],
)
def test_a_broken_facts_file_is_read_as_none_and_the_log_anew(
    tmp_path: Path, content: bytes
) -> None:
    job = make_job(tmp_path / "job")
    job.log_path.write_bytes(READY_LOG)
    (job.directory / FACTS_FILE).write_bytes(content)
    assert snapshot(job).facts == facts_of("native-ready")


@pytest.mark.parametrize("key", ["layers", "buffers", "gpus", "errors", "last", "starts", "prompt"])
def test_a_facts_file_with_a_value_of_the_wrong_kind_is_not_believed(
    tmp_path: Path, key: str
) -> None:
    store(tmp_path, Snapshot(facts_of("source-cuda-ready"), 42))
    data = json.loads((tmp_path / FACTS_FILE).read_bytes())
    data["facts"][key] = {"not": "this"}
    (tmp_path / FACTS_FILE).write_text(json.dumps(data))
    assert known_facts.load(tmp_path) == Snapshot()


def test_facts_that_cannot_be_stored_are_returned_all_the_same(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    job.log_path.write_bytes(READY_LOG)
    (job.directory / FACTS_FILE).mkdir()
    assert snapshot(job).facts.ready


def test_a_pipe_in_place_of_the_facts_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FACTS_FILE)
    assert known_facts.load(tmp_path) == Snapshot()


def test_a_log_that_cannot_be_read_says_nothing_more(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    store(job.directory, Snapshot(facts_of("native-ready"), 42))
    job.log_path.mkdir()
    assert snapshot(job).facts == facts_of("native-ready")


def test_a_missing_log_says_nothing(tmp_path: Path) -> None:
    assert snapshot(make_job(tmp_path / "job")).facts == Facts()


def test_a_log_that_was_cut_short_is_read_on_from_its_end(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    job.log_path.write_bytes(NOISE)
    store(job.directory, Snapshot(facts_of("native-ready"), 10_000_000))
    assert snapshot(job).facts.ready


def test_the_last_words_of_a_huge_log_are_read_in_bounded_time(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    with job.log_path.open("wb") as log:
        log.write(READY_LOG)
        log.truncate(1 << 30)
        log.seek(0, os.SEEK_END)
        log.write(b"\n" + NOISE * 20_000)
        log.write(b"0.99.000.000 E srv  update_slots: decode() failed: gone\n")
    began = time.perf_counter()
    facts = snapshot(job).facts
    assert time.perf_counter() - began < 1.0
    assert facts.ready
    assert facts.context == 512
    assert facts.errors == ("srv update_slots: decode() failed: gone",)


def test_what_lies_in_the_middle_of_much_unread_log_is_skipped(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    middle = b"0.50.000.000 E srv  middle\n"
    noise = NOISE * (READ_LIMIT // len(NOISE))
    job.log_path.write_bytes(READY_LOG + noise + middle + noise)
    known = snapshot(job)
    assert known.facts == facts_of("native-ready")
    assert known.offset == job.log_path.stat().st_size


def test_a_hole_in_the_log_is_stepped_over(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    start = READY_LOG.ljust(32 << 10, b"x")
    job.log_path.write_bytes(start + NOISE * 5_000)
    descriptor = os.open(job.log_path, os.O_RDWR)
    try:
        punch(descriptor, 32 << 10, 128 << 10)
        os.lseek(descriptor, 0, os.SEEK_END)
        os.write(descriptor, b"0.99.000.000 E srv  after the hole\n")
    finally:
        os.close(descriptor)
    facts = snapshot(job).facts
    assert facts.context == 512
    assert facts.errors == ("srv after the hole",)


def test_progress_is_seen_while_its_line_is_still_written(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    with job.log_path.open("wb") as log:
        log.write(b"load_tensors: loading model tensors, this can take a while...\n" + b"." * 30)
    known = snapshot(job)
    assert (known.facts.stage, known.facts.progress) == (Stage.LOADING, 0.3)
    with job.log_path.open("ab") as log:
        log.write(b"." * 20)
    store(job.directory, known)
    assert snapshot(job).facts.progress == 0.5


def test_escape_sequences_in_a_log_do_not_reach_the_facts(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    line = b"\x1b[31m0.00.000.000 E srv \x1b]0;owned\x07 bad \xc2\x9b2J model \x1b[2K\n"
    job.log_path.write_bytes(line)
    assert snapshot(job).facts.errors == ("srv bad model",)
