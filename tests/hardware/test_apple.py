"""The GPU of an Apple chip, by what sysctl prints."""

import sys

import pytest

from termai.hardware import apple
from termai.hardware.gpu import Gpu, Vendor


def answers(**told: str) -> apple.Ask:
    """Return sysctl with these answers; dots of a name are written as two underscores."""
    known = {name.replace("__", "."): text for name, text in told.items()}
    return lambda name: known.get(name, "")


def test_a_chip_of_apples_has_a_gpu_in_the_machines_memory() -> None:
    ask = answers(machdep__cpu__brand_string="Apple M2 Max", iogpu__wired_limit_mb="0")
    assert apple.described(ask) == (Gpu(0, "Apple M2 Max GPU", vendor=Vendor.APPLE),)


def test_a_limit_that_somebody_set_is_its_memory() -> None:
    ask = answers(machdep__cpu__brand_string="Apple M1", iogpu__wired_limit_mb="12288")
    (gpu,) = apple.described(ask)
    assert gpu.memory_total == 12 << 30


@pytest.mark.parametrize("brand", ["", "Intel(R) Core(TM) i9-9880H CPU @ 2.30GHz"])
def test_other_processors_have_none(brand: str) -> None:
    assert apple.described(answers(machdep__cpu__brand_string=brand)) == ()


def test_what_sysctl_does_not_say_is_not_known() -> None:
    ask = answers(machdep__cpu__brand_string="Apple M3", iogpu__wired_limit_mb="none")
    (gpu,) = apple.described(ask)
    assert gpu.memory_total is None


def test_elsewhere_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(apple, "_told", lambda name: pytest.fail(name))
    assert apple.read() == ()
