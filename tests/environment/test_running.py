"""Checks at the same time: each answer as it comes, none that fails or hangs hides another."""

import threading
from collections.abc import Callable

from termai.environment import Finding, Verdict
from termai.environment.running import Check, Findings, run


def good(name: str) -> Callable[[], Findings]:
    return lambda: [Finding(name, Verdict.OK, f"{name} is there.")]


def test_findings_carry_the_group_of_their_check() -> None:
    (found,) = run([Check("a", "Programs", good("a"))])
    assert found == Finding("a", Verdict.OK, "a is there.", group="Programs")


def test_checks_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet() -> Findings:
        both.wait()
        return [Finding(threading.current_thread().name, Verdict.OK, "Met.")]

    found = list(run([Check("a", "G", meet, 10), Check("b", "G", meet, 10)]))
    assert [finding.verdict for finding in found] == [Verdict.OK, Verdict.OK]


def test_a_check_that_fails_is_a_warning_and_hides_no_other() -> None:
    def bad() -> Findings:
        raise OSError("the disk is on fire")

    found = {f.name: f for f in run([Check("bad", "G", bad), Check("a", "G", good("a"))])}
    assert found["a"].verdict is Verdict.OK
    assert found["bad"].verdict is Verdict.WARNING
    assert "the disk is on fire" in found["bad"].sentence


def test_one_that_does_not_end_is_given_up_and_told_after_the_others() -> None:
    free = threading.Event()

    def hangs() -> Findings:
        free.wait()
        return good("late")()

    try:
        found = list(run([Check("slow", "G", hangs, 0.05), Check("a", "G", good("a"), 10)]))
    finally:
        free.set()
    assert {finding.name for finding in found} == {"a", "slow"}
    assert "no answer within 0.05 s" in next(f for f in found if f.name == "slow").sentence
    assert next(f for f in found if f.name == "slow").fix.startswith("`termai doctor --only ")


def test_more_checks_than_workers_all_run() -> None:
    checks = [Check(str(number), "G", good(str(number))) for number in range(40)]
    assert {finding.name for finding in run(checks)} == {str(number) for number in range(40)}


def test_a_waiting_check_has_all_of_its_time() -> None:
    gate = threading.Event()

    def first() -> Findings:
        gate.wait(10)
        return good("first")()

    def last() -> Findings:
        return good("last")()

    blocking = [Check(f"b{number}", "G", first, 0.2) for number in range(8)]
    try:
        found = list(run([*blocking, Check("last", "G", last, 5)]))
    finally:
        gate.set()
    assert Finding("last", Verdict.OK, "last is there.", group="G") in found
