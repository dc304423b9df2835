"""Whether the llama-server that ``auto`` takes was built for this very machine."""

from collections.abc import Iterator, Sequence

from termai.engines import build_facts, remedies
from termai.engines.base import Detection
from termai.engines.choose import survey
from termai.engines.installed import unused_features
from termai.environment.finding import Finding, Verdict
from termai.environment.timed import within
from termai.hardware import gpus
from termai.hardware.gpu import Gpu
from termai.profiles.schema import NATIVE
from termai.text import one_line

PATIENCE_S = 9.0
"""Seconds that the engines may take to answer, below the limit of the checks."""

_REBUILD = remedies.of(NATIVE).rebuild


def built_for_this() -> Iterator[Finding]:
    """Yield what the build leaves of the CPU, and each kind of GPU that it has no code for.

    Nothing while the engines do not answer, which is a finding of theirs.
    """
    try:
        seen = within(PATIENCE_S, survey)
    except TimeoutError:
        return
    found = next((one for one in seen.found if one.engine == NATIVE), None)
    if found is None:
        return
    build = build_facts.of(found)
    if build.known:
        yield _of_cpu(found, unused_features(build))
    kinds = {g.compute_capability: g for g in reversed(gpus.read_all()) if g.compute_capability}
    if build.architectures:
        for number, gpu in enumerate(reversed(kinds.values())):
            name = "CUDA code" if not number else f"CUDA code {number + 1}"
            yield _of_gpu(name, found, gpu, build.architectures)


def runs_on(capability: tuple[int, int], architectures: Sequence[str]) -> bool | None:
    """Tell whether a build has code for a GPU, None where the driver has to compile it first.

    Machine code runs on the same major version from its own minor one on; code in PTX is compiled
    by the driver for any later GPU (CUDA C++ Programming Guide, "Compute Capability" and
    "Just-in-Time Compilation"). ``architectures`` are numbers as in ``__CUDA_ARCH_LIST__``: 890.
    """
    wanted = capability[0] * 100 + capability[1] * 10
    built = [int(one) for one in architectures if one.isdecimal()]
    if any(one // 100 == capability[0] and one <= wanted for one in built):
        return True
    return None if any(one <= wanted for one in built) else False


def _of_cpu(found: Detection, unused: Sequence[str]) -> Finding:
    name, path = "engine on CPU", str(found.program)
    if not unused:
        return Finding(name, Verdict.OK, "Its build uses what this CPU has.", path=path)
    return Finding(
        name,
        Verdict.WARNING,
        f"llama-server does not use {', '.join(unused)} of this CPU, and is slower for it.",
        _REBUILD,
        path=path,
        cause="It was built on another machine, or for any.",
    )


def _of_gpu(name: str, found: Detection, gpu: Gpu, architectures: Sequence[str]) -> Finding:
    capability = gpu.compute_capability or (0, 0)
    is_ready = runs_on(capability, architectures)
    built = ", ".join(_dotted(one) for one in architectures)
    what = f"{one_line(gpu.name, 40)} (compute capability {capability[0]}.{capability[1]})"
    path = str(found.program)
    if is_ready:
        return Finding(name, Verdict.OK, f"llama-server has code for {what}.", path=path)
    if is_ready is None:
        sentence = (
            f"llama-server has no machine code for {what}: the driver compiles it at the first "
            "start, which takes minutes, and some of it may be missing."
        )
    else:
        sentence = f"llama-server has no code for {what}: models end at their first computation."
    return Finding(
        name,
        Verdict.PROBLEM if is_ready is False else Verdict.WARNING,
        sentence,
        _REBUILD,
        path=path,
        cause=f"It was built for {built} only.",
    )


def _dotted(architecture: str) -> str:
    """Return 890 as 8.9."""
    if not architecture.isdecimal():
        return one_line(architecture, 10)
    number = int(architecture)
    return f"{number // 100}.{number % 100 // 10}"
