"""Huge pages: memory that is reserved for them is lost to models.

Formats: /proc/meminfo (proc(5)) and Documentation/admin-guide/mm/{hugetlbpage,transhuge}.rst.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from termai.environment import place
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, fields, text
from termai.environment.units import size

NAME = "Huge pages"
_SHARE = 0.05  # of the memory


def huge_pages(root: Path = ROOT) -> Iterator[Finding]:
    """Yield how much memory is reserved for huge pages, and whether transparent ones are used."""
    told = fields(root / "proc/meminfo")
    total, reserved = _bytes(told.get("MemTotal", "")), _bytes(told.get("Hugetlb", ""))
    if not total:
        return
    if reserved > _SHARE * total:
        remedy = place.on_host("sysctl vm.nr_hugepages=0", root)
        yield Finding(
            NAME,
            Verdict.WARNING,
            f"{size(reserved)} of memory are reserved for them, which llama.cpp cannot use.",
            f"{remedy.fix}, unless another program (a database, a virtual machine) needs them",
            command=remedy.command,
        )
        return
    chosen = re.search(r"\[(\w+)\]", text(root / "sys/kernel/mm/transparent_hugepage/enabled", 256))
    words = f"; transparent ones: {chosen[1]}" if chosen else ""
    yield Finding(NAME, Verdict.OK, f"No memory is set aside for them{words}.")


def _bytes(value: str) -> int:
    found = re.fullmatch(r"(\d{1,15}) kB", value)
    return int(found[1]) << 10 if found else 0
