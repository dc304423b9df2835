"""Watching a server for as long as it is wanted, and saying what changes.

The lines are read by ``servers/events.py`` and ``servers/causes_remote.py``.
"""

import time
from collections.abc import Callable

from termai.engines.watcher.looking import Seen, Server, State

Say = Callable[[str], None]
Sleep = Callable[[float], None]

PATIENCE_S = 5.0  # seconds for which a server may be away before it is given up at the start
EAGER_S = 0.25  # seconds between two looks until it is ready
EVERY_S = 5.0  # and from then on
MISSES = 2  # looks in vain after which a server that was ready counts as away
EXIT_CODES = {State.AWAY: 6, State.DENIED: 3, State.STRANGE: 4, State.MISSING: 5}
"""How the watcher ends where the server is not what was asked for at the start."""


class Watch:
    """A watch over one server; ``sleep`` and ``clock`` count seconds."""

    def __init__(
        self,
        server: Server,
        say: Say,
        sleep: Sleep = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._say = say
        self._sleep = sleep
        self._clock = clock
        self._told: State | None = None
        self._context = 0

    def run(self) -> int:
        """Return an exit code where the server is none at the start; else never."""
        code = self._begin()
        if code:
            return code
        misses = 0
        while True:
            self._sleep(EVERY_S)
            seen = self._server.look()
            misses = 0 if seen.state is State.READY else misses + 1
            if not misses or misses >= MISSES or seen.state is State.LOADING:
                self._tell(seen)

    def _begin(self) -> int:
        """Wait until the server is ready, for as long as it loads; returns 0 when it is."""
        away_since = self._clock()
        while True:
            seen = self._server.look()
            if seen.state is State.READY:
                self._tell(seen)
                return 0
            if seen.state is State.LOADING:
                self._tell(seen)
                away_since = self._clock()
            elif seen.state is not State.AWAY or self._clock() - away_since > PATIENCE_S:
                self._say(f"watch: error: {seen.state}: {seen.words}")
                return EXIT_CODES[seen.state]
            self._sleep(EAGER_S)

    def _tell(self, seen: Seen) -> None:
        if seen.context not in (0, self._context) and seen.state is State.READY:
            self._context = seen.context
            self._say(f"watch: context: {seen.context} tokens")
        if seen.state is self._told:
            return
        self._told = seen.state
        word = seen.state if seen.state in (State.READY, State.LOADING) else State.AWAY
        self._say(f"watch: {word}: {seen.words}")
