"""What the files of a CUDA toolkit tell, found from its nvcc."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_HOST_CONFIG = "crt/host_config.h"
_LARGEST = 256 << 10


def newest_gcc(nvcc: str) -> int:
    """Return the newest major version of gcc that a toolkit takes, 0 when it does not say.

    Source: the ``#if __GNUC__ > 13`` of crt/host_config.h, by which nvcc refuses newer ones.
    """
    for headers in _headers(nvcc):
        found = re.search(r"^#if __GNUC__ > (\d+)\s*$", _text(headers / _HOST_CONFIG), re.MULTILINE)
        if found:
            return int(found[1])
    return 0


def has_cublas(nvcc: str) -> bool | None:
    """Tell whether a toolkit has what programs with cuBLAS are built from, None when unknown."""
    places = tuple(_headers(nvcc))
    return any((place / "cublas_v2.h").is_file() for place in places) if places else None


def _headers(nvcc: str) -> Iterator[Path]:
    """Yield the directories with the headers of a toolkit; Debian's are in /usr/include."""
    real = Path(os.path.realpath(nvcc))
    for root in (real.parent.parent, Path(nvcc).parent.parent):
        for place in (root / "include", *root.glob("targets/*/include")):
            if (place / _HOST_CONFIG).is_file():
                yield place


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_LARGEST)
    except OSError:
        return ""
