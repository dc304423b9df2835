"""The log view: opening a log of 1 GB, and following 100,000 lines per second."""

import asyncio
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from textual.app import ComposeResult
from textual.screen import Screen

from benchmarks.measure import Ratio, ratio_of_medians, seconds
from termai.tui.log_index import LogIndex
from termai.tui.widgets.log_view import LogView
from tests.tui.support import opened, screen_text, until

LINE = "0.00.123.456 I slot update_slots: id  0 | task 0 | progress, n = {:09}\n"
GB, MB = 1 << 30, 1 << 20
PER_SECOND = 100_000
SECONDS = 5
STEPS_PER_SECOND = 20


def run() -> Iterator[Ratio]:
    """Compare a large log with a small one, then write to a log that is being followed."""
    with tempfile.TemporaryDirectory(prefix="termai-bench-") as directory:
        small, large = _log(Path(directory) / "small", MB), _log(Path(directory) / "large", GB)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        value, note = ratio_of_medians(lambda: _opening(large), lambda: _opening(small), rounds=11)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        yield Ratio("opening a log of 1 GB / of 1 MB", value, 3.0, note=note)
        yield Ratio("memory for a log of 1 GB", grown, 64.0, " MiB")
        followed = Path(directory) / "followed"
        followed.write_text(LINE.format(0))
        lag, share = asyncio.run(_following(followed))
        yield Ratio("behind 100,000 lines/s at their end", lag, 1.0, " s")
        yield Ratio("processor share meanwhile, the writer's too", share, 100.0, "%")


def _log(path: Path, size: int) -> Path:
    block = LINE.format(0).encode() * 4096
    with path.open("wb") as stream:
        while stream.tell() < size:
            stream.write(block)
    return path


def _opening(path: Path) -> float:
    def open_and_read_the_end() -> None:
        index = LogIndex(path)
        index.text(index.end - 1)
        index.close()

    return seconds(open_and_read_the_end)


class _Viewer(Screen[None]):
    """A log view and nothing else."""

    def compose(self) -> ComposeResult:
        yield LogView()


async def _following(path: Path) -> tuple[float, float]:
    """Return seconds behind at the end, and the share of one core in per cent."""
    async with opened() as (app, pilot):
        await app.push_screen(_Viewer())
        view = app.screen.query_one(LogView)
        view.show(path)
        cpu, start = time.process_time(), time.monotonic()
        last = await _write(path, start)
        written = time.monotonic()
        await until(pilot, lambda: f"{last:09}" in screen_text(app))
        shown = time.monotonic()
        return shown - written, 100 * (time.process_time() - cpu) / (shown - start)


async def _write(path: Path, start: float) -> int:
    """Append lines at the pace of PER_SECOND and return the number of the last one."""
    number = 0
    with path.open("a") as stream:
        for step in range(SECONDS * STEPS_PER_SECOND):
            due = start + step / STEPS_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            upto = number + PER_SECOND // STEPS_PER_SECOND
            stream.writelines(LINE.format(n) for n in range(number + 1, upto + 1))
            stream.flush()
            number = upto
    return number
