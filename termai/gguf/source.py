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
        """Return ``length`` bytes from ``offset``, fewer only where the file ends."""

    def expect(self, end: int) -> None:
        """Take notice that what comes next will be read up to about the offset ``end``."""


class BytesSource:
    """A file, or the beginning of one, that is in memory."""

    def __init__(self, data: bytes, size: int | None = None) -> None:
        self._data = data
        self.size = len(data) if size is None else size

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``, fewer only where the bytes end."""
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
        """Return ``length`` bytes from ``offset``, fewer only where the file ends."""
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
        self._chunk, self._most = first, most
        self._data, self._base = b"", 0
        self._expected = 0
        self.requests = self.fetched = 0

    def expect(self, end: int) -> None:
        """Fetch up to about the offset ``end`` at the next request, as far as ``most`` allows."""
        self._expected = end

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``, fetching when they are not at hand."""
        start = offset - self._base
        if start < 0 or start > len(self._data):
            self._data, self._base, start = b"", offset, 0
        if start + length > len(self._data):
            self._more(start, length)
            start = 0
        return self._data[start : start + length]

    def _more(self, start: int, length: int) -> None:
        """Drop what lies before ``start`` and fetch until ``length`` bytes follow, or the end."""
        self._data, self._base = self._data[start:], self._base + start
        end = self._base + len(self._data)
        ahead = min(self._most, max(self._chunk, self._expected - end))
        wanted = max(length - len(self._data), ahead)
        if self.size is not None:
            wanted = min(wanted, self.size - end)
        if wanted <= 0:
            return
        if self.requests == _MOST_REQUESTS:
            raise InvalidFileError(
                f"{self.requests} requests brought only {self.fetched:,} bytes of the header.",
                fix="Try again; if it stays so, download the file and look at it here.",
            )
        self.requests += 1
        got = self._fetch(end, wanted)[:wanted]
        self.fetched += len(got)
        self._data += got
        self._chunk = min(self._most, 2 * self._chunk)


def _unreadable(path: Path, error: OSError) -> InvalidFileError:
    return InvalidFileError(
        f"{path} cannot be read: {error.strerror}.", fix="Mend its permissions."
    )
