"""Hashing a file while it grows, in a thread of its own that reads it from the page cache.

hashlib lets go of Python's lock for large pieces, so receiving and hashing share two cores; a
download that goes on hashes what is there from before in the same way while it receives.
"""

import hashlib
import os
import threading
from typing import Any

PIECE = 1 << 20  # bytes per read


class FollowingDigest:
    """The hash of the first bytes of an open file, following a writer.

    ``oid`` makes it git's blob hash, SHA-1 over a header and the content, for a file of
    ``size`` bytes; otherwise SHA-256.
    """

    def __init__(self, descriptor: int, size: int, *, oid: bool = False) -> None:
        self._descriptor = os.dup(descriptor)
        self._size = size
        self._hash: Any = hashlib.sha1(usedforsecurity=False) if oid else hashlib.sha256()
        if oid:
            self._hash.update(b"blob %d\0" % size)
        self._there = 0
        self._read = 0
        self._ended = False
        self._failure: OSError | None = None
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._follow, name="digest", daemon=True)
        self._thread.start()

    @property
    def read(self) -> int:
        """Bytes hashed so far."""
        return self._read

    def grown(self, size: int) -> None:
        """Tell that the file holds ``size`` bytes by now; cheap enough for every piece."""
        if size - self._there >= PIECE or size == self._size:
            with self._change:
                self._there = size
                self._change.notify()

    def result(self) -> str:
        """Wait for the whole file and return the hash in hexadecimal; raises OSError."""
        self._thread.join()
        if self._failure:
            raise self._failure
        return str(self._hash.hexdigest())

    def close(self) -> None:
        """End the thread, hashed or not."""
        with self._change:
            self._ended = True
            self._change.notify()
        self._thread.join()
        os.close(self._descriptor)

    def _follow(self) -> None:
        buffer = bytearray(PIECE)
        view = memoryview(buffer)
        try:
            while self._read < self._size and (wanted := self._wait()):
                count = os.preadv(self._descriptor, [view[:wanted]], self._read)
                if not count:
                    raise OSError(0, "it became shorter while it was read")
                self._hash.update(view[:count])
                self._read += count
        except OSError as error:
            self._failure = error

    def _wait(self) -> int:
        """Return how many bytes can be read now, 0 when there will be no more."""
        with self._change:
            while self._there <= self._read and not self._ended:
                self._change.wait()
            return 0 if self._ended else min(PIECE, self._there - self._read)
