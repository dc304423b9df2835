"""What a build of llama.cpp contains: the CPU's features, GPU interfaces, and RPC.

llama.cpp logs ``system_info: n_threads = 2 / 2 | CPU : AVX2 = 1 | ... | CUDA : ARCHS = 890 | ``
when a program starts (common/common.cpp, ggml-backend's feature lists); builds before 2025 name
no backend and list the CPU's features alone. Vulkan and RPC have no entry there: their libraries
lie beside the program, and RPC has a flag.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from termai.engines import probe
from termai.engines.base import Detection
from termai.errors import TermaiError
from termai.profiles.schema import EMBEDDED, LLAMA_CPP, NATIVE

_INTERFACES = {
    "cuda": "CUDA",
    "hip": "HIP",
    "rocm": "HIP",
    "vulkan": "Vulkan",
    "metal": "Metal",
    "mtl": "Metal",
    "sycl": "SYCL",
    "musa": "MUSA",
    "opencl": "OpenCL",
    "cann": "CANN",
}
_NO_FEATURES = frozenset({"LLAMAFILE", "OPENMP", "REPACK", "KLEIDIAI", "ACCELERATE"})
_PAIR = re.compile(r"(?:(\w+)\s*:\s*)?(\w+) = ([\w.,]{1,200})")
_LIBRARY = re.compile(r"libggml-([a-z]+)")
_EMBEDDED_SOURCE = "import llama_cpp; print(llama_cpp.llama_print_system_info().decode())"
_MOST = 64  # entries that are kept


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """What a build contains.

    cpu: the features of the CPU that it uses, such as ``AVX2``. interfaces: CUDA, HIP, Vulkan
    and so on. architectures: what its CUDA code was compiled for, such as ``890``. rpc: whether
    it can use other machines. known: whether it told its CPU features at all.
    """

    cpu: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    rpc: bool = False
    known: bool = False


def of(detection: Detection) -> BuildFacts:
    """Return what a detected program was built with; starts it once, for a tenth of a second."""
    if detection.engine not in LLAMA_CPP:
        return BuildFacts()
    told = _system_info(detection)
    facts = parse(told)
    named = [*_libraries(detection), *(re.sub(r"\d.*", "", d) for d in detection.devices)]
    more = (_INTERFACES.get(name.lower(), "") for name in named)
    return BuildFacts(
        facts.cpu,
        tuple(dict.fromkeys(name for name in (*facts.interfaces, *more) if name)),
        facts.architectures,
        rpc=detection.engine == NATIVE and "--rpc" in detection.options,
        known=facts.known,
    )


def parse(text: str) -> BuildFacts:
    """Return what a line of system_info says; without such a line nothing is known."""
    line = next((x for x in text.splitlines() if " = 1 " in f"{x} " and " | " in x), "")
    cpu: list[str] = []
    interfaces: list[str] = []
    architectures: tuple[str, ...] = ()
    backend = "CPU"
    for name, key, value in list(_pairs(line))[: 4 * _MOST]:
        backend = name or backend
        if backend != "CPU" and backend.lower() in _INTERFACES:
            interfaces.append(_INTERFACES[backend.lower()])
        if key == "ARCHS":
            architectures = tuple(value.split(","))[:_MOST]
        elif backend == "CPU" and value == "1" and key not in _NO_FEATURES:
            cpu.append(key)
    return BuildFacts(
        tuple(cpu[:_MOST]), tuple(dict.fromkeys(interfaces)), architectures, known=bool(line)
    )


def _pairs(line: str) -> Iterator[tuple[str, str, str]]:
    for part in line.split("|"):
        if (pair := _PAIR.search(part)) and not pair[2].startswith("n_threads"):
            yield pair[1] or "", pair[2], pair[3]


def _system_info(detection: Detection) -> str:
    """Return what the program says as it starts; its model cannot exist, so it ends at once."""
    try:
        if detection.engine == EMBEDDED:
            return probe.run(Path(sys.executable), ["-P", "-c", _EMBEDDED_SOURCE])
        _, told = probe.output(detection.program, _starting(detection))
    except TermaiError:
        return ""
    return told


def _starting(detection: Detection) -> tuple[str, ...]:
    """Return the arguments of a start that tells and ends; builds with levels tell it at 4."""
    about = detection.help.get("--verbosity")
    loud = ("--verbosity", "4") if about and "4: trace" in about.text else ()
    missing = str(detection.program / "no-model.gguf")
    return ("--model", missing, "--host", "127.0.0.1", "--port", "0", *loud)


def _libraries(detection: Detection) -> Sequence[str]:
    """Return the names of ggml's libraries beside the program, such as ``cuda``."""
    if detection.engine == EMBEDDED:
        from termai.engines.embedded import library_dir

        places = [library_dir()]
    else:
        at = detection.program.resolve().parent
        places = [at, at.parent / "lib"]
    found = (
        match[1]
        for place in places
        if place
        for path in sorted(place.glob("libggml-*"))
        if (match := _LIBRARY.match(path.name))
    )
    return tuple(dict.fromkeys(found))
