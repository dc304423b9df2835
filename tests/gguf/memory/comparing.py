"""What llama-fit-params says that a model takes, beside the estimate from its header.

The tool loads no weights: it sets everything up with the sizes alone and prints whole MiB for each
device: ``Host`` for the machine's own memory, ``RPC0`` and so on for others, without the output
buffer. Weights are not repacked here, for repacked ones are not counted.
"""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from termai.gguf.header import Header, read_header
from termai.gguf.memory import Estimate, LoadOptions, estimate
from tests.gguf.memory.architectures import ARCHITECTURES
from tests.support import native_bin

MIB = 1 << 20
TIMEOUT_S = 120
_ROW = re.compile(r"^(\S+) (\d+) (\d+) (\d+)\s*$", re.MULTILINE)
_ONE_SLOT = LoadOptions(ctx_size=4096, kv_unified=False)

CASES: dict[str, LoadOptions] = {
    "4k": _ONE_SLOT,
    "32k": replace(_ONE_SLOT, ctx_size=32768),
    "4097": replace(_ONE_SLOT, ctx_size=4097),
    "32k-q8_0": replace(_ONE_SLOT, ctx_size=32768, cache_type_k="q8_0", cache_type_v="q8_0"),
    "32k-q4_0": replace(_ONE_SLOT, ctx_size=32768, cache_type_k="q4_0", cache_type_v="q4_0"),
    "4k-ub2048": replace(_ONE_SLOT, ubatch_size=2048),
    "32k-ub2048": replace(_ONE_SLOT, ctx_size=32768, ubatch_size=2048),
    "32k-np4": replace(_ONE_SLOT, ctx_size=32768, parallel=4),
    "4k-fa-off": replace(_ONE_SLOT, flash_attn=False),
    "32k-fa-off": replace(_ONE_SLOT, ctx_size=32768, flash_attn=False),
}


@dataclass(frozen=True, slots=True)
class Row:
    """MiB on one device."""

    device: str
    weights: int
    context: int
    compute: int

    @property
    def total(self) -> int:
        """MiB in all."""
        return self.weights + self.context + self.compute


@dataclass(frozen=True, slots=True)
class Compared:
    """One model in one case: MiB as the tool says them and as they are estimated."""

    model: str
    case: str
    told: int
    estimated: float

    @property
    def short(self) -> float:
        """MiB that the estimate is too low."""
        return max(0.0, self.told - self.estimated)

    @property
    def error(self) -> float:
        """The difference in percent of what the tool says."""
        return 100 * abs(self.estimated - self.told) / self.told


@dataclass(slots=True)
class Table:
    """Errors of one architecture over the cases."""

    model: str
    compared: list[Compared] = field(default_factory=list)

    @property
    def worst(self) -> Compared:
        """The case with the largest error in percent."""
        return max(self.compared, key=lambda each: each.error)

    @property
    def lowest(self) -> Compared:
        """The case where the estimate is the most MiB too low."""
        return max(self.compared, key=lambda each: each.short)


@lru_cache
def written(directory: Path, model: str) -> Path:
    """Return the path of a model that has a header and a hole for its weights."""
    return ARCHITECTURES[model]().write(directory / f"{model}.gguf")


def told(path: Path, options: LoadOptions, *more: str) -> list[Row]:
    """Return the tool's rows, without any where it refuses to load the model so."""
    command = [str(native_bin("llama-fit-params")), "-m", str(path), *_arguments(options), *more]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_S, errors="replace", check=False
    )
    return [Row(name, int(w), int(c), int(b)) for name, w, c, b in _ROW.findall(done.stdout)]


def compared(directory: Path, model: str, case: str) -> Compared | None:
    """Return one model in one case on the CPU alone, None where llama.cpp refuses it."""
    path = written(directory, model)
    rows = told(path, CASES[case])
    if not rows:
        return None
    return Compared(model, case, rows[0].total, counted(estimate(header_of(path), CASES[case])))


@lru_cache
def header_of(path: Path) -> Header:
    """Return the header of a file, read once."""
    return read_header(path)


def counted(found: Estimate) -> float:
    """Return the MiB of what the tool counts too."""
    return (found.weights + found.kv + found.compute) / MIB


def _arguments(options: LoadOptions) -> Sequence[str]:
    """Return the tool's arguments; it always keeps a cache for each slot."""
    assert not options.kv_unified
    made = ["-fitp", "on", "--no-repack", "-c", str(options.ctx_size)]
    made += ["-np", str(options.parallel), "-fa", "on" if options.flash_attn else "off"]
    made += ["-ctk", options.cache_type_k, "-ctv", options.cache_type_v]
    made += ["-b", str(options.batch_size), "-ub", str(options.ubatch_size)]
    made += ["--swa-full"] * options.swa_full + ["-nkvo"] * options.no_kv_offload
    if options.n_cpu_moe:
        made += ["-ncmoe", str(options.n_cpu_moe)]
    return made
