"""Whether there is an engine, and whether it can use the GPUs of this machine."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from termai import settings
from termai.engines import build_checks, llama_server
from termai.engines.base import Detection
from termai.engines.build_checks import PATIENCE_S
from termai.engines.checks_by_name import by_name
from termai.engines.choose import Survey, survey
from termai.engines.llama_server import HOW_TO_GET_IT
from termai.environment.finding import Finding, Verdict
from termai.environment.remedy import Remedy
from termai.environment.running import Check
from termai.environment.timed import within
from termai.errors import TermaiError
from termai.hardware import gpus
from termai.hardware.gpu import Gpu, Vendor
from termai.paths import expanded
from termai.profiles.schema import EMBEDDED, NATIVE
from termai.text import one_line

GROUP = "Engines"
_LIMIT_S = 10.0
_INTERFACES = {
    Vendor.NVIDIA: ("CUDA", "Vulkan"),
    Vendor.AMD: ("ROCm", "HIP", "Vulkan"),
    Vendor.INTEL: ("SYCL", "Vulkan"),
    Vendor.APPLE: ("Metal", "MTL"),
}
_DROP = Remedy(
    "Prefer the best one that is here instead: `termai engines use --auto`.",
    "termai engines use --auto",
)
_FLAGS = {Vendor.NVIDIA: "cuda", Vendor.AMD: "hip", Vendor.INTEL: "vulkan"}


def engines() -> Iterator[Finding]:
    """Yield a finding for each engine, and one for each program that was passed over."""
    try:
        seen = within(PATIENCE_S, survey)
    except TimeoutError:
        yield from _silent()
        return
    for number, found in enumerate(seen.found):
        same = sum(before.engine == found.engine for before in seen.found[:number])
        name = f"{found.engine} {same + 1}" if same else found.engine
        yield _usable(name, found, first=not number)
    if not any(found.engine == NATIVE for found in seen.found):
        yield _no_native(seen)
    for number, error in enumerate(seen.skipped):
        yield _left_out(number, error)


def on_gpus() -> Iterator[Finding]:
    """Yield a problem for GPUs that no engine can use, which would silently run on the CPU."""
    here = [gpu for gpu in gpus.read_all() if gpu.memory_total]
    if here:
        with suppress(TimeoutError):  # which `engines` tells
            yield _placed(here, within(PATIENCE_S, survey).found)


CHECKS = (
    Check("engines", GROUP, engines, limit_s=_LIMIT_S),
    Check("other engines", GROUP, by_name, limit_s=_LIMIT_S),
    Check("engine on GPU", GROUP, on_gpus, limit_s=_LIMIT_S),
    Check("engine build", GROUP, build_checks.built_for_this, limit_s=_LIMIT_S),
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


def _left_out(number: int, error: TermaiError) -> Finding:
    """Return the finding of a program that was passed over; a configured one can be dropped."""
    name = "engine left out" if not number else f"engine {number + 1} left out"
    left = Finding(name, Verdict.WARNING, one_line(error.message, 300), one_line(error.fix, 300))
    configured = settings.load().values.llama_server
    if not configured or str(expanded(configured).absolute()) not in left.sentence:
        return left
    return replace(left, fix=_DROP.fix, command=_DROP.command)


def _silent() -> Iterator[Finding]:
    """Yield a problem for each llama-server that does not tell what it can do in time."""
    configured = settings.load().values.llama_server
    for number, program in enumerate(llama_server.unasked()):
        mine = bool(configured) and program == expanded(configured).absolute()
        question = f"{shlex.quote(str(program))} --help"
        fix = f"Run `{question}` to see what it waits for, or take it out of PATH."
        yield Finding(
            NATIVE if not number else f"{NATIVE} {number + 1}",
            Verdict.PROBLEM,
            f"{one_line(str(program), 200)} gives no answer within {PATIENCE_S:g} s.",
            _DROP.fix if mine else fix,
            path=str(program),
            cause="It hangs, or a driver that it loads does.",
            command=_DROP.command if mine else "",
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
