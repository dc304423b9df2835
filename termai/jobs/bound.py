"""Bounding what a log takes on disk while another process appends to it.

The middle is given back to the file system: the first bytes (what was loaded where) and the
last stay, byte offsets stay true, and the writer notices nothing. Linux: fallocate(2) with
FALLOC_FL_PUNCH_HOLE; macOS: fcntl(2) with F_PUNCHHOLE. Where a file system can do neither, the
log is cut after its first part, with a line that says so.
"""

import os
import sys
from contextlib import suppress

HEAD_BYTES = 256 << 10
_BLOCK = 4096
_KEEP_SIZE, _PUNCH_HOLE = 1, 2
_F_PUNCHHOLE = 99


def bound(descriptor: int, limit: int) -> int:
    """Free the middle of a log that takes more than ``limit`` bytes on disk.

    ``descriptor`` is open for appending. Keeps the first HEAD_BYTES (at most a quarter of
    ``limit``) and the last half of ``limit``. Returns the number of bytes freed or cut.
    """
    status = os.fstat(descriptor)
    if min(status.st_blocks * 512, status.st_size) <= limit:
        return 0
    start = _aligned(min(HEAD_BYTES, limit // 4))
    length = _aligned(status.st_size - limit // 2) - start
    if length <= 0:
        return 0
    try:
        punch(descriptor, start, length)
    except (OSError, ImportError, AttributeError):  # also a Python or a C library without the call
        _cut(descriptor, start, status.st_size)
    return length


def punch(descriptor: int, start: int, length: int) -> None:
    """Give ``length`` bytes from ``start`` back to the file system; raises OSError."""
    if sys.platform == "linux":
        _punch_linux(descriptor, start, length)
    elif sys.platform == "darwin":
        _punch_macos(descriptor, start, length)
    else:
        raise OSError("holes cannot be punched on this system")


def _punch_linux(descriptor: int, start: int, length: int) -> None:
    import ctypes

    fallocate = ctypes.CDLL(None, use_errno=True).fallocate
    fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_longlong, ctypes.c_longlong]
    if fallocate(descriptor, _PUNCH_HOLE | _KEEP_SIZE, start, length):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _punch_macos(descriptor: int, start: int, length: int) -> None:
    import fcntl
    import struct

    fcntl.fcntl(descriptor, _F_PUNCHHOLE, struct.pack("=IIqq", 0, 0, start, length))


def _cut(descriptor: int, start: int, size: int) -> None:
    note = f"\ntermai: {size - start} bytes of log were dropped here; this file system has no holes"
    with suppress(OSError):  # a log that cannot be cut is tried again, and goes on meanwhile
        os.ftruncate(descriptor, start)
        os.write(descriptor, f"{note}\n".encode())


def _aligned(offset: int) -> int:
    return offset // _BLOCK * _BLOCK
