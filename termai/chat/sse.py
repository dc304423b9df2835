"""Server-sent events out of the bytes of a response, as they come and bounded in size.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html, of which the ``event``
and ``data`` fields matter here. llama-server has also sent errors in a field named ``error``.
"""

from typing import Final, NamedTuple

from termai.errors import UnreachableError

EVENT_LIMIT: Final = 1 << 20


class Event(NamedTuple):
    """One event: its name, empty for a plain one, and its data as UTF-8 bytes."""

    name: bytes
    data: bytes


class SseParser:
    """Turns chunks of bytes, split anywhere, into events; keeps at most ``limit`` bytes."""

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._limit = limit
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._name = b""
        self._data: list[bytes] = []
        self._data_size = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that ``chunk`` completes.

        Raises UnreachableError when a single event is larger than the limit.
        """
        if b"\n" not in chunk and b"\r" not in chunk:
            self._keep(chunk)
            return []
        lines = b"".join((*self._rest, chunk)).splitlines(keepends=True)
        self._rest, self._rest_size = [], 0
        if not lines[-1].endswith(b"\n"):
            self._keep(lines.pop())  # an unfinished line, or a CR whose LF may follow
        return [event for line in lines if (event := self._line(line.rstrip(b"\r\n")))]

    def flush(self) -> list[Event]:
        """Return what the end of the stream completes: a last event without its empty line."""
        lines = b"".join(self._rest).splitlines()
        self._rest, self._rest_size = [], 0
        return [event for line in (*lines, b"") if (event := self._line(line))]

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._finish()
        field, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if field == b"data":
            self._add(value)
        elif field == b"event":
            self._name = value
        elif field == b"error":
            self._name = field
            self._add(value)
        return None

    def _finish(self) -> Event | None:
        name, data = self._name, self._data
        self._name, self._data, self._data_size = b"", [], 0
        if not data:
            return None
        return Event(name, data[0] if len(data) == 1 else b"\n".join(data))

    def _add(self, value: bytes) -> None:
        self._data.append(value)
        self._data_size += len(value) + 1
        self._check()

    def _keep(self, fragment: bytes) -> None:
        self._rest.append(fragment)
        self._rest_size += len(fragment)
        self._check()

    def _check(self) -> None:
        if self._rest_size + self._data_size > self._limit:
            raise UnreachableError(
                f"The server sent a single event of more than {self._limit >> 10} KiB.",
                fix="That is no chat stream; check the address of the server.",
            )
