"""What a line of a server's log says: one table of the lines that matter.

The lines are those of llama.cpp as of build 0c1e570 (src/llama-model.cpp, src/llama-context.cpp,
src/llama-kv-cache.cpp, common/fit.cpp, tools/server) and of the older wordings that are still
met. llama-server puts ``M.SS.mmm.uuu LEVEL SOURCE`` before each, the embedded server nothing.
"Please connect to custom endpoint" is KoboldCPP's (koboldcpp.py, 1.117), whose loading is told
by llama.cpp. vLLM's are those of version 0.15. Those that begin with ``watch:`` are of
``engines/watcher/watching.py``.
"""

import re
from enum import StrEnum
from typing import NamedTuple

LINE_LIMIT = 1000


class Kind(StrEnum):
    """What happened, with the names of the values that an event of the kind carries."""

    STARTED = "started"  # pid; written by the job runner at each start of the program
    MODEL = "model"  # no_alloc: 1 when llama.cpp only measures, allocating nothing
    ARCHITECTURE = "architecture"  # name
    LAYERS = "layers"  # count, of the model's repeating layers
    TRAINED = "trained"  # context, in tokens
    LOADING = "loading"
    BUSY = "busy"  # it loads; said once by each of several processes
    PROGRESS = "progress"  # dots, one for each percent that is loaded, or percent
    DEVICE = "device"  # name, free (MiB): a GPU that the model may use
    ASSIGNED = "assigned"  # layer, device
    OFFLOADED = "offloaded"  # layers, total; true of a machine without a GPU, too
    BUFFER = "buffer"  # device, what (model, KV, RS, compute, output), mib
    CONTEXT = "context"  # size, in tokens, of all slots together
    SLOT_CONTEXT = "slot context"  # size, in tokens
    GRANTED = "granted"  # size: the tokens that a request may have from now on
    CACHE = "cache"  # size: the tokens that vLLM's KV cache holds of all requests together
    SLOTS = "slots"  # count, and size: the context of each in tokens
    REDUCED = "reduced"  # asked, granted: tokens, when llama.cpp shrank the context to fit
    WARMUP = "warmup"
    LISTENING = "listening"  # url
    READY = "ready"
    PROMPT = "prompt"  # ms, tokens, rate (tokens per second)
    GENERATION = "generation"  # ms, tokens, rate
    ERROR = "error"  # text
    AWAY = "away"  # text: why a server that was ready, and that another program runs, is not


class Event(NamedTuple):
    """One line's meaning: its kind, and its values as the text they were written in."""

    kind: Kind
    values: dict[str, str]

    def number(self, name: str) -> float:
        """Return a value as a number, 0 when it is not a finite one."""
        try:
            value = float(self.values[name].replace(",", ""))
        except (KeyError, ValueError):
            return 0.0
        return value if abs(value) < 1e15 else 0.0

    def whole(self, name: str) -> int:
        """Return a value as a whole number, 0 when it is none."""
        return int(self.number(name))


class _Line(NamedTuple):
    """A line that matters: a piece of text that only it has, and a pattern for its values."""

    kind: Kind
    key: str
    pattern: str


_RATE = (
    r"=\s*(?P<ms>[\d.]+) ms /\s*(?P<tokens>\d+) \w+\s+\(.*?"
    r"(?P<rate>[\d.]+|inf|nan) tokens per second"
)
_BUFFERS = "model|KV|RS|compute|output"

