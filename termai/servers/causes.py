"""Why a server fails: one table from what its log says to a sentence and its fix.

The wordings are those of llama.cpp build 0c1e570 (src/, common/arg.cpp, ggml/src/gguf.cpp,
ggml/src/ggml-cuda/ggml-cuda.cu, tools/server), of the embedded host, of glibc's loader and of
the job runner. The first row that any of the log's last lines matches is taken, so the more
telling rows come first.
"""

from collections.abc import Callable
from typing import NamedTuple

from termai.servers import memory
from termai.servers.case import Case
from termai.servers.ports import why_not

Text = str | Callable[[Case], str]


class Cause(NamedTuple):
    """A known failure: a pattern of its line, and what to say of it.

    ``sentence`` and ``fix`` are texts with ``{names}`` from ``Case.words``, or functions; what
    helps with the engine itself is a name, too, since each engine gets it in its own way.
    """

    key: str
    pattern: str
    sentence: Text
    fix: Text


_AGAIN = "Download the file again, or choose another."


def _not_bound(case: Case) -> str:
    words = case.words()
    reason = why_not(words["host"], int(words["port"] or 0)) or "was in use a moment ago"
    return f"{words['host']}:{words['port']} {reason}."


def _rpc_gone(case: Case) -> str:
    where = case.words()["where"]
    if not where:
        return "An RPC server that {profile} names has ended or was cut off.".format(**case.words())
    return f"The RPC server at {where} does not answer, which llama.cpp needs at its start."


