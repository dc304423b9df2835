"""What looking at the machine costs: one sample of all that screens show, every two seconds."""

import time
from collections.abc import Iterator

from benchmarks.measure import Ratio
from termai.hardware import Sampler

SAMPLES = 300
INTERVAL_S = 2.0  # between the looks of the open program (tui.app.POLL_SECONDS)


def run() -> Iterator[Ratio]:
    """Sample the machine again and again; say what share of a core that is at the usual pace."""
    sampler = Sampler()
    sampler.sample()
    before = time.process_time()
    for _ in range(SAMPLES):
        sampler.sample()
    each = (time.process_time() - before) / SAMPLES
    yield Ratio("processor share of sampling the machine", 100 * each / INTERVAL_S, 0.5, "%")
