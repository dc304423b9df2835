"""NVIDIA's GPUs behind a fake driver: everything that is told, and drivers that come and go.

What the cards tell is recorded (tests/fakes/recorded/nvml-*.json).
"""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from termai.hardware import gpus, nvidia, nvml
from termai.hardware.gpu import Gpu, Instance, Link
from termai.hardware.nvml import Driver
from tests.fakes import nvml as fake
from tests.fakes.nvml import Card

MIB = 1 << 20
(RTX_3090,) = fake.recorded("one-gpu")


def test_everything_that_a_card_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.install_recorded(monkeypatch, "one-gpu")
    (gpu,) = nvidia.read()
    assert gpu == Gpu(
        index=0,
        name="NVIDIA GeForce RTX 3090",
        memory_used=318 * MIB,
        memory_total=24_576 * MIB,
        utilization=0,
        temperature=37,
        uuid="GPU-12345678-aaaa-bbbb-cccc-0123456789ab",
        power=27.23,
        power_limit=200.0,
        clock=0,
        clock_max=2_100,
        memory_clock=405,
        memory_clock_max=9_751,
        link=Link(1, 16, 4, 16),
        fan=0,
        compute_capability=(8, 6),
        compute_mode="default",
        persistence=True,
    )
    assert nvidia.driver_version() == "525.147.05"
    assert nvidia.cuda_version() == (12, 0)


def test_what_holds_the_clocks_down_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.install(monkeypatch, replace(RTX_3090, reasons=0x4))
    assert nvidia.read()[0].throttle == ("power limit",)


def test_eight_cards_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [
        replace(card, uuid=f"GPU-{number}")
        for number, card in enumerate(fake.recorded("eight-gpus"))
    ]
    fake.install(monkeypatch, *cards)
    assert [(gpu.index, gpu.uuid) for gpu in nvidia.read()] == [(n, f"GPU-{n}") for n in range(8)]


def test_a_divided_card_tells_its_parts_and_is_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake.install_recorded(monkeypatch, "mig")
    (gpu,) = nvidia.read()
    assert gpu.mig
    assert gpu.utilization is None
    assert gpu.ecc_errors == 0
    assert gpu.instances[1] == Instance(
        "NVIDIA A100-SXM4-80GB MIG 2g.20gb", "MIG-1", 13 * MIB, 19_968 * MIB
    )
    assert len(gpu.instances) == 4


def test_a_card_without_a_power_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.install_recorded(monkeypatch, "no-power-reading")
    (gpu,) = nvidia.read()
    assert (gpu.power, gpu.power_limit, gpu.fan) == (None, 30.0, 35)


def test_a_card_that_is_lost_from_the_start_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.install_recorded(monkeypatch, "lost-gpu")
    here, gone = nvidia.read()
    assert (here.lost, here.power, gone.lost, gone.index) == (False, 31.0, True, 1)


@pytest.mark.parametrize("kind", fake.KINDS)
def test_every_recording_names_its_source_and_its_driver(kind: str) -> None:
    told = fake._recording(kind)
    assert "https://" in told["source"]
    assert told["driver_version"]
    assert told["cards"]


def test_a_card_that_falls_off_the_bus_keeps_its_place_and_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = fake.install(monkeypatch, RTX_3090, Card(name="Other", uuid="GPU-b"))
    nvidia.read()
    _set(module, cards=(Card(lost=True), Card(name="Other", uuid="GPU-b")))
    first, second = nvidia.read()
    assert first == Gpu(0, "NVIDIA GeForce RTX 3090", uuid=str(RTX_3090.uuid), lost=True)
    assert (second.index, second.name, second.lost) == (1, "Other", False)


def test_another_card_in_the_same_place_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    module = fake.install(monkeypatch, RTX_3090)
    nvidia.read()
    _set(module, cards=(Card(name="Other", uuid="GPU-b", clock_max=900),))
    (gpu,) = nvidia.read()
    assert (gpu.name, gpu.clock_max, gpu.compute_capability) == ("Other", 900, None)


def test_a_driver_that_goes_is_no_error_and_one_that_comes_back_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr(nvml, "monotonic", lambda: now[0])
    module = fake.install(monkeypatch, RTX_3090)
    assert len(gpus.read()) == 1
    _set(module, failing="NVML_ERROR_DRIVER_NOT_LOADED")
    assert gpus.read() == ()
    assert _driver() is Driver.NOT_LOADED
    opened = _opened(module)
    assert gpus.read() == ()
    assert _opened(module) == opened  # not asked again at every look
    _set(module, failing="")
    now[0] += nvml.RETRY_S
    assert len(gpus.read()) == 1
    assert _driver() is Driver.READY


@pytest.mark.parametrize(
    ("failure", "driver"),
    [
        ("NVML_ERROR_LIB_RM_VERSION_MISMATCH", Driver.MISMATCH),
        ("NVML_ERROR_DRIVER_NOT_LOADED", Driver.NOT_LOADED),
        ("NVML_ERROR_NO_PERMISSION", Driver.NO_PERMISSION),
        ("NVML_ERROR_LIBRARY_NOT_FOUND", Driver.NO_LIBRARY),
        ("NVML_ERROR_UNKNOWN", Driver.FAILED),
    ],
)
def test_why_there_is_no_driver(
    monkeypatch: pytest.MonkeyPatch, failure: str, driver: Driver
) -> None:
    fake.install(monkeypatch, driver=False, failure=failure)
    assert nvidia.read() == ()
    assert nvml.session.driver is driver


def _set(module: ModuleType, **values: object) -> None:
    for name, value in values.items():
        setattr(module, name, value)


def _opened(module: ModuleType) -> int:
    return int(module.opened)


def _driver() -> Driver:
    return nvml.session.driver


def test_who_asks_while_the_driver_is_being_opened_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module: Any = fake.install(monkeypatch, Card())
    begun, go_on, init = threading.Event(), threading.Event(), module.nvmlInit

    def slow() -> None:
        begun.set()
        go_on.wait(10)
        init()

    module.nvmlInit = slow
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(nvidia.read)
        assert begun.wait(10)
        second = pool.submit(nvidia.read)
        early, _ = wait([second], timeout=0.2)
        go_on.set()
    assert not early
    assert len(first.result()) == len(second.result()) == 1


def test_a_driver_that_hangs_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = fake.install(monkeypatch, Card())
    monkeypatch.setattr(nvml, "OPENING_S", 0.05)
    fake.forget(monkeypatch)
    begun, go_on, init = threading.Event(), threading.Event(), module.nvmlInit

    def hang() -> None:
        begun.set()
        go_on.wait(10)
        init()

    module.nvmlInit = hang
    with ThreadPoolExecutor(1) as pool:
        hung = pool.submit(nvidia.read)
        assert begun.wait(10)
        assert nvidia.read() == ()
        meanwhile = nvml.session.driver
        assert "no answer" in nvml.session.message
        assert nvml.session._wait_s == 0
        go_on.set()
    assert len(hung.result()) == 1
    assert [meanwhile, nvml.session.driver] == [Driver.FAILED, Driver.READY]
