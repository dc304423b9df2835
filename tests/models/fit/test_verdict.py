"""Wholly, partly or not: whatever the machine, no device is overfilled and nothing is wasted."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from termai.gguf.memory import Estimate, LoadOptions, estimate
from termai.models.fit import AUTO, MARGIN, Fit, Machine, Verdict, fit, wanted
from tests.models.fit.headers import GIB, MIB, dense, machine, mixture

LAYERS = 33
SIZES = st.floats(0.5, 40)


def overfilled(found: Fit) -> bool:
    return any(room.needed and room.spare < room.margin for room in found.rooms)


def estimated(found: Fit, **changes: Any) -> Estimate:
    return estimate(dense(), replace(found.options, **changes))


def test_a_card_with_room_takes_everything() -> None:
    found = fit(dense(), wanted(32_768), machine(24))
    assert found.verdict is Verdict.FULL
    assert (found.n_gpu_layers, found.n_layers, found.n_cpu_moe) == (LAYERS, LAYERS, 0)
    assert found.ctx_size == 32_768
    assert found.max_ctx_size == found.max_full_ctx_size > 32_768
    assert found.missing == 0
    assert found.estimate == estimated(found)
    assert [room.name for room in found.rooms] == ["RAM", "GPU 0"]
    assert found.rooms[1].needed == found.estimate.devices[1].total


def test_the_largest_context_is_the_largest_that_fits() -> None:
    found = fit(dense(), wanted(8192), machine(8))
    assert found.verdict is Verdict.FULL
    assert found.max_ctx_size % 256 == 0
    usable = 8 * GIB - MARGIN
    assert estimated(found, ctx_size=found.max_ctx_size).devices[1].total <= usable
    assert estimated(found, ctx_size=found.max_ctx_size + 256).devices[1].total > usable


def test_the_largest_context_is_at_most_the_trained_one() -> None:
    found = fit(dense(), wanted(8192), machine(80))
    assert found.max_ctx_size == 131_072


def test_slots_that_divide_the_cache_are_not_offered_more_than_the_trained_context() -> None:
    options = wanted(8192, parallel=2, kv_unified=False)
    assert fit(dense(), options, machine(200)).max_ctx_size == 131_072


def test_without_a_context_slots_that_divide_the_cache_get_the_trained_one_each() -> None:
    options = wanted(0, parallel=2, kv_unified=False)
    assert fit(dense(), options, machine(200)).ctx_size == 2 * 131_072
    assert fit(dense(), options, machine(30)).ctx_size < 2 * 131_072
    assert fit(dense(), options, machine(4)).ctx_size == 2 * 4096


def test_without_a_context_the_most_that_fits_is_taken() -> None:
    found = fit(dense(), wanted(), machine(8))
    assert found.verdict is Verdict.FULL
    assert found.ctx_size == found.max_ctx_size < 131_072
    assert fit(dense(), wanted(), machine(40)).ctx_size == 131_072


def test_without_a_context_4096_is_the_least_before_layers_go() -> None:
    found = fit(dense(), wanted(), machine(4))
    assert (found.verdict, found.ctx_size) == (Verdict.PARTIAL, 4096)


def test_as_many_layers_as_fit() -> None:
    found = fit(dense(), wanted(8192), machine(4))
    assert found.verdict is Verdict.PARTIAL
    assert 0 < found.n_gpu_layers < LAYERS - 3
    more = estimated(found, n_gpu_layers=found.n_gpu_layers + 1).devices[1].total
    assert more > 4 * GIB - MARGIN
    assert found.max_ctx_size >= 8192 > found.max_full_ctx_size


def _loaded(layers: int) -> LoadOptions:
    return wanted(8192, parallel=1, n_gpu_layers=layers, n_cpu_moe=0)


def _with_layers_missing(count: int) -> Fit:
    """Fit on a card that holds all but so many layers."""
    part = estimate(dense(), _loaded(LAYERS - count)).devices[1]
    room = (part.total + MARGIN + 8 * MIB) / GIB
    return fit(dense(), wanted(8192, parallel=1), machine(room))


@pytest.mark.parametrize(("missing", "left"), [(1, 2), (2, 3), (3, 3), (4, 4)])
def test_two_or_three_layers_stay_on_the_cpu_rather_than_one(missing: int, left: int) -> None:
    found = _with_layers_missing(missing)
    assert found.verdict is Verdict.PARTIAL
    assert found.n_layers - found.n_gpu_layers == left


def test_ram_is_needed_for_what_is_not_on_the_card() -> None:
    found = fit(dense(), wanted(8192), machine(4, ram=1))
    assert found.verdict is Verdict.NONE
    assert found.rooms[0].missing > 0
    assert found.tightest.name == "RAM"


def test_without_a_card_everything_is_in_ram() -> None:
    found = fit(dense(), wanted(8192), machine(ram=16))
    assert (found.verdict, found.n_gpu_layers) == (Verdict.FULL, 0)
    assert [room.name for room in found.rooms] == ["RAM"]
    assert found.rooms[0].needed == found.estimate.devices[0].total
    assert found.max_ctx_size > 8192


def test_too_little_ram() -> None:
    found = fit(dense(), wanted(8192), machine(ram=4))
    assert (found.verdict, found.max_ctx_size) == (Verdict.NONE, 0)
    assert found.missing == found.rooms[0].needed + found.rooms[0].margin - 4 * GIB


def test_a_small_machine_keeps_a_smaller_margin_in_ram() -> None:
    assert fit(dense(), wanted(256), machine(ram=4)).rooms[0].margin == 256 * MIB
    assert fit(dense(), wanted(256), machine(ram=64)).rooms[0].margin == 1024 * MIB


def test_layers_asked_for_are_not_changed() -> None:
    few = fit(dense(), wanted(8192, n_gpu_layers=10), machine(24))
    assert (few.verdict, few.n_gpu_layers) == (Verdict.PARTIAL, 10)
    many = fit(dense(), wanted(8192, n_gpu_layers=999), machine(24))
    assert (many.verdict, many.n_gpu_layers) == (Verdict.FULL, LAYERS)
    over = fit(dense(), wanted(8192, n_gpu_layers=LAYERS), machine(4))
    assert (over.verdict, over.n_gpu_layers) == (Verdict.NONE, LAYERS)
    assert over.tightest.name == "GPU 0"


def test_no_layers_asked_for_is_ram_alone() -> None:
    found = fit(dense(), wanted(8192, n_gpu_layers=0), machine(24))
    assert (found.verdict, found.n_gpu_layers) == (Verdict.FULL, 0)


def test_experts_go_to_ram_before_layers_do() -> None:
    found = fit(mixture(), wanted(8192), machine(12))
    assert found.verdict is Verdict.PARTIAL
    assert found.n_gpu_layers == found.n_layers == 49
    assert 0 < found.n_cpu_moe < 48
    fewer = replace(found.options, n_cpu_moe=found.n_cpu_moe - 1)
    assert estimate(mixture(), fewer).devices[1].total > 12 * GIB - MARGIN


def test_experts_asked_for_are_not_changed() -> None:
    found = fit(mixture(), wanted(8192, n_cpu_moe=40), machine(12))
    assert (found.n_cpu_moe, found.n_gpu_layers) == (40, 49)


def test_a_mixture_that_fits_keeps_its_experts_on_the_card() -> None:
    found = fit(mixture(), wanted(8192), machine(40))
    assert (found.verdict, found.n_cpu_moe) == (Verdict.FULL, 0)


def test_unequal_cards_are_filled_layer_by_layer() -> None:
    """In proportion to the free memory the small cards would overflow: no layer is small enough."""
    found = fit(dense(), wanted(65_536), machine(12, 3, 3))
    assert found.verdict is Verdict.FULL
    assert len(found.options.tensor_split) == 3
    assert not overfilled(found)


def test_a_split_that_was_given_is_kept() -> None:
    options = wanted(8192, tensor_split=(3.0, 1.0))
    assert fit(dense(), options, machine(24, 24)).options.tensor_split == (3.0, 1.0)


def test_a_quantized_cache_leaves_more_context() -> None:
    small = wanted(8192, cache_type_k="q8_0", cache_type_v="q8_0")
    plain, quantized = (fit(dense(), o, machine(8)) for o in (wanted(8192), small))
    assert quantized.max_ctx_size > 1.7 * plain.max_ctx_size


def test_the_margin_can_be_chosen() -> None:
    tight = fit(dense(), wanted(8192), machine(6), margin=64 * MIB)
    loose = fit(dense(), wanted(8192), machine(6), margin=3072 * MIB)
    assert tight.n_gpu_layers > loose.n_gpu_layers


@settings(max_examples=60)
@given(st.lists(SIZES, max_size=3), SIZES, st.sampled_from((256, 5000, 32_768, 131_072)))
def test_what_fits_overfills_nothing(vram: list[float], ram: float, ctx_size: int) -> None:
    where = machine(*vram, ram=ram)
    found = fit(dense(), wanted(ctx_size), where)
    check(found, where)


@settings(max_examples=40)
@given(st.lists(SIZES, min_size=1, max_size=2), SIZES, st.sampled_from((256, 8192, 40_960)))
def test_a_mixture_that_fits_overfills_nothing(
    vram: list[float], ram: float, ctx_size: int
) -> None:
    where = machine(*vram, ram=ram)
    check(fit(mixture(), wanted(ctx_size), where), where)


def check(found: Fit, where: Machine) -> None:
    assert overfilled(found) == (found.verdict is Verdict.NONE)
    assert (found.missing > 0) == (found.verdict is Verdict.NONE)
    assert AUTO not in (found.n_gpu_layers, found.n_cpu_moe)
    assert 0 <= found.n_gpu_layers <= (found.n_layers if where.gpus else 0)
    if found.verdict is Verdict.FULL:
        assert found.n_gpu_layers == (found.n_layers if where.gpus else 0)
        assert found.n_cpu_moe == 0
        assert found.max_ctx_size >= found.ctx_size // 256 * 256
    if found.verdict is Verdict.PARTIAL:
        assert found.n_gpu_layers < found.n_layers or found.n_cpu_moe
    assert found.advice
    assert len(found.advice) < 300


def test_an_exact_answer_replaces_the_formula() -> None:
    asked: list[LoadOptions] = []

    def exact(options: LoadOptions) -> Estimate:
        asked.append(options)
        formula = estimate(dense(), options)
        ram, gpu = formula.devices
        return replace(formula, devices=(ram, replace(gpu, compute=gpu.compute + GIB)))

    formula = fit(dense(), wanted(8192), machine(4))
    told = fit(dense(), wanted(8192), machine(4), exact=exact)
    assert told.source == "llama.cpp"
    assert told.n_gpu_layers < formula.n_gpu_layers
    assert asked[0] == formula.options
    assert asked[-1] == told.options
    assert told.estimate == exact(told.options)


def test_an_engine_that_does_not_know_leaves_the_formula() -> None:
    found = fit(dense(), wanted(8192), machine(4), exact=lambda options: None)
    assert found == fit(dense(), wanted(8192), machine(4))
    assert found.source == "formula"
