"""What several checks need, found out once."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Calls a function at the first call; every other call, in any thread, gets that answer.

    What the function raises is raised each time.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        """Return the answer, waiting for it where another thread is asking."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]
