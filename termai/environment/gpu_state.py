"""How NVIDIA's GPUs are set and how they are: modes, parts, memory errors, heat, lanes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from termai.environment import place
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT
from termai.environment.remedy import Remedy
from termai.hardware import nvidia
from termai.hardware.gpu import Gpu
from termai.text import one_line

_HELD = frozenset({"hardware slowdown", "heat", "heat (hardware)", "power brake"})


def state(root: Path = ROOT) -> Iterator[Finding]:
    """Yield what each setting and fault means, the GPUs named by number; nothing without a GPU."""
    gpus = nvidia.read()
    if not gpus:
        return
    yield from _lost(gpus)
    here = [gpu for gpu in gpus if not gpu.lost]
    for look in (_compute_mode, _parts, _persistence):
        yield from look(here, root)
    for see in (_memory_errors, _held_down, _lanes):
        yield from see(here)


def _lost(gpus: Sequence[Gpu]) -> Iterator[Finding]:
    if gone := [gpu for gpu in gpus if gpu.lost]:
        named = ", ".join(f"{gpu.index} ({one_line(gpu.name, 40)})" for gpu in gone)
        yield Finding(
            "GPU lost",
            Verdict.PROBLEM,
            f"GPU {named} has fallen off the bus.",
            "Restart the machine; if it comes again, look at power, heat, riser and slot.",
            cause="It does not answer its driver any more (Xid 79 in the kernel's log).",
        )


def _compute_mode(gpus: Sequence[Gpu], root: Path) -> Iterator[Finding]:
    name = "GPU compute mode"
    closed = [gpu for gpu in gpus if gpu.compute_mode == "prohibited"]
    single = [gpu for gpu in gpus if gpu.compute_mode == "exclusive process"]
    if closed:
        sentence = f"{_named(closed)} may not be computed on: its compute mode is prohibited."
        yield _settable(
            name, Verdict.PROBLEM, sentence, place.on_host(_smi(closed, "-c DEFAULT"), root)
        )
    elif single:
        sentence = f"{_named(single)} takes one program only: a second server on it fails."
        yield _settable(
            name, Verdict.WARNING, sentence, place.on_host(_smi(single, "-c DEFAULT"), root)
        )
    elif any(gpu.compute_mode for gpu in gpus):
        yield Finding(name, Verdict.OK, "Several programs may compute at the same time.")


def _parts(gpus: Sequence[Gpu], root: Path) -> Iterator[Finding]:
    name = "GPU parts (MIG)"
    divided = [gpu for gpu in gpus if gpu.mig]
    empty = [gpu for gpu in divided if not gpu.instances]
    if empty:
        sentence = f"{_named(empty)} is to be divided (MIG) and has no parts to compute on."
        yield _settable(name, Verdict.PROBLEM, sentence, place.on_host(_smi(empty, "-mig 0"), root))
    elif divided:
        count = sum(len(gpu.instances) for gpu in divided)
        example = next((p.uuid for gpu in divided for p in gpu.instances if p.uuid), "MIG-...")
        yield Finding(
            name,
            Verdict.OK,
            f"{_named(divided)} is divided into {count} parts; a program sees one of them, which "
            f"CUDA_VISIBLE_DEVICES={one_line(example, 60)} chooses.",
        )


def _memory_errors(gpus: Sequence[Gpu]) -> Iterator[Finding]:
    name = "GPU memory errors"
    bad = [gpu for gpu in gpus if gpu.ecc_errors]
    if bad:
        counts = ", ".join(f"{gpu.ecc_errors} on GPU {gpu.index}" for gpu in bad)
        yield Finding(
            name,
            Verdict.WARNING,
            f"Errors that could not be corrected since the driver was loaded: {counts}.",
            "Stop what uses the GPU and restart the machine; have it replaced if more come.",
            cause="Its memory (ECC) lost bits: answers may have been wrong.",
        )
    elif any(gpu.ecc_errors == 0 for gpu in gpus):
        yield Finding(name, Verdict.OK, "None since the driver was loaded (ECC is on).")


def _held_down(gpus: Sequence[Gpu]) -> Iterator[Finding]:
    slow = [gpu for gpu in gpus if _HELD & set(gpu.throttle)]
    if slow:
        told = "; ".join(f"GPU {gpu.index}: {', '.join(gpu.throttle)}" for gpu in slow)
        yield Finding(
            "GPU clocks",
            Verdict.WARNING,
            f"The clocks are held down now ({told}).",
            "Look at fans, air, power supply and cables.",
        )


def _lanes(gpus: Sequence[Gpu]) -> Iterator[Finding]:
    told = [
        f"GPU {gpu.index}: {gpu.link.width} of {gpu.link.max_width}"
        for gpu in gpus
        if gpu.link and gpu.link.width and (gpu.link.max_width or 0) > gpu.link.width
    ]
    if told:
        yield Finding(
            "GPU lanes (PCIe)",
            Verdict.WARNING,
            f"Fewer lanes than the GPU has ({'; '.join(told)}): models load more slowly.",
            "Seat the card again, or use a slot with all lanes; some boards share them.",
        )


def _persistence(gpus: Sequence[Gpu], root: Path) -> Iterator[Finding]:
    name = "GPU persistence"
    off = [gpu for gpu in gpus if gpu.persistence is False]
    if off and place.headless(root) and not place.container(root) and not place.wsl(root):
        sentence = f"{_named(off)} is set up anew for the first program after a pause: seconds."
        yield _settable(name, Verdict.WARNING, sentence, place.on_host(_smi(off, "-pm 1"), root))
    elif any(gpu.persistence for gpu in gpus) and not off:
        yield Finding(name, Verdict.OK, "The driver keeps the GPUs ready between programs.")


def _settable(name: str, verdict: Verdict, sentence: str, remedy: Remedy) -> Finding:
    return Finding(name, verdict, sentence, remedy.fix, command=remedy.command)


def _smi(gpus: Sequence[Gpu], setting: str) -> str:
    """Return the command of NVIDIA's own tool that sets something of some GPUs."""
    return f"nvidia-smi -i {','.join(str(gpu.index) for gpu in gpus)} {setting}"


def _named(gpus: Sequence[Gpu]) -> str:
    return f"GPU {', '.join(str(gpu.index) for gpu in gpus)}"
