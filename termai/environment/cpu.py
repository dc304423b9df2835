"""What the processor can do that llama.cpp uses, and what holds it back.

Names are those of /proc/cpuinfo (arch/x86/include/asm/cpufeatures.h, arch/arm64/kernel/cpuinfo.c)
and of llama.cpp's line ``system_info`` (ggml-cpu.cpp in llama-cpp-python 0.3.36).
"""

import platform
from collections.abc import Collection, Iterator
from pathlib import Path

from termai.environment import place
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, fields, text
from termai.text import one_line

_NAMES = {
    "SSE3": "pni",
    "SSSE3": "ssse3",
    "AVX": "avx",
    "AVX_VNNI": "avx_vnni",
    "AVX2": "avx2",
    "F16C": "f16c",
    "FMA": "fma",
    "BMI2": "bmi2",
    "AVX512": "avx512f",
    "AVX512_VBMI": "avx512vbmi",
    "AVX512_VNNI": "avx512_vnni",
    "AVX512_BF16": "avx512_bf16",
    "AMX_INT8": "amx_int8",
    "NEON": "asimd",
    "DOTPROD": "asimddp",
    "MATMUL_INT8": "i8mm",
    "SVE": "sve",
    "SVE2": "sve2",
    "SME": "sme",
}
_WEAK = {"x86_64": ("AVX2", "FMA", "F16C"), "aarch64": ("DOTPROD",)}


def features(root: Path = ROOT) -> tuple[str, ...]:
    """Return what the processor can do, in llama.cpp's words; empty where it is not told."""
    told = fields(root / "proc/cpuinfo")
    flags = frozenset((told.get("flags") or told.get("Features") or "").split())
    return tuple(name for name, flag in _NAMES.items() if flag in flags)


def lacking(built_for: Collection[str], root: Path = ROOT) -> tuple[str, ...]:
    """Return what an engine was built for and this processor has not: it ends at once (SIGILL).

    ``built_for`` are words of llama.cpp's system_info; those not known here count as there.
    """
    here = features(root)
    if not here:
        return ()
    return tuple(name for name in built_for if name in _NAMES and name not in here)


def processor(root: Path = ROOT, machine: str = "") -> Iterator[Finding]:
    """Yield the processor's name and what it can do."""
    told = fields(root / "proc/cpuinfo")
    here = features(root)
    if not here:
        return
    name = one_line(told.get("model name", ""), 60)
    missing = [word for word in _WEAK.get(machine or platform.machine(), ()) if word not in here]
    sentence = f"{name or 'It'} has {', '.join(here[-6:])}."
    if not missing:
        yield Finding("Processor", Verdict.OK, sentence)
        return
    virtual = "hypervisor" in told.get("flags", "").split()
    yield Finding(
        "Processor",
        Verdict.WARNING,
        f"{name or 'It'} has no {', '.join(missing)}: prebuilt engines may not start on it, and "
        "models are slow.",
        "Set the virtual machine's processor to that of its host (QEMU: `-cpu host`)."
        if virtual
        else "Build llama.cpp on this machine: `termai engines build`.",
        cause="The virtual machine may hide what its host has." if virtual else "",
    )


def frequency(root: Path = ROOT) -> Iterator[Finding]:
    """Yield a warning where the processor is held at its lowest clock.

    intel_pstate and amd-pstate-epp call their own full range powersave
    (Documentation/admin-guide/pm/intel_pstate.rst); there it is fine.
    """
    policy = root / "sys/devices/system/cpu/cpu0/cpufreq"
    governor, driver = text(policy / "scaling_governor", 64), text(policy / "scaling_driver", 64)
    if governor == "powersave" and driver not in ("intel_pstate", "amd-pstate-epp", ""):
        remedy = place.on_host("cpupower frequency-set -g schedutil", root)
        yield Finding(
            "Processor clock",
            Verdict.WARNING,
            "The processor is held at its lowest clock (governor powersave).",
            remedy.fix,
            command=remedy.command,
        )
