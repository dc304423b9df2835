"""Memory that is nearer to some processors than to others (NUMA)."""

import re
from collections.abc import Iterator
from pathlib import Path

from termai.environment import place
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, names, number, text

NAME = "NUMA"


def nodes(root: Path = ROOT) -> Iterator[Finding]:
    """Yield how many nodes have processors, and whether the kernel moves memory between them.

    llama.cpp advises against its balancing (ggml_numa_init in ggml-cpu.c).
    """
    base = root / "sys/devices/system/node"
    found = [name for name in names(base) if re.fullmatch(r"node\d+", name)]
    count = sum(1 for name in found if text(base / name / "cpulist", 4096))
    if not found:
        return
    if count < 2:
        yield Finding(NAME, Verdict.NOT_NEEDED, "All memory is equally near to all processors.")
        return
    sentence = f"{count} nodes; for a model on the CPU the option numa of a profile may help"
    if number(root / "proc/sys/kernel/numa_balancing") not in (None, 0):
        remedy = place.on_host("sysctl kernel.numa_balancing=0", root)
        yield Finding(
            NAME,
            Verdict.WARNING,
            f"{sentence}, and the kernel's balancing slows it down.",
            remedy.fix,
            command=remedy.command,
            cause="The kernel moves the model's memory about (kernel.numa_balancing).",
        )
    else:
        yield Finding(NAME, Verdict.OK, f"{sentence}.")
