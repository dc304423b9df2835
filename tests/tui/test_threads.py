"""Blocking calls: in threads of our own, their failures told, never in the way of quitting."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from termai.errors import NotFoundError
from termai.tui.threads import Threads
from tests.tui.support import opened, toasts, until


async def test_returns_what_the_call_returns_and_raises_what_it_raises() -> None:
    threads = Threads()
    assert await threads.run(max, 2, 3) == 3
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    threads.close()


async def test_calls_run_side_by_side_in_no_more_threads_than_allowed() -> None:
    threads = Threads(2)
    both = threading.Barrier(2, timeout=10)
    await asyncio.gather(threads.run(both.wait), threads.run(both.wait))
    names = await asyncio.gather(*(threads.run(threading.current_thread) for _ in range(20)))
    assert len({thread.name for thread in names}) <= 2
    assert all(thread.daemon for thread in names)
    threads.close()


async def test_one_thread_is_used_again_rather_than_another_started() -> None:
    threads = Threads(4)
    idents = [await threads.run(threading.get_ident) for _ in range(5)]
    assert len(set(idents)) == 1
    threads.close()


async def test_the_loop_goes_on_while_a_call_blocks_and_a_cancelled_one_is_dropped() -> None:
    threads = Threads(1)
    release = threading.Event()
    blocked = asyncio.ensure_future(threads.run(release.wait, 10))
    ticks = 0
    while ticks < 5:
        await asyncio.sleep(0)
        ticks += 1
    blocked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await blocked
    release.set()
    assert await threads.run(lambda: "next") == "next"
    threads.close()


def test_a_call_that_blocks_does_not_hold_up_the_end_of_the_program() -> None:
    code = (
        "import asyncio, time\n"
        "from termai.tui.threads import Threads\n"
        "async def main():\n"
        "    task = asyncio.ensure_future(Threads().run(time.sleep, 60))\n"
        "    await asyncio.sleep(0.1)\n"
        "    task.cancel()\n"
        "asyncio.run(main())\n"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert time.monotonic() - began < 20
    assert done.stderr == b""


async def test_a_failure_in_the_background_is_told_and_the_program_goes_on() -> None:
    def missing() -> None:
        raise NotFoundError("There is no such thing.", fix="Make one.")

    def surprise() -> None:
        raise ValueError("unforeseen")

    async with opened() as (app, pilot):
        app.background(missing, group="test")
        app.background(surprise, group="test")
        await until(pilot, lambda: "There is no such thing. Make one." in toasts(app))
        await until(pilot, lambda: "Unexpected ValueError: unforeseen" in toasts(app))
