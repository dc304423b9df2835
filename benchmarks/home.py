"""Directories of a benchmark's own, so that nothing of the user's is read or written."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def temporary_home() -> Iterator[dict[str, str]]:
    """Yield an environment in which termai's files lie in a directory removed afterwards.

    Python writes its bytecode there as it does for a user, also where it was told not to.
    """
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory(prefix="termai-bench-") as directory:
        own = {f"TERMAI_{k}_DIR": f"{directory}/{k.lower()}" for k in ("CONFIG", "DATA", "STATE")}
        yield surroundings | own
