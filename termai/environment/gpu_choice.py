"""Variables of this shell that hide GPUs from programs, ours and their servers."""

import os
import re
from collections.abc import Iterator, Mapping

from termai.environment.finding import Finding, Verdict
from termai.text import one_line

NAME = "GPU choice"

_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "GGML_VK_VISIBLE_DEVICES",
    "ONEAPI_DEVICE_SELECTOR",
)
_NONE = re.compile(r"\s*(-1\b.*|none|NoDevFiles)?\s*", re.IGNORECASE)


def choice(environ: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Yield whether a variable narrows the GPUs that programs see; nothing when none is set.

    CUDA stops at the first number that is no GPU, so that an empty value and -1 hide all (CUDA
    C++ Programming Guide 12.8, "CUDA Environment Variables").
    """
    known = os.environ if environ is None else environ
    given = {name: known[name] for name in _VARIABLES if name in known}
    hiding = [name for name, value in given.items() if _NONE.fullmatch(value)]
    if hiding:
        yield Finding(
            NAME,
            Verdict.WARNING,
            f"{' and '.join(hiding)} of this shell hides all GPUs: servers run on the CPU.",
            f"unset {' '.join(hiding)}",
        )
    elif given:
        words = ", ".join(f"{name}={one_line(value, 60)}" for name, value in given.items())
        yield Finding(NAME, Verdict.OK, f"This shell chooses: {words}.")
