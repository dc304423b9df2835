"""The layout of small graphs, worked out by hand, and what may be left out of large ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.gguf.memory import LoadOptions, compute, plan
from termai.gguf.memory.graph import Graph, Memory, Node
from termai.gguf.memory.hparams import hparams
from termai.gguf.memory.layers import layers
from tests.gguf.memory.architectures import ARCHITECTURES

KIB = 1024
MIXED = ("gemma-3-27b", "jamba-mini", "nemotron-nano-9b", "qwen3-next-80b", "deepseek-v2-lite",
         "llama-3-1-8b", "llama-4-scout", "glm-4-5-air", "lfm2-1-2b", "gemma-4-e4b")  # fmt: skip


def peak(graph: Graph, last: Node) -> int:
    graph.expand(last)
    last.kept = True
    return plan.planned(graph, []).peak([0])


def test_a_chain_takes_two_places_in_turn() -> None:
    graph = Graph()
    cur = graph.input(256)
    for _ in range(5):
        cur = graph.make(cur, shape=(256,))
    assert peak(graph, cur) == 2 * KIB


def test_what_is_done_in_place_takes_one() -> None:
    graph = Graph()
    cur = graph.make(graph.input(256), shape=(256,))
    for _ in range(5):
        cur = graph.change(cur)
    assert peak(graph, cur) == 2 * KIB


def test_what_is_needed_later_is_not_written_over() -> None:
    graph = Graph()
    source = graph.input(256)
    first = graph.make(source, shape=(256,))
    second = graph.change(first)
    assert peak(graph, graph.make(second, first, source, shape=(256,))) == 4 * KIB


def test_nothing_is_written_over_through_a_view() -> None:
    graph = Graph()
    cur = graph.make(graph.input(256), shape=(256,))
    assert peak(graph, graph.change(graph.view(cur))) == 2 * KIB


def test_a_view_keeps_what_it_looks_at() -> None:
    graph = Graph()
    source = graph.make(graph.input(64), shape=(256,))
    side = graph.view(source, 128)
    cur = source
    for _ in range(3):
        cur = graph.make(cur, shape=(256,))
    assert peak(graph, graph.make(cur, side, shape=(256,))) == 3 * KIB + 256


def test_an_input_without_use_stays() -> None:
    graph = Graph()
    graph.expand(graph.input(256))
    cur = graph.make(graph.input(256), shape=(256,))
    assert peak(graph, graph.make(cur, shape=(256,))) == 3 * KIB


def test_the_smallest_gap_is_taken_and_the_end_last() -> None:
    memory = Memory()
    places = [memory.take(size) for size in (96, 32, 64, 32)]
    memory.give(places[0], 96)
    memory.give(places[2], 64)
    assert memory.take(64) == 128
    assert memory.take(32) == 0
    assert memory.take(96) == 224


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=60))
def test_what_is_given_back_is_whole_again(steps: list[tuple[int, bool]]) -> None:
    memory = Memory()
    held: list[tuple[int, int]] = []
    for size, taken in steps:
        if taken or not held:
            place = memory.take(size * 32)
            assert all(place + size * 32 <= at or at + long <= place for at, long in held)
            held.append((place, size * 32))
        else:
            memory.give(*held.pop(size % len(held)))
    for place, size in held:
        memory.give(place, size)
    assert memory.offsets == [0]
    assert memory.peak >= sum(size for _, size in held)


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("flash", [True, False])
def test_layers_that_are_left_out_change_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, flash: bool
) -> None:
    header = ARCHITECTURES[name]().header()
    model = hparams(header)
    parts = layers(header, model)
    for ctx in (4096, 20_000, 131_072):
        at = compute.batch(model, LoadOptions(ctx_size=ctx, flash_attn=flash))
        short = compute.peak(model, at, parts, begin=compute.Begin.TOKENS, last=True)
        with monkeypatch.context() as patch:
            patch.setattr(compute, "reduced", lambda kinds: (range(len(kinds)),) * 2)
            patch.setattr(plan, "_repeated", lambda *_: 0)
            whole = compute.peak(model, at, parts, begin=compute.Begin.TOKENS, last=True)
        assert short == whole, ctx


def test_a_dense_model_is_as_the_formula_says() -> None:
    """4 bytes for each token's logits, its state before them, and the input of the graph."""
    header = ARCHITECTURES["llama-3-1-8b"]().header()
    model = hparams(header)
    at = compute.batch(model, LoadOptions(ctx_size=4096))
    found = compute.peak(model, at, layers(header, model), begin=compute.Begin.TOKENS, last=True)
    assert found == pytest.approx(4 * 512 * (128_256 + 2 * 4096), rel=1e-4)


def test_few_answers_leave_the_layers_as_the_largest_part() -> None:
    """As in llama-server: gate, up and their product, four states, the mask."""
    header = ARCHITECTURES["llama-3-1-8b"]().header()
    model = hparams(header)
    at = compute.batch(model, LoadOptions(ctx_size=8192, outputs=4))
    found = compute.peak(model, at, layers(header, model), begin=compute.Begin.TOKENS, last=True)
    expected = 4 * 512 * (3 * 14_336 + 4 * 4096) + 2 * 512 * 8192
    assert found == pytest.approx(expected, rel=1e-3)
