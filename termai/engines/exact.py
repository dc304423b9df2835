"""The exact memory of a local model: llama.cpp's own llama-fit-params simulates the load.

It prints a row for each device, ``NAME model context compute`` in whole MiB, the host last
(common_fit_print in common/fit.cpp), and takes some hundredths of a second. Weights that a CPU
build would repack are left out of the rows, so it is asked with ``--no-repack``: repacked weights
take as much as they did, in a buffer of their own instead of the mapped file. The output buffer is
not in the rows either; it is taken from the formula.
"""

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from termai.engines.base import Detection
from termai.gguf.memory import DeviceMemory, Estimate, LoadOptions

PROGRAM = "llama-fit-params"
TIME_LIMIT_S = 10.0
_HOST = "Host"
_MIB = 1 << 20
_ROWS = 64  # more devices than llama.cpp takes
_QUIET = {"GGML_NO_BACKTRACE": "1"}  # a failed load aborts, and would call a debugger


class Row(NamedTuple):
    """MiB on one device."""

    device: str
    model: int
    context: int
    compute: int


def program_beside(detection: Detection) -> Path | None:
    """Return the llama-fit-params that came with an engine's program, None where there is none."""
    path = detection.program.resolve().with_name(PROGRAM)
    return path if os.access(path, os.X_OK) and path.is_file() else None


def ask(
    program: Path, model: Path, options: LoadOptions, formula: Callable[[LoadOptions], Estimate]
) -> Estimate | None:
    """Return the exact estimate for load options, None where the program does not give one.

    formula: gives the output buffers, and what the program cannot be asked about: it knows no
    slots that share one KV cache and computes the logits of every token, so it is asked about one
    slot and all logits. None is also returned when it sees other devices than the options are for.
    """
    shared = options.kv_unified and options.parallel > 1
    asked = replace(options, parallel=1 if shared else options.parallel, outputs=0)
    known = formula(asked)
    exact = combined(parse(_output(program, arguments(model, asked))), known)
    if exact is None or asked == options:
        return exact
    return _moved(formula(options), exact, known)


def _output(program: Path, argv: Sequence[str]) -> str:
    """Return what the program prints, nothing when it fails or takes too long."""
    try:
        result = subprocess.run(
            [program, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIME_LIMIT_S,
            env=_environment(),
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.decode("utf-8", "replace") if result.returncode == 0 else ""


def _moved(estimate: Estimate, exact: Estimate, formula: Estimate) -> Estimate:
    """Return an estimate with the difference between two others added on each device."""
    devices = [
        DeviceMemory(
            device.device,
            device.weights + told.weights - known.weights,
            max(0, device.kv + told.kv - known.kv),
            max(0, device.compute + told.compute - known.compute),
            device.output,
        )
        for device, told, known in zip(
            estimate.devices, exact.devices, formula.devices, strict=True
        )
    ]
    return replace(estimate, devices=tuple(devices))


def arguments(model: Path, options: LoadOptions) -> tuple[str, ...]:
    """Return the arguments that ask for exactly these options, all of them without AUTO."""
    flags = (
        *("--model", str(model), "--ctx-size", str(options.ctx_size)),
        *("--n-gpu-layers", str(options.n_gpu_layers)),
        *("--cache-type-k", options.cache_type_k, "--cache-type-v", options.cache_type_v),
        *("--batch-size", str(options.batch_size), "--ubatch-size", str(options.ubatch_size)),
        *("--parallel", str(options.parallel)),
        *("--flash-attn", "on" if options.flash_attn else "off"),
        *(("--n-cpu-moe", str(options.n_cpu_moe)) if options.n_cpu_moe else ()),
        *(("--swa-full",) if options.swa_full else ()),
        *(("--no-kv-offload",) if options.no_kv_offload else ()),
        *(() if options.op_offload else ("--no-op-offload",)),
    )
    split = ",".join(f"{share:g}" for share in options.tensor_split)
    return (
        *flags,
        *(("--tensor-split", split) if len(options.tensor_split) > 1 else ()),
        *("--no-repack", "--fit-print", "on"),
    )


def parse(output: str) -> tuple[Row, ...]:
    """Return the rows in an output; what is none is passed over."""
    rows = (_row(line) for line in output.splitlines()[: 8 * _ROWS])
    return tuple(row for row in rows if row)[:_ROWS]


def combined(rows: Sequence[Row], formula: Estimate) -> Estimate | None:
    """Return the estimate that the rows tell, None where they do not fit the formula's devices."""
    if not rows or rows[-1].device != _HOST:
        return None
    in_order = (rows[-1], *rows[:-1])
    if formula.n_gpu_layers and len(in_order) != len(formula.devices):
        return None
    devices = [
        DeviceMemory(
            known.device,
            _within(row.model, known.weights),
            _within(row.context, known.kv),
            _within(row.compute, known.compute),
            known.output,
        )
        for row, known in zip(in_order, formula.devices, strict=False)
    ]
    return replace(formula, devices=(*devices, *formula.devices[len(devices) :]))


def _within(mib: int, known: int) -> int:
    """Return the bytes next to ``known`` that are printed as ``mib``, which cuts fractions off."""
    return min(max(known, mib * _MIB), (mib + 1) * _MIB - 1)


def _row(line: str) -> Row | None:
    parts = line.split()
    numbers = parts[-3:]
    if len(parts) < 4 or not all(n.isascii() and n.isdecimal() and len(n) < 12 for n in numbers):
        return None
    model, context, compute = map(int, numbers)
    return Row(" ".join(parts[:-3]), model, context, compute)


def _environment() -> dict[str, str]:
    """Return the environment without what would change the options that are asked about."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LLAMA_ARG_")}
    return {**kept, **_QUIET}
