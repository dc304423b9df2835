"""Guardrails: what each mode lets through, warns about and refuses."""

from dataclasses import replace

import pytest

from termai.models.fit import Decision, Fit, Holder, Machine, fit, judge, wanted
from termai.models.fit.guardrails import MODES, holders_text
from tests.models.fit.headers import GIB, MIB, dense, machine

ALLOW, WARN, REFUSE = Decision.ALLOW, Decision.WARN, Decision.REFUSE


def with_room(*, needed: int, free: int, total: int, margin: int = 1024 * MIB) -> Fit:
    """Return a fit whose card needs and has these bytes, and whose RAM is ample."""
    found = fit(dense(), wanted(8192, n_gpu_layers=33), machine(24, ram=512))
    ram, gpu = found.rooms
    card = replace(gpu, needed=needed, free=free, total=total, margin=margin)
    return replace(found, rooms=(ram, card))


@pytest.mark.parametrize(
    ("needed_gib", "relaxed", "balanced", "strict"),
    [
        (8.9, ALLOW, ALLOW, ALLOW),
        (9.1, ALLOW, WARN, REFUSE),
        (10.1, WARN, REFUSE, REFUSE),
        (11.9, WARN, REFUSE, REFUSE),
        (12.1, REFUSE, REFUSE, REFUSE),
    ],
)
def test_a_card_of_12_gib_with_10_free(
    needed_gib: float, relaxed: Decision, balanced: Decision, strict: Decision
) -> None:
    found = with_room(needed=int(needed_gib * GIB), free=10 * GIB, total=12 * GIB)
    assert judge(found, "relaxed").decision is relaxed
    assert judge(found, "balanced").decision is balanced
    assert judge(found, "strict").decision is strict
    assert judge(found, "off").decision is ALLOW


def test_every_mode_of_the_settings_is_known() -> None:
    assert set(MODES) == {"relaxed", "balanced", "strict"}


def test_a_limit_counts_all_memory() -> None:
    found = fit(dense(), wanted(8192), machine(24))
    above, below = found.estimate.total // GIB, found.estimate.total // GIB + 1
    refused = judge(found, f"{above} GB")
    assert refused.decision is REFUSE
    assert f"more than the {above} GB that are allowed" in refused.reason
    assert judge(found, f"{below} GB").decision is ALLOW


def test_a_limit_warns_of_memory_that_is_not_there() -> None:
    found = with_room(needed=10 * GIB, free=9 * GIB, total=9 * GIB)
    assert judge(found, "999 GB").decision is WARN


def test_the_reason_has_the_numbers() -> None:
    found = with_room(needed=11 * GIB, free=10 * GIB, total=12 * GIB)
    assert judge(found, "balanced").reason == (
        "It needs 11.0 GiB of GPU 0, where 10.0 GiB are free: 1.0 GiB too little."
    )
    close = with_room(needed=19 * GIB // 2, free=10 * GIB, total=12 * GIB)
    assert judge(close, "balanced").reason == (
        "It needs 9.5 GiB of GPU 0, where 10.0 GiB are free: less than 1.0 GiB would stay free."
    )
    never = with_room(needed=13 * GIB, free=10 * GIB, total=12 * GIB)
    assert judge(never, "relaxed").reason == (
        "It needs 13.0 GiB of GPU 0, where 12.0 GiB there are at all: 1.0 GiB too little."
    )


def test_ram_is_guarded_too() -> None:
    found = fit(dense("F16"), wanted(8192), machine(ram=12))
    refused = judge(found, "balanced")
    assert refused.decision is REFUSE
    assert "of RAM, where 12.0 GiB are free" in refused.reason


def test_weights_that_are_paged_are_warned_about_and_strict_refuses() -> None:
    found = fit(dense("F16"), wanted(8192), machine(ram=12))
    weights = found.estimate.weights
    warned = judge(found, "balanced", pageable=weights)
    assert warned.decision is WARN
    assert "of RAM, where 12.0 GiB are free: " in warned.reason
    assert warned.reason.endswith(
        " GiB of the weights are read from the file again and again, slowly."
    )
    assert judge(found, "relaxed", pageable=weights).decision is WARN
    assert judge(found, "strict", pageable=weights).decision is REFUSE
    assert judge(found, "balanced", pageable=weights // 8).decision is REFUSE
    assert judge(found, "9 GB", pageable=weights).decision is REFUSE


def test_a_machine_that_does_not_tell_its_ram_refuses_nothing() -> None:
    assert judge(fit(dense(), wanted(8192), Machine()), "strict").decision is ALLOW


def test_what_the_fit_places_itself_is_let_through() -> None:
    for gib in (2, 4, 6, 8, 24):
        found = fit(dense(), wanted(8192), machine(gib))
        assert judge(found, "strict").decision is ALLOW


def test_holders_are_named_with_the_largest_first() -> None:
    held = (
        Holder(0, 10, 3 * GIB, "ann", "llama-server", "qwen"),
        Holder(0, 11, 700 * MIB, "bob", "python"),
        Holder(0, 12, None, "", ""),
        Holder(0, 13, 1),
        Holder(1, 14, 9 * GIB, "bob", "other"),
    )
    where = replace(machine(8, 8), holders=held)
    found = fit(dense(), wanted(8192), where)
    assert holders_text(where, found.rooms[1], found.rooms) == (
        "qwen 3.0 GiB, python 11 of bob 0.7 GiB, process 12 and 1 more"
    )
    assert holders_text(where, found.rooms[2], found.rooms) == "other 14 of bob 9.0 GiB"
    assert holders_text(where, found.rooms[0], found.rooms) == ""
