"""NVIDIA's GPUs behind a fake driver: everything that is told, and drivers that come and go.

The values are those that `nvidia-smi -q` of the named cards prints in NVIDIA's and its users'
published reports; no card was at hand to record.
"""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from types import ModuleType
from typing import Any

import pytest

from termai.hardware import gpus, nvidia, nvml
from termai.hardware.gpu import Gpu, Instance, Link
from termai.hardware.nvml import Driver
from tests.fakes import nvml as fake
from tests.fakes.nvml import Card, Part

MIB = 1 << 20
RTX_4090 = Card(
    name="NVIDIA GeForce RTX 4090",
    uuid="GPU-8a56a4bc-e184-a047-2620-be19fdf913d5",
    used=1_204 * MIB,
    total=24_564 * MIB,
    gpu=97,
    celsius=71,
    milliwatts=412_530,
    limit_milliwatts=450_000,
    clock=2_520,
    clock_max=3_105,
    memory_clock=10_251,
    memory_clock_max=10_501,
    reasons=0x4,
    link=(4, 16, 4, 16),
    fan=64,
    capability=(8, 9),
    mode=0,
    persistence=0,
)
A100 = Card(
    name="NVIDIA A100-SXM4-40GB",
    uuid="GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77",
    used=1_053 * MIB,
    total=40_960 * MIB,
    gpu=None,
    celsius=29,
    milliwatts=43_600,
    limit_milliwatts=400_000,
    capability=(8, 0),
    ecc=0,
    mode=0,
    persistence=1,
    mig=1,
    parts=(
        Part("NVIDIA A100-SXM4-40GB MIG 3g.20gb", "MIG-a", 11 * MIB, 19_968 * MIB),
        Part("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "MIG-b", 3 * MIB, 4_864 * MIB),
    ),
)


def test_everything_that_a_card_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.install(monkeypatch, RTX_4090)
    (gpu,) = nvidia.read()
    assert gpu == Gpu(
        index=0,
        name="NVIDIA GeForce RTX 4090",
        memory_used=1_204 * MIB,
        memory_total=24_564 * MIB,
        utilization=97,
        temperature=71,
        uuid="GPU-8a56a4bc-e184-a047-2620-be19fdf913d5",
        power=412.53,
        power_limit=450.0,
        clock=2_520,
        clock_max=3_105,
        memory_clock=10_251,
        memory_clock_max=10_501,
        throttle=("power limit",),
        link=Link(4, 16, 4, 16),
        fan=64,
        compute_capability=(8, 9),
        compute_mode="default",
        persistence=False,
    )
    assert nvidia.driver_version() == "570.86.10"
    assert nvidia.cuda_version() == (12, 8)


def test_eight_cards_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [Card(name="NVIDIA H100 80GB HBM3", uuid=f"GPU-{number}") for number in range(8)]
    fake.install(monkeypatch, *cards)
    assert [(gpu.index, gpu.uuid) for gpu in nvidia.read()] == [(n, f"GPU-{n}") for n in range(8)]


def test_a_divided_card_tells_its_parts_and_is_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake.install(monkeypatch, A100)
    (gpu,) = nvidia.read()
    assert gpu.mig
    assert gpu.utilization is None
    assert gpu.ecc_errors == 0
    assert gpu.instances[1] == Instance(
        "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "MIG-b", 3 * MIB, 4_864 * MIB
    )
    assert len(gpu.instances) == 2


def test_a_card_without_a_power_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    fake.install(monkeypatch, Card(name="NVIDIA GeForce GT 1030", uuid="GPU-a", fan=30))
    (gpu,) = nvidia.read()
    assert (gpu.power, gpu.power_limit, gpu.fan, gpu.link) == (None, None, 30, None)


def test_a_card_that_falls_off_the_bus_keeps_its_place_and_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = fake.install(monkeypatch, RTX_4090, Card(name="Other", uuid="GPU-b"))
    nvidia.read()
    _set(module, cards=(Card(lost=True), Card(name="Other", uuid="GPU-b")))
    first, second = nvidia.read()
    assert first == Gpu(0, "NVIDIA GeForce RTX 4090", uuid=str(RTX_4090.uuid), lost=True)
    assert (second.index, second.name, second.lost) == (1, "Other", False)


def test_another_card_in_the_same_place_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    module = fake.install(monkeypatch, RTX_4090)
    nvidia.read()
    _set(module, cards=(Card(name="Other", uuid="GPU-b", clock_max=900),))
    (gpu,) = nvidia.read()
    assert (gpu.name, gpu.clock_max, gpu.compute_capability) == ("Other", 900, None)


def test_a_driver_that_goes_is_no_error_and_one_that_comes_back_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr(nvml, "monotonic", lambda: now[0])
    module = fake.install(monkeypatch, RTX_4090)
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
