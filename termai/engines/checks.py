"""Whether there is an engine, and whether it can use the GPUs of this machine."""

from collections.abc import Iterator, Sequence

from termai.engines import build_checks
from termai.engines.base import Detection
from termai.engines.choose import Survey, survey
from termai.engines.llama_server import HOW_TO_GET_IT
from termai.environment.finding import Finding, Verdict
from termai.environment.running import Check
from termai.hardware import gpus
from termai.hardware.gpu import Gpu, Vendor
from termai.profiles.schema import EMBEDDED, NATIVE
from termai.text import one_line

GROUP = "Engines"
_INTERFACES = {
    Vendor.NVIDIA: ("CUDA", "Vulkan"),
    Vendor.AMD: ("ROCm", "HIP", "Vulkan"),
    Vendor.INTEL: ("SYCL", "Vulkan"),
    Vendor.APPLE: ("Metal", "MTL"),
}
_FLAGS = {Vendor.NVIDIA: "cuda", Vendor.AMD: "hip", Vendor.INTEL: "vulkan"}


def engines() -> Iterator[Finding]:
    """Yield a finding for each engine, and one for each program that was passed over."""
    seen = survey()
    for number, found in enumerate(seen.found):
        same = sum(before.engine == found.engine for before in seen.found[:number])
        name = f"{found.engine} {same + 1}" if same else found.engine
        yield _usable(name, found, first=not number)
    if not any(found.engine == NATIVE for found in seen.found):
        yield _no_native(seen)
    for number, sentence in enumerate(seen.skipped):
        name = "engine" if not number else f"engine {number + 1}"
        yield Finding(f"{name} left out", Verdict.WARNING, one_line(sentence, 300))


def on_gpus() -> Iterator[Finding]:
    """Yield a problem for GPUs that no engine can use, which would silently run on the CPU."""
    here = [gpu for gpu in gpus.read_all() if gpu.memory_total]
    if here:
        yield _placed(here, survey().found)


CHECKS = (
    Check("engines", GROUP, engines, limit_s=10.0),
    Check("engine on GPU", GROUP, on_gpus, limit_s=10.0),
    Check("engine build", GROUP, build_checks.built_for_this, limit_s=10.0),
)


def _usable(name: str, found: Detection, *, first: bool) -> Finding:
    devices = ", ".join(found.devices)
    uses = f"can use {devices}" if devices else "runs on the CPU"
    auto = "; auto takes it" if first else ""
    return Finding(
        name,
        Verdict.OK,
        f"The engine {found.source} {uses}{auto}.",
        path=str(found.program),
        version=one_line(found.version, 60),
    )


def _no_native(seen: Survey) -> Finding:
    if any(found.engine == EMBEDDED for found in seen.found):
        return Finding(
            NATIVE,
            Verdict.WARNING,
            "Not found: models run in the embedded engine, which answers one request at a time.",
            HOW_TO_GET_IT,
        )
    return Finding(NATIVE, Verdict.PROBLEM, "Not found: no model can be run.", HOW_TO_GET_IT)


def _placed(here: Sequence[Gpu], found: Sequence[Detection]) -> Finding:
    name, gpu = "engine on GPU", here[0]
    prefixes = _INTERFACES[gpu.vendor]
    using = [one for one in found if any(d.startswith(prefixes) for d in one.devices)]
    if using:
        sentence = f"{using[0].engine} can use {', '.join(using[0].devices)}."
        return Finding(name, Verdict.OK, sentence)
    what = one_line(gpu.name, 60)
    flag = _FLAGS.get(gpu.vendor, "")
    return Finding(
        name,
        Verdict.PROBLEM,
        f"This machine has {what}, and no engine can use it: models run on the CPU.",
        f"Build llama.cpp for it: `termai engines build{f' --gpu {flag}' if flag else ''}`.",
        cause="llama.cpp was built without its interface, or its driver does not answer.",
    )