_LINES = (
    _Line(Kind.STARTED, "termai: started", r"termai: started pid (?P<pid>\d+)"),
    _Line(Kind.MODEL, "no_alloc ", r"no_alloc\s+= (?P<no_alloc>\d)"),
    _Line(Kind.ARCHITECTURE, "print_info: arch ", r"arch\s+= (?P<name>\S+)"),
    _Line(Kind.LAYERS, "n_layer ", r"n_layer\s+= (?P<count>\d+)"),
    _Line(Kind.TRAINED, "n_ctx_train ", r"n_ctx_train\s+= (?P<context>\d+)"),
    _Line(Kind.LOADING, "loading model tensors", r""),
    _Line(Kind.PROGRESS, "...", r"^(?P<dots>\.{3,100})$"),
    _Line(Kind.DEVICE, "using device ", r"using device (?P<name>\S+) .* (?P<free>\d+) MiB free"),
    _Line(
        Kind.ASSIGNED,
        "assigned to device",
        r"layer\s+(?P<layer>\d+) assigned to device (?P<device>[^,\s]+)",
    ),
    _Line(Kind.OFFLOADED, "offloaded ", r"offloaded (?P<layers>\d+)/(?P<total>\d+) layers to GPU"),
    _Line(
        Kind.BUFFER,
        "buffer size =",
        rf"(?:^|\s)(?P<device>\S+)\s+(?P<what>{_BUFFERS}) buffer size =\s*(?P<mib>[\d.]+) MiB",
    ),
    _Line(Kind.CONTEXT, "n_ctx  ", r"llama_\w*context\w*: n_ctx\s+= (?P<size>\d+)"),
    _Line(Kind.SLOT_CONTEXT, "n_ctx_seq  ", r"n_ctx_seq\s+= (?P<size>\d+)"),
    _Line(Kind.SLOT_CONTEXT, "n_ctx_per_seq ", r"n_ctx_per_seq\s+= (?P<size>\d+)"),
    _Line(Kind.SLOTS, "n_slots = ", r"n_slots = (?P<count>\d+)(?:, n_ctx_slot = (?P<size>\d+))?"),
    _Line(
        Kind.REDUCED,
        "context size reduced",
        r"context size reduced from (?P<asked>\d+) to (?P<granted>\d+)",
    ),
    _Line(Kind.WARMUP, "warming up the model", r""),
    _Line(Kind.LISTENING, "listening on http", r"listening on (?P<url>https?://[^\s,]+)"),
    _Line(Kind.LISTENING, "Uvicorn running on", r"running on (?P<url>https?://\S+)"),
    _Line(Kind.READY, "model loaded", r"(?:llama_server|main): model loaded$"),
    _Line(Kind.LOADING, "watch: loading", r""),
    _Line(Kind.GRANTED, "watch: context", r"^watch: context: (?P<size>\d+) tokens"),
    _Line(Kind.READY, "watch: ready", r"^watch: ready"),
    _Line(Kind.READY, "Please connect to custom endpoint", r"custom endpoint at https?://"),
    _Line(Kind.READY, "Application startup complete.", r"INFO:\s+Application startup complete\.$"),
    _Line(Kind.BUSY, "Starting to load model", r"Starting to load model "),
    _Line(Kind.PROGRESS, "checkpoint shards:", r"shards:\s+(?P<percent>\d{1,3})% Completed"),
    _Line(
        Kind.GRANTED,
        "Maximum concurrency for ",
        r"Maximum concurrency for (?P<size>[\d,]+) tokens per request",
    ),
    _Line(Kind.CACHE, "GPU KV cache size: ", r"GPU KV cache size: (?P<size>[\d,]+) tokens"),
    _Line(Kind.AWAY, "watch: away", r"^watch: away: (?P<text>.+)"),
    _Line(Kind.PROMPT, "prompt eval time", _RATE),
    _Line(Kind.GENERATION, "eval time", _RATE),
)

_PREFIX = r"^\d+\.\d\d\.\d{3}\.\d{3} ([IWED]) "
_ERRORS = (
    "error:",
    "Error:",
    "error while ",
    " error ",
    "failed to ",
    "Failed to ",
    "GGML_ASSERT",
    "terminate called",
    "cannot open shared object",
    "cannot be executed",
    "insufficient memory",
    "unable to allocate",
    "not found (required by",
)


def parse(line: str) -> Event | None:
    """Return what one printable line of a log says, mostly nothing.

    Only the first LINE_LIMIT characters are looked at.
    """
    text = line[:LINE_LIMIT].strip()
    for kind, key, pattern in _LINES:
        if key in text and (found := re.search(pattern, text)):
            return Event(kind, {k: v for k, v in found.groupdict().items() if v is not None})
    return Event(Kind.ERROR, {"text": text}) if is_error(text) else None


def is_error(text: str) -> bool:
    """Return whether a line of a log tells of a failure."""
    level = re.match(_PREFIX, text)
    if level:
        return level[1] == "E"
    return any(word in text for word in _ERRORS)


def without_prefix(line: str) -> str:
    """Return a line without the time, the level and the padding that llama-server puts first."""
    return " ".join(re.sub(_PREFIX, "", line.strip()).split())
