"""The states of a job and the ways between them."""

import pytest

from termai.jobs.states import FINAL, TRANSITIONS, JobStatus, advance


def test_every_state_says_where_it_can_go() -> None:
    assert set(TRANSITIONS) == set(JobStatus)


def test_nothing_leaves_a_final_state() -> None:
    assert {status for status, ways in TRANSITIONS.items() if not ways} == FINAL


def test_every_state_but_the_first_can_be_reached_from_the_first() -> None:
    seen = {JobStatus.STARTING}
    while new := {way for status in seen for way in TRANSITIONS[status]} - seen:
        seen |= new
    assert seen == set(JobStatus)


def test_a_way_that_is_not_named_is_refused() -> None:
    with pytest.raises(ValueError, match="from exited to running"):
        advance(JobStatus.EXITED, JobStatus.RUNNING)


def test_a_way_that_is_named_is_taken() -> None:
    assert advance(JobStatus.RUNNING, JobStatus.STOPPING) is JobStatus.STOPPING
