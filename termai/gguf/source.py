"""Where the bytes of a GGUF file come from: memory, a file, or ranges of a file elsewhere."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from termai.errors import InvalidFileError, NotFoundError

MIB = 1 << 20
_MOST_REQUESTS = 128


class Source(Protocol):
    """Bytes to be read at any offset; ``size`` is None where it is not known."""

    @property
    def size(self) -> int | None:
        """Return the bytes in all."""

    def read(self, offset: int, length: int) -> bytes:
        """Return at most ``length`` bytes from ``offset``, none only where the file ends."""

    def expect(self, end: int) -> None:
        """Take notice that what comes next will be read up to about the offset ``end``."""


class BytesSource:
    """A file, or the beginning of one, that is in memory."""

    def __init__(self, data: bytes, size: int | None = None) -> None:
        self._data = data
        self.size = len(data) if size is None else size

    def read(self, offset: int, length: int) -> bytes:
        """Return at most ``length`` bytes from ``offset``, none only where the bytes end."""
        return self._data[offset : offset + length]

    def expect(self, end: int) -> None:
        """Do nothing: everything is there already."""


class FileSource:
    """A file on this machine, read in pieces and never mapped.

    A mapped file that another program cuts short kills the reader with SIGBUS.
    """

    def __init__(self, path: Path) -> None:
        """Open ``path``; raises NotFoundError, or InvalidFileError where it cannot be read."""
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError as error:
            raise NotFoundError(f"{path} does not exist.") from error
        except OSError as error:
            raise _unreadable(path, error) from error
        status = os.fstat(self._descriptor)
        self.size = status.st_size
        if not stat.S_ISREG(status.st_mode):
            self.close()
            what = "directory" if stat.S_ISDIR(status.st_mode) else "device or pipe"
            raise InvalidFileError(f"{path} is a {what}, expected a GGUF file.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes:
        """Return at most ``length`` bytes from ``offset``, none only where the file ends."""
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise _unreadable(self._path, error) from error

    def expect(self, end: int) -> None:
        """Do nothing: small reads of a file cost little."""


class RangedSource:
    """A file elsewhere, of which ranges are fetched: few requests, little that is not needed.

    ``fetch(offset, length)`` returns that many bytes, fewer only where the file ends; what it
    raises passes through. The first request is for ``first`` bytes (give the ``Header.length`` of
    another quantization of the same model and it is the only one), later ones grow up to ``most``.
    What was fetched and read is given up. ``requests`` and ``fetched`` (bytes) keep count.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], bytes],
        size: int | None = None,
        *,
        first: int = MIB,
        most: int = 8 * MIB,
    ) -> None:
        self._fetch = fetch
        self.size = size
        self._first, self._chunk, self._most = first, first, most
        self._data, self._base = b"", 0
        self._expected = 0
        self.requests = self.fetched = 0

    def expect(self, end: int) -> None:
        """Fetch up to about the offset ``end`` at the next request, as far as ``most`` allows."""
        self._expected = max(self._expected, end)

    def read(self, offset: int, length: int) -> bytes:
        """Return at most ``length`` bytes from ``offset``, fetching when there are none at hand."""
        start = offset - self._base
        if not 0 <= start < len(self._data):
            self._data, self._base, start = self._more(offset, length), offset, 0
        return self._data[start : start + length]

    def _more(self, offset: int, length: int) -> bytes:
        wanted = max(length, min(self._most, self._ahead(offset)))
        if self.size is not None:
            wanted = min(wanted, self.size - offset)
        if wanted <= 0:
            return b""
        if self.requests == _MOST_REQUESTS:
            raise InvalidFileError(
                f"{self.requests} requests brought only {self.fetched:,} bytes of the header.",
                fix="Try again; if it stays so, download the file and look at it here.",
            )
        self.requests += 1
        data = self._fetch(offset, wanted)[:wanted]
        self.fetched += len(data)
        return data

    def _ahead(self, end: int) -> int:
        """Return how much to fetch from ``end``: what is expected, else more than last time."""
        if self._expected > end:
            return max(self._first, self._expected - end)
        chunk, self._chunk = self._chunk, 2 * self._chunk
        return chunk


def _unreadable(path: Path, error: OSError) -> InvalidFileError:
    return InvalidFileError(
        f"{path} cannot be read: {error.strerror}.", fix="Mend its permissions."
    )
