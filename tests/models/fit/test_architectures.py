"""Every architecture that is estimated can be fitted, and then nothing is overfilled."""

import pytest

from termai.models.fit import fit, wanted
from tests.gguf.memory.architectures import ARCHITECTURES
from tests.models.fit.headers import machine
from tests.models.fit.test_verdict import check

MACHINES = (machine(24), machine(6, ram=32), machine(12, 8), machine(ram=16))


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_what_fits_overfills_nothing(name: str) -> None:
    header = ARCHITECTURES[name]().header()
    for where in MACHINES:
        check(fit(header, wanted(8192), where), where)
