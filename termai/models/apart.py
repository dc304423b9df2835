"""Blocking work on several disks at once, so that one that does not answer stops no other."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
Task = Callable[[Callable[[T], None]], None]

_hanging: dict[Hashable, threading.Thread] = {}


@dataclass(frozen=True, slots=True)
class Event(Generic[T]):
    """Something a task said, or its end: with a fault, as given up, or as it should."""

    key: Hashable
    value: T | None = None
    ended: bool = False
    stalled: bool = False
    fault: str = ""


class _GivenUpError(Exception):
    """Nobody listens to the task any more."""


class Apart(Generic[T]):
    """Runs each task in a thread of its own and gives up those that say nothing for long.

    A thread that a disk holds cannot be ended: it is left behind, ends when the disk answers,
    and until then a task of the same key is given up at once.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience = patience_s
        self._queue: SimpleQueue[Event[T]] = SimpleQueue()
        self._heard: dict[Hashable, float] = {}
        self._threads: dict[Hashable, threading.Thread] = {}

    def start(self, key: Hashable, task: Task[T]) -> None:
        """Begin a task, which is called with a function that tells a value."""
        self._heard[key] = time.monotonic()
        hanging = _hanging.get(key)
        if hanging is not None and hanging.is_alive():
            self._heard[key] -= self._patience
            return
        thread = threading.Thread(target=self._run, args=(key, task), name="looking", daemon=True)
        self._threads[key] = thread
        thread.start()

    def events(self) -> Iterator[Event[T]]:
        """Yield what the tasks tell until each has ended or was given up."""
        while self._heard:
            patience = min(self._heard.values()) + self._patience - time.monotonic()
            try:
                event = self._queue.get(timeout=max(0.0, patience))
            except Empty:
                yield from self._give_up()
                continue
            if event.key not in self._heard:
                continue  # from one that was given up
            if event.ended:
                del self._heard[event.key]
            else:
                self._heard[event.key] = time.monotonic()
            yield event

    def _give_up(self) -> Iterator[Event[T]]:
        now = time.monotonic()
        for key in [k for k, heard in self._heard.items() if now - heard >= self._patience]:
            del self._heard[key]
            if key in self._threads and self._threads[key].is_alive():
                _hanging[key] = self._threads[key]
            yield Event(key, ended=True, stalled=True)

    def _run(self, key: Hashable, task: Task[T]) -> None:
        def tell(value: T) -> None:
            if key not in self._heard:
                raise _GivenUpError
            self._queue.put(Event(key, value))

        try:
            task(tell)
            self._queue.put(Event(key, ended=True))
        except _GivenUpError:
            return
        except Exception as error:  # noqa: BLE001  told to whoever waits
            self._queue.put(Event(key, ended=True, fault=f"{type(error).__name__}: {error}"))
        finally:
            _hanging.pop(key, None)
