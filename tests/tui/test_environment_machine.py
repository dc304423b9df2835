"""The lines that say what the machine does: GPUs of every kind, and bars of the last minutes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.hardware import Gpu, Snapshot, gpus
from termai.hardware.gpu import Instance, Link, Vendor
from termai.hardware.holders import Holder
from termai.tui.environment_machine import full, short, spark
from tests.fakes import nvml

WHOLE = Gpu(
    0, "RTX 4090", 18 << 30, 24 << 30, 63, 71, power=320.4, power_limit=450.0, clock=2520,
    clock_max=3105, fan=45, link=Link(4, 16, 4, 16), throttle=("power limit",),
)  # fmt: skip


def past(measure: str, gpu: int | None = None) -> tuple[float, ...]:
    return (0.0, 50.0, 100.0)


def lines(shot: Snapshot, *holders: Holder, width: int = 60) -> str:
    return "\n".join(line.plain for line in full(shot, past, holders, width))


def test_a_gpu_tells_power_clock_fan_link_and_what_holds_it_down() -> None:
    told = lines(Snapshot(gpus=(WHOLE,)))
    assert "320/450W" in told
    assert "2520/3105 MHz, fan 45%, PCIe 4 x16" in told
    assert "held down by power limit" in told


def test_what_is_not_readable_is_left_out() -> None:
    told = lines(Snapshot(gpus=(Gpu(0, "T4"),)))
    assert told.splitlines()[:2] == ["GPU 0 T4", ""]
    assert lines(Snapshot()).splitlines()[0] == "No GPU that a driver tells of."


def test_a_lost_gpu_and_the_parts_of_a_divided_one_are_named() -> None:
    parts = (Instance("1g.10gb", memory_used=1 << 30, memory_total=10 << 30),)
    shot = Snapshot(gpus=(Gpu(0, "A100", lost=True), Gpu(1, "A100", mig=True, instances=parts)))
    assert "lost" in lines(shot)
    assert "1.0/10G  1g.10gb" in lines(shot)
    assert "needs a reset or a reboot" in lines(shot)
    assert "lost" in short(shot, past, 80)[0].plain


def test_eight_gpus_take_few_lines_where_there_is_little_room() -> None:
    shot = Snapshot(gpus=tuple(Gpu(n, "H100", 1 << 30, 80 << 30, 5, 40) for n in range(8)))
    told = [line.plain for line in short(shot, past, 80)]
    assert len(told) == 6
    assert told[4] == "and 4 more GPUs: m shows all"
    assert lines(shot).count("H100") == 8


def test_holders_are_named_by_server_by_user_or_by_number() -> None:
    held = (
        Holder(0, 1, 5 << 30, "ada", "llama-server", "qwen"),
        Holder(0, 2, None, "bob", "blend\x1b[31mer"),
        Holder(0, 3, 1 << 20),
    )
    told = lines(Snapshot(gpus=(WHOLE,)), *held)
    assert "5.0G  server qwen" in told
    assert "?  bob blender" in told
    assert "process 3" in told


def test_many_gpus_take_a_line_each_that_all_can_be_seen_at_once() -> None:
    shot = Snapshot(gpus=tuple(Gpu(n, "H100", 1 << 30, 80 << 30, 5, 40) for n in range(8)))
    told = lines(shot, Holder(3, 1, 5 << 30, server="qwen"))
    assert len(told.splitlines()) == 8 + 1 + 2
    assert told.splitlines()[4] == "    5.0G  server qwen"


def test_holders_are_shown_only_beside_the_cards_of_their_driver() -> None:
    cards = (WHOLE, replace(WHOLE, name="RX 7900", vendor=Vendor.AMD))
    assert lines(Snapshot(gpus=cards), Holder(0, 1, 5 << 30, server="qwen")).count("qwen") == 1


def test_a_link_below_what_it_can_says_so() -> None:
    assert Link(4, 16, 4, 16).text == "PCIe 4 x16"
    assert Link(1, 4, 4, 16).text == "PCIe 1/4 x4/16"
    assert Link(None, 16).text == ""


def test_histories_are_as_long_as_there_is_room_and_tell_their_scale() -> None:
    def long(measure: str, gpu: int | None = None) -> tuple[float, ...]:
        return tuple(float(n) for n in range(100))

    shot = Snapshot(cpu_percent=9.0, net_sent=99.0)
    for width, cells in ((60, 37), (83, 60), (200, 60)):
        cpu, sent, scale = (line.plain for line in list(full(shot, long, (), width))[1:])
        assert len(cpu.split()[2]) == cells
        assert sent.endswith("top 99B/s")
        assert scale == "Bars: full is 100%, 100C, power limit."


@pytest.mark.parametrize("kind", nvml.KINDS)
@pytest.mark.parametrize("width", [38, 78])
def test_recorded_cards_tell_memory_and_heat_in_narrow_lines(
    monkeypatch: pytest.MonkeyPatch, kind: str, width: int
) -> None:
    nvml.install_recorded(monkeypatch, kind)
    shot = Snapshot(gpus=gpus.read_all())
    for gpu, line in zip(shot.gpus, short(shot, past, width), strict=False):
        if gpu.lost:
            assert "lost" in line.plain
        elif gpu.index < 4:
            assert f"{gpu.temperature}C" in line.plain


def test_a_gpu_in_a_narrow_line_tells_its_power_without_the_limit() -> None:
    shot = Snapshot(gpus=(WHOLE,))
    assert "71C  320W" in short(shot, past, 45)[0].plain
    assert "71C  320/450W" in short(shot, past, 78)[0].plain


@pytest.mark.parametrize("width", [20, 37, 200])
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    shot = Snapshot(gpus=(WHOLE,), cpu_percent=99.0, ram_used=1 << 30, ram_total=24 << 30)
    holder = Holder(0, 1, 5 << 30, "ada" * 20, "python" * 9)
    assert all(line.cell_length <= width for line in full(shot, past, (holder,), width))
    assert all(line.cell_length <= width for line in short(shot, past, width))


@given(
    st.lists(st.floats(-1e3, 1e12)), st.integers(1, 30), st.sampled_from([None, 100.0, 450.0])
)  # fmt: skip
def test_a_bar_for_each_of_the_last_values(
    values: list[float], cells: int, most: float | None
) -> None:
    assert len(spark(values, cells, most)) == min(len(values), cells)


def test_bars_rise_with_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TERMAI_ASCII", raising=False)
    assert spark((0.0, 100.0), 2)[0] != spark((0.0, 100.0), 2)[1]
    monkeypatch.setenv("TERMAI_ASCII", "1")
    assert spark((0.0, 50.0, 100.0), 3) == "_+#"
    assert spark((0.0, 0.0), 2, None) == "__"
