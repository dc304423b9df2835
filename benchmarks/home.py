"""Directories of a benchmark's own, so that nothing of the user's is read or written."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def temporary_home() -> Iterator[dict[str, str]]:
    """Yield an environment in which termai's files lie in a directory removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="termai-bench-") as directory:
        kinds = ("CONFIG", "DATA", "STATE")
        yield {**os.environ, **{f"TERMAI_{k}_DIR": f"{directory}/{k.lower()}" for k in kinds}}