CAUSES = (
    Cause(
        "not executable",
        r"termai: cannot be executed: (?P<why>[^:]+): (?P<path>.*)",
        "{path} cannot be executed: {why}.",
        "Check that it is there and may be executed. {rebuild}",
    ),
    Cause(
        "missing library",
        r"(?P<library>lib[^\s:'\"]+): cannot open shared object file",
        "{engine} needs the library {library}, which is not on this machine.",
        "Install what brings it (for libcuda or libcudart, NVIDIA's driver or CUDA of the version "
        "the engine was built with). {rebuild}",
    ),
    Cause(
        "newer system",
        r"version .(?P<version>(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+). not found",
        "{engine} was built for a newer system: it needs {version}.",
        "{rebuild}",
    ),
    Cause(
        "missing module",
        r"ModuleNotFoundError: No module named '(?P<module>[^']+)'",
        "The Python package {module} that {engine} needs is not installed.",
        "{module_fix}",
    ),
    Cause(
        "RPC version",
        r"RPC server version mismatch: (?P<version>[\d.]+)",
        "An RPC server that {profile} names speaks version {version}, another one than {engine}.",
        "Run the same version of llama.cpp on every machine.",
    ),
    Cause(
        "RPC server gone",
        r"(?:Failed to connect to|RPC handshake failed for) (?P<where>\S+:\d+)"
        r"|(?P<lost>Remote RPC server crashed)",
        _rpc_gone,
        "Start it on its machine with `termai engines rpc`, with the same version of llama.cpp, or "
        "take it out of rpc under [load].",
    ),
    Cause(
        "driver too old",
        r"CUDA driver version is insufficient",
        "The NVIDIA driver is older than the CUDA that {engine} was built with.",
        "Upgrade the driver, or {older_driver}.",
    ),
    Cause(
        "other GPU",
        r"no kernel image is available for execution",
        "{engine} was built for another generation of GPU than the one in this machine.",
        "{rebuild}",
    ),
    Cause(
        "GPU memory",
        r"(?:cuda|hip|musa)Malloc failed: out of memory|(?:CUDA|ROCm|HIP) error: out of memory"
        r"|ErrorOutOfDeviceMemory|failed to allocate (?!CPU|buffer)\S+ buffer of size"
        r"|unable to allocate (?!CPU)\S+ buffer",
        memory.gpu_sentence,
        memory.gpu_fix,
    ),
    Cause(
        "memory",
        r"insufficient memory|std::bad_alloc|failed to allocate buffer|Cannot allocate memory"
        r"|failed to allocate CPU\S* buffer|unable to allocate CPU\S* buffer|MemoryError",
        memory.ram_sentence,
        memory.ram_fix,
    ),
    Cause(
        "GPU error",
        r"(?:CUDA|ROCm) error: (?P<why>.+)",
        "The GPU failed: {why}.",
        "Look at dmesg for Xid errors and at nvidia-smi; start again, with fewer n_gpu_layers if "
        "it comes back.",
    ),
    Cause(
        "not bound",
        r"couldn't bind HTTP server socket|error while attempting to bind on address"
        r"|cannot be listened on|[Aa]ddress already in use",
        _not_bound,
        "Set another port, or stop what listens there; with port_strict off, termai takes the "
        "next free port by itself.",
    ),
    Cause(
        "missing file",
        r"failed to open (?:GGUF file )?'(?P<path>[^']+)'(?: \(|: )No such file"
        r"|Model path does not exist: (?P<other>.*)|The model file (?P<model>.+) does not exist"
        r"|failed to open (?P<last>\S+): No such file",
        lambda case: f"{_named_path(case)} does not exist.",
        "Set the right path in the profile {profile}; `termai models` lists the files found.",
    ),
    Cause(
        "no permission",
        r"failed to open (?:GGUF file )?'(?P<path>[^']+)'(?: \(|: )Permission denied"
        r"|PermissionError: .*: '(?P<other>[^']+)'|failed to open (?P<last>\S+): Permission denied",
        lambda case: f"{_named_path(case)} may not be read by this user.",
        "Mend its permissions with chmod, or its owner with chown.",
    ),
    Cause(
        "projector",
        r"CLIP cannot be used as main model",
        "{file_name} is a projector for images, not a model.",
        "Set path to the model's own file and mmproj to this one.",
    ),
    Cause(
        "split",
        r"must be loaded with the first split|invalid split (?:file|count)"
        r"|missing key .* in GGUF split|failed to load GGUF split from (?P<path>\S+)",
        "{file_name} is one part of a model, and not all parts were found from it.",
        "Set path to the part that ends in -00001-of-N.gguf, with all others beside it.",
    ),
    Cause(
        "architecture",
        r"unknown model architecture: '(?P<architecture>[^']*)'",
        "{engine} does not know the model architecture {architecture} of {file_name}.",
        "{newer}, or choose another model.",
    ),
    Cause(
        "newer model",
        r"unknown pre-tokenizer type: '(?P<detail>[^']*)'|(?P<other>missing tensor '[^']*')"
        r"|wrong number of tensors|key not found in model|has wrong shape; expected",
        "{file_name} was made for another version of llama.cpp than this {engine}.",
        "{newer}, or get the file anew.",
    ),
    Cause(
        "truncated",
        r"not within the file bounds|exceeds remaining file size|unexpectedly reached end of file"
        r"|failed to read (?:key-value pairs|header|tensor info|tensor data)|has size in bytes"
        r"|memory size overflow|bad GGUF version|is extremely large|failed to create tensors"
        r"|has invalid (?:GGUF type|ggml type|number)|data section at file offset",
        "{file_name} is cut short or corrupt: it ends before the data it announces.",
        f"Compare its size with the publisher's. {_AGAIN}",
    ),
    Cause(
        "not GGUF",
        r"invalid magic characters|failed to read magic|GGUFv1 is no longer supported"
        r"|only supports up to version",
        "{file_name} is not a GGUF model that {engine} can read.",
        _AGAIN,
    ),
    Cause(
        "quantized V cache",
        r"[Qq]uantized V cache",
        "A quantized V cache needs flash attention, which is off.",
        'Set flash_attn to "auto" or "on", or cache_type_v to "f16".',
    ),
    Cause(
        "cache type",
        r"(?P<which>[KV]) cache type (?P<type>\S+) with block size (?P<block>\d+) does not divide",
        "The {which} cache type {type} does not suit this model: its heads are no multiple of "
        "{block}.",
        'Set cache_type_k and cache_type_v to "f16".',
    ),
    Cause(
        "no such device",
        r"invalid device: (?P<device>\S+)|invalid value for main_gpu: (?P<gpu>\S+)",
        "{engine} has no such device: {device}{gpu}.",
        "Take device, main_gpu or tensor_split out of the profile {profile}, or {devices}.",
    ),
    Cause(
        "unsupported option",
        r"error: invalid argument: (?P<option>\S+)",
        "{program} does not know the option {option}.",
        "Take it out of the profile {profile}, or use {upgraded}.",
    ),
    Cause(
        "wrong value",
        r"error while handling argument \"(?P<option>[^\"]+)\": (?P<why>.*)",
        "{program} refuses the value of {option}: {why}.",
        "Correct it in the profile {profile}; `{program} --help` says what it takes.",
    ),
    Cause(
        "chat template",
        r"chat template parsing error|failed to initialize chat template"
        r"|chat template is not supported",
        "The chat template cannot be used.",
        "Correct chat_template or chat_template_file in the profile {profile}, or leave them out "
        "to use the model's own.",
    ),
    Cause(
        "not loaded",
        r"[Ff]ailed to load (?:the )?model|failed to create_context",
        lambda case: f"{case.file} could not be loaded{_reason(case)}.",
        "Look at the log; another file, or {upgraded}, may help.",
    ),
)


_PATHS = ("path", "other", "model", "last")


def _named_path(case: Case) -> str:
    found = case.words()
    return next((found[key] for key in _PATHS if found.get(key)), case.file)


def _reason(case: Case) -> str:
    """Return what llama.cpp gives as the reason, with a colon before it, or nothing."""
    told = case.search(r"error loading model: (?P<why>.+)|initialize the context: (?P<other>.+)")
    return f": {(told['why'] or told['other']).rstrip('.')}" if told else ""
