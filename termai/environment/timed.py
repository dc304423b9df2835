"""Waiting for what may hang in the system, such as the look-up of a name, and cannot be ended."""

import contextvars
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def within(limit_s: float, call: Callable[[], Result]) -> Result:
    """Return what a call returns, or raise what it raises; TimeoutError after ``limit_s`` seconds.

    The call sees the context of its caller. The thread of one that does not end is left behind.
    """
    done: queue.SimpleQueue[tuple[Result, ...] | BaseException] = queue.SimpleQueue()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            done.put((context.run(call),))
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            done.put(error)

    threading.Thread(target=work, name="within", daemon=True).start()
    try:
        answer = done.get(timeout=limit_s)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, BaseException):
        raise answer
    return answer[0]
