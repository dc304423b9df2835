"""llama-server's flags that were renamed or removed, since the end of 2023.

Found by comparing the flags of llama.cpp's common/arg.cpp (examples/server/server.cpp before
September 2024) in the sources of llama-cpp-python 0.2.20, 0.2.61, 0.2.83, 0.3.0, 0.3.5, 0.3.9,
0.3.16, 0.3.20, 0.3.26, 0.3.30, 0.3.33 and 0.3.36; each entry names the pull request of
llama.cpp, or the last of these that had the flag.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rename:
    """What became of some spellings of one flag.

    takes: the number of values it took. successor: the flag, or ``section.key`` of an option, to
    use instead; empty where there is none. words: what says the same now, given the values, or
    None where that depends on what was wanted. why: a clause that says what happened, empty when
    it was only renamed. source: where that can be read, empty for a flag that llama-server never
    had.
    """

    takes: int
    source: str
    successor: str = ""
    words: Callable[[Words], Words | None] = lambda _: ()
    why: str = ""


def of(flag: str) -> Rename | None:
    """Return what became of a flag, in the spelling that llama-server reads; None if unknown."""
    return _table().get(flag)


def same(flag: str) -> Words:
    """Return the spellings that mean the same as ``flag``, the newest first; none if unknown."""
    return _groups().get(flag, ())


@cache
def _table() -> Mapping[str, Rename]:
    return dict(_entries())


@cache
def _groups() -> Mapping[str, Words]:
    return {flag: group for group in _SAME for flag in group}


def _to(*fixed: str) -> Callable[[Words], Words]:
    return lambda values: (*fixed, *values)


def _says(*words: str) -> Callable[[Words], Words]:
    return lambda _: words


def _unclear(_: Words) -> None:
    return None


def _step(values: Words) -> Words | None:
    """Return the spacing of checkpoints; -1, which asked for none, has no counterpart."""
    return ("--checkpoint-min-step", *values) if all(v.isdigit() for v in values) else None


def _last(version: str) -> str:
    return f"last in llama-cpp-python {version}"


_NGRAM = "each kind of ngram drafting has a flag of its own"
_DRAFTS = "llama.cpp#22397"
_LOAD = "llama.cpp#28334"
_OTHER_MODELS = "the models that it loads are no longer offered"
_CLI = "it belongs to llama-cli"
_FORK = "it belongs to ik_llama.cpp, a fork of llama.cpp"


def _entries() -> Iterator[tuple[str, Rename]]:
    for flags, rename in _RENAMES:
        for flag in flags:
            yield flag, rename
    for takes, flags in _OF_LLAMA_CLI:
        for flag in flags:
            yield flag, Rename(takes, "", why=_CLI)
    for takes, flags in _OF_A_FORK:
        for flag in flags:
            yield flag, Rename(takes, "", why=_FORK)


_RENAMES: tuple[tuple[Words, Rename], ...] = (
    (
        ("--draft-max", "--draft", "--draft-n"),
        Rename(1, _DRAFTS, "--spec-draft-n-max", _to("--spec-draft-n-max")),
    ),
    (
        ("--draft-min", "--draft-n-min"),
        Rename(1, _DRAFTS, "--spec-draft-n-min", _to("--spec-draft-n-min")),
    ),
    (
        ("--spec-ngram-size-n",),
        Rename(1, _DRAFTS, "--spec-ngram-simple-size-n", _unclear, _NGRAM),
    ),
    (
        ("--spec-ngram-size-m",),
        Rename(1, _DRAFTS, "--spec-ngram-simple-size-m", _unclear, _NGRAM),
    ),
    (
        ("--spec-ngram-min-hits",),
        Rename(1, _DRAFTS, "--spec-ngram-simple-min-hits", _unclear, _NGRAM),
    ),
    (
        ("--ctx-size-draft", "-cd"),
        Rename(1, _last("0.3.20"), why="the draft model has the context size of the model"),
    ),
    (("--spec-replace",), Rename(2, _last("0.3.20"), why="drafts are no longer translated")),
    (("--mlock",), Rename(0, _LOAD, "--load-mode", _says("--load-mode", "mmap+mlock"))),
    (("--mmap",), Rename(0, _LOAD, "--load-mode", _says("--load-mode", "mmap"))),
    (("--no-mmap",), Rename(0, _LOAD, "--load-mode", _says("--load-mode", "none"))),
    (("--direct-io", "-dio"), Rename(0, _LOAD, "--load-mode", _says("--load-mode", "dio"))),
    (("--no-direct-io", "-ndio"), Rename(0, _LOAD, why="it is what happens anyway")),
    (
        ("--checkpoint-every-n-tokens", "-cpent"),
        Rename(1, _last("0.3.20"), "--checkpoint-min-step", _step),
    ),
    (("--verbose-prompt",), Rename(0, "llama.cpp#21059", why="it had no effect in the server")),
    (("--dump-kv-cache", "-dkvc"), Rename(0, "llama.cpp#13653", why="it was for debugging")),
    (
        ("--penalize-nl", "--no-penalize-nl"),
        Rename(0, "llama.cpp#10803", why="a line break is a token as any other"),
    ),
    (("--tfs",), Rename(1, "llama.cpp#10071", "sampling.min_p", why="min_p does better")),
    (
        ("--grp-attn-n", "-gan", "--grp-attn-w", "-gaw"),
        Rename(1, "llama.cpp#9859", "load.rope_scaling", why="RoPE scaling stretches a context"),
    ),
    (
        ("--system-prompt-file", "-spf"),
        Rename(1, "llama.cpp#9857", "chat.system_prompt", _unclear, "each chat brings its own"),
    ),
    (
        ("--slots-endpoint-disable",),
        Rename(0, "llama.cpp#9776", "--no-slots", _says("--no-slots")),
    ),
    (("--log-format",), Rename(1, _last("0.2.83"), why="termai sets up the log itself")),
    (("--logdir", "-ld"), Rename(1, _last("0.3.0"), why="termai keeps the log itself")),
    (("--lora-base",), Rename(1, "llama.cpp#8332", why="adapters need no base file")),
    (
        ("--memory-f32",),
        Rename(
            0,
            _last("0.2.20"),
            "--cache-type-k",
            _says("--cache-type-k", "f32", "--cache-type-v", "f32"),
        ),
    ),
    (
        ("--no-mul-mat-q", "-nommq"),
        Rename(0, _last("0.2.20"), why="the kernels are chosen by the device"),
    ),
    (("--license",), Rename(0, _last("0.3.20"), why="it only printed something")),
    (
        (
            "--embd-bge-small-en-default",
            "--embd-e5-small-en-default",
            "--embd-gte-small-default",
        ),
        Rename(0, _last("0.3.16"), words=_unclear, why=_OTHER_MODELS),
    ),
    (
        ("--defrag-thold", "-dt"),
        Rename(1, "llama.cpp#15472", why="the KV cache needs no defragmenting"),
    ),
)

_OF_LLAMA_CLI: tuple[tuple[int, Words], ...] = (
    (1, ("--prompt", "-p", "--file", "-f", "--prompt-cache")),
    (1, ("--in-prefix", "--in-suffix", "--print-token-count", "-ptc")),
    (0, ("--interactive", "-i", "--interactive-first", "-if", "--instruct", "-ins")),
    (0, ("--conversation", "-cnv", "--no-conversation", "-no-cnv", "--single-turn", "-st")),
    (0, ("--multiline-input", "-mli", "--simple-io", "--no-display-prompt", "--color", "-co")),
)

_OF_A_FORK: tuple[tuple[int, Words], ...] = (
    (0, ("--fused-moe", "-fmoe", "--no-fused-moe", "-no-fmoe", "--run-time-repack", "-rtr")),
    (0, ("--grouped-expert-routing", "-ger", "--graph-reuse", "-gr", "--merge-qkv", "-mqkv")),
    (0, ("--transparent-huge-pages", "-thp")),
    (1, ("--mla-use", "-mla", "--attention-max-batch", "-amb", "--smart-expert-reduction", "-ser")),
)

_SAME: tuple[Words, ...] = (
    ("--ui", "--webui"),
    ("--no-ui", "--no-webui"),
    ("--ui-config", "--webui-config"),
    ("--ui-config-file", "--webui-config-file"),
    ("--ui-mcp-proxy", "--webui-mcp-proxy"),
    ("--no-ui-mcp-proxy", "--no-webui-mcp-proxy"),
    ("--ctx-checkpoints", "--swa-checkpoints", "-ctxcp"),
    ("--embedding", "--embeddings"),
    ("--rerank", "--reranking"),
    ("--verbosity", "--log-verbosity", "-lv"),
    ("--verbose", "--log-verbose", "-v"),
    ("--sampler-seq", "--sampling-seq"),
    ("--spec-draft-threads", "--threads-draft", "-td"),
    ("--spec-draft-threads-batch", "--threads-batch-draft", "-tbd"),
    ("--spec-draft-cpu-mask", "--cpu-mask-draft", "-Cd"),
    ("--spec-draft-cpu-range", "--cpu-range-draft", "-Crd"),
    ("--spec-draft-cpu-strict", "--cpu-strict-draft"),
    ("--spec-draft-prio", "--prio-draft"),
    ("--spec-draft-poll", "--poll-draft"),
    ("--spec-draft-cpu-mask-batch", "--cpu-mask-batch-draft", "-Cbd"),
    ("--spec-draft-cpu-strict-batch", "--cpu-strict-batch-draft"),
    ("--spec-draft-prio-batch", "--prio-batch-draft"),
    ("--spec-draft-poll-batch", "--poll-batch-draft"),
    ("--spec-draft-type-k", "--cache-type-k-draft", "-ctkd"),
    ("--spec-draft-type-v", "--cache-type-v-draft", "-ctvd"),
    ("--spec-draft-override-tensor", "--override-tensor-draft", "-otd"),
    ("--spec-draft-cpu-moe", "--cpu-moe-draft", "-cmoed"),
    ("--spec-draft-n-cpu-moe", "--spec-draft-ncmoe", "--n-cpu-moe-draft", "-ncmoed"),
    ("--spec-draft-p-split", "--draft-p-split"),
    ("--spec-draft-device", "--device-draft", "-devd"),
)
