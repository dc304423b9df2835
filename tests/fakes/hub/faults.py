"""What goes wrong on the way of a file, planned by a test and taken request by request."""

import threading
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What goes wrong; ``after`` counts bytes of the answer's body.

    RESET: the connection is reset after so many bytes. STALL: nothing comes for ``seconds``
    after so many bytes. TRUNCATE: the connection is closed in good order after so many bytes.
    SHORT: the same, with a Content-Length that says so. FLIP: the byte there is another one.
    IGNORE_RANGE: the whole file, 200. WRONG_RANGE: 206 of other bytes than asked for.
    WRONG_ETAG, WRONG_SIZE: headers about another content. GZIP: a compressed answer. STATUS:
    the status with Retry-After when given. EXPIRED: 403 as for an old signature. OTHER: the
    right headers with other bytes.
    """

    RESET = "reset"
    STALL = "stall"
    TRUNCATE = "truncate"
    SHORT = "short"
    FLIP = "flip"
    IGNORE_RANGE = "ignore-range"
    WRONG_RANGE = "wrong-range"
    WRONG_ETAG = "wrong-etag"
    WRONG_SIZE = "wrong-size"
    GZIP = "gzip"
    STATUS = "status"
    EXPIRED = "expired"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: of which kind, for which paths, how often (-1 for ever), and at which server.

    match: part of the path, empty for all. where: ``files`` or ``hub``. method: GET or HEAD,
    empty for both.
    """

    kind: Kind
    after: int = 0
    times: int = 1
    match: str = ""
    where: str = "files"
    status: int = 500
    retry_after: str = ""
    seconds: float = 3600.0
    method: str = "GET"


@dataclass
class Faults:
    """The faults that are still to happen, shared by the threads of a server."""

    taken: list[Fault] = field(default_factory=list)
    _planned: list[list[object]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *faults: Fault) -> None:
        """Plan faults; of the same kind they happen one request after the other."""
        with self._lock:
            self._planned += [[fault, fault.times] for fault in faults]

    def clear(self) -> None:
        """Let everything go well from now on."""
        with self._lock:
            self._planned.clear()

    def take(self, path: str, where: str = "files", method: str = "GET") -> Fault | None:
        """Return the fault of this request, the first planned that matches it."""
        with self._lock:
            for entry in self._planned:
                fault, left = entry
                assert isinstance(fault, Fault)
                assert isinstance(left, int)
                if left and fault.match in path and fault.where == where:
                    if fault.method and fault.method != method:
                        continue
                    entry[1] = left - 1 if left > 0 else left
                    self.taken.append(fault)
                    return fault
        return None
