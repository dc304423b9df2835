"""Blocking calls from screens: made in a thread, answered with a message, never left unheard."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerState

from termai.tui.messages import Failed

if TYPE_CHECKING:
    from textual.message import Message

    from termai.tui.app import TermaiApp
    from termai.tui.threads import Threads

T = TypeVar("T")


class Background(MessagePump):
    """Gives a screen or widget ``background``; a failing worker becomes one Failed message."""

    def background(
        self,
        work: Callable[[], T],
        then: Callable[[T], Message] | None = None,
        *,
        group: str,
        exclusive: bool = False,
        threads: Threads | None = None,
    ) -> Worker[None]:
        """Call ``work`` in one of the program's threads, then post ``then(result)`` to self.

        ``exclusive`` drops the results of calls of the same group that have not ended. Calls
        that may wait long, as for a hub, come with ``threads`` of their own.
        """

        async def run() -> None:
            result = await (threads or program(self).threads).run(work)
            if then is not None:
                self.post_message(then(result))

        return self.flow(run, group=group, exclusive=exclusive)

    def flow(
        self,
        work: Callable[[], Coroutine[Any, Any, None]],
        *,
        group: str,
        exclusive: bool = False,
    ) -> Worker[None]:
        """Run an asynchronous function as a worker; ``exclusive`` cancels others of its group."""
        run_worker: Callable[..., Worker[None]] = self.run_worker  # type: ignore[attr-defined]
        return run_worker(work, group=group, exclusive=exclusive, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Turn the failure of any worker of this node into a message."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            self.post_message(Failed.of(error))


def program(node: MessagePump) -> TermaiApp:
    """Return the running program with its own type."""
    from termai.tui.app import TermaiApp

    app = node.app
    assert isinstance(app, TermaiApp)  # noqa: S101 - the only application of this package
    return app
