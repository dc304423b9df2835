"""The curve: points that are estimates, and a drawing that fits where it is drawn."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.gguf.memory import estimate
from termai.models.fit import Curve, Line, Point, curve, draw, wanted
from tests.models.fit.headers import GIB, MIB, dense, machine


def test_the_points_are_estimates() -> None:
    found = curve(dense(), wanted(), machine(12))
    assert [line.cache_type for line in found.lines] == ["f16", "q8_0", "q4_0"]
    for line in found.lines:
        contexts = [point.ctx_size for point in line.points]
        assert contexts == sorted(set(contexts))
        assert (contexts[0], contexts[-1]) == (1024, 131_072)
        point = line.points[7]
        options = wanted(
            point.ctx_size,
            n_gpu_layers=33,
            n_cpu_moe=0,
            cache_type_k=line.cache_type,
            cache_type_v=line.cache_type,
        )
        assert estimate(dense(), options).devices[1].total == point.bytes
    assert (found.where, found.free, found.usable) == ("VRAM", 12 * GIB, 11 * GIB)


def test_without_a_card_it_is_ram() -> None:
    found = curve(dense(), wanted(), machine(ram=32))
    assert (found.where, found.free, found.usable) == ("RAM", 32 * GIB, 31 * GIB)
    point = found.lines[0].points[0]
    options = replace(wanted(point.ctx_size), n_gpu_layers=0, n_cpu_moe=0)
    assert estimate(dense(), options).devices[0].total == point.bytes


def test_several_cards_are_summed() -> None:
    found = curve(dense(), wanted(), machine(12, 8))
    assert found.free == 20 * GIB
    assert found.usable == 18 * GIB


def test_without_flash_attention_there_is_one_type() -> None:
    found = curve(dense(), wanted(flash_attn=False), machine(12))
    assert [line.cache_type for line in found.lines] == ["f16"]


def test_the_drawing() -> None:
    drawn = draw(curve(dense(), wanted(), machine(12)), 76, 16)
    assert drawn[0] == "VRAM in GiB:  ● f16  ▲ q8_0  ■ q4_0"
    assert drawn[-1] == "┄┄┄ 11.0 GiB usable of 12.0 GiB free"
    assert drawn[-2].split() == ["1k", "2k", "4k", "8k", "16k", "32k", "64k"]
    assert sum("┄┄┄┄┄" in line for line in drawn) == 1
    assert drawn[1].rstrip().endswith("●")
    assert len(drawn) <= 16


def test_a_small_model_has_a_scale_in_mib() -> None:
    points = (Point(1024, 300 * MIB), Point(4096, 900 * MIB))
    drawn = draw(Curve((Line("f16", points),), "RAM", 8 * GIB, 7 * GIB), 60, 14)
    assert drawn[0] == "RAM in MiB:  ● f16"
    assert [line.split()[0] for line in drawn[1:-3] if line[:5].strip()][-2:] == ["189", "0"]
    assert drawn[-1] == "7.0 GiB usable of 8.0 GiB free, above"


def test_ascii_is_ascii() -> None:
    drawn = draw(curve(dense(), wanted(), machine(12)), 50, 12, ascii_only=True)
    assert all(line.isascii() for line in drawn)
    assert drawn[0] == "VRAM in GiB:  * f16  + q8_0  o q4_0"


def test_what_is_far_above_is_named_below_the_drawing() -> None:
    drawn = draw(curve(dense(), wanted(), machine(ram=512)), 60, 12)
    assert drawn[-1] == "511.0 GiB usable of 512.0 GiB free, above"


POINTS = st.lists(
    st.builds(Point, st.integers(256, 1 << 24), st.integers(0, 1 << 44)), min_size=1, max_size=40
)


@given(
    POINTS,
    st.integers(0, 1 << 44),
    st.integers(48, 200),
    st.integers(8, 60),
    st.booleans(),
)
def test_any_curve_is_drawn_within_its_size(
    points: list[Point], usable: int, width: int, height: int, ascii_only: bool
) -> None:
    ordered = tuple(sorted(points))
    lines = tuple(Line(name, ordered) for name in ("f16", "q8_0", "q4_0"))
    drawn = draw(Curve(lines, "VRAM", usable, usable), width, height, ascii_only=ascii_only)
    assert len(drawn) <= height
    assert all(len(line) <= width for line in drawn)


@pytest.mark.parametrize("trained", [256, 512, 1024, 4096])
def test_a_short_context(trained: int) -> None:
    points = (Point(min(256, trained), 5), Point(trained, 9))
    drawn = draw(Curve((Line("f16", points),), "RAM", 7, 7))
    assert len(drawn) <= 14
