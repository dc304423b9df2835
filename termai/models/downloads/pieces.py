"""A file in pieces over several connections, appended in order.

What is on the disk stays as long as what it holds: pieces that came early wait in memory.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from termai.models.downloads.partial import Partial
from termai.models.downloads.transfer import Transfer

CONNECTIONS = 6
SMALLEST, LARGEST = 1 << 20, 6 << 20  # bytes of a piece; all that wait are in memory


def receive(
    transfer: Transfer,
    partial: Partial,
    grown: Callable[[int], None],
    size: int,
    enough: Callable[[], bool] = lambda: False,
) -> None:
    """Append pieces of ``size`` bytes until the file is whole, or until it is ``enough``.

    What is on its way then still arrives. Raises as ``Transfer.piece`` does, and StorageError;
    what came before stays.
    """
    whole = transfer.file.size
    gave_up = threading.Event()
    coming: deque[Future[bytearray]] = deque()
    at = partial.size
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="piece") as pool:
        try:
            while coming or (at < whole and not enough()):
                while at < whole and len(coming) < CONNECTIONS and not enough():
                    end = min(at + size, whole)
                    coming.append(pool.submit(transfer.piece, at, end, gave_up.is_set))
                    at = end
                partial.append(coming.popleft().result())
                grown(partial.size)
        except BaseException:
            gave_up.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
