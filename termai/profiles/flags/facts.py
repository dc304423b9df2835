"""What is known of llama.cpp's flags that are no options of termai (common/arg.cpp)."""

from collections.abc import Mapping
from types import MappingProxyType

SWITCHES: Mapping[str, str] = MappingProxyType(
    {
        "--agent": "--no-agent",
        "-ag": "--no-agent",
        "--backend-sampling": "",
        "-bs": "",
        "--cache-idle-slots": "--no-cache-idle-slots",
        "--cache-prompt": "--no-cache-prompt",
        "--cont-batching": "--no-cont-batching",
        "-cb": "--no-cont-batching",
        "--cors-credentials": "--no-cors-credentials",
        "--embedding": "",
        "--embeddings": "",
        "--embd-gemma-default": "",
        "--escape": "--no-escape",
        "-e": "--no-escape",
        "--fim-qwen-1.5b-default": "",
        "--fim-qwen-14b-spec": "",
        "--fim-qwen-30b-default": "",
        "--fim-qwen-3b-default": "",
        "--fim-qwen-7b-default": "",
        "--fim-qwen-7b-spec": "",
        "--gpt-oss-120b-default": "",
        "--gpt-oss-20b-default": "",
        "--ignore-eos": "",
        "--jinja": "--no-jinja",
        "--lora-init-without-apply": "",
        "--mmproj-auto": "--no-mmproj",
        "--no-host": "",
        "--offline": "",
        "--perf": "--no-perf",
        "--prefill-assistant": "--no-prefill-assistant",
        "--props": "",
        "--reasoning-preserve": "--no-reasoning-preserve",
        "--rerank": "",
        "--reranking": "",
        "--skip-chat-parsing": "--no-skip-chat-parsing",
        "--slots": "--no-slots",
        "--spec-default": "",
        "--spec-draft-backend-sampling": "--no-spec-draft-backend-sampling",
        "--spec-draft-cpu-moe": "",
        "-cmoed": "",
        "--cpu-moe-draft": "",
        "--special": "",
        "-sp": "",
        "--spm-infill": "",
        "--ui": "--no-ui",
        "--webui": "--no-webui",
        "--ui-mcp-proxy": "--no-ui-mcp-proxy",
        "--webui-mcp-proxy": "--no-webui-mcp-proxy",
        "--vision-gemma-12b-default": "",
        "--vision-gemma-4b-default": "",
    }
)
"""Flags that are followed by no value, and the flag that says the contrary, where there is one."""

VALUELESS = (
    frozenset(SWITCHES)
    | frozenset(SWITCHES.values())
    | {"-no-ag", "-nocb", "--no-mmproj-auto", "--no-spec-draft-backend-sampling"}
) - {""}

SHORT = frozenset(
    {"-C", "-Cr", "-Cb", "-Crb", "-lcs", "-lcd", "-ctxcp", "-cms", "-r", "-l", "-j", "-jf"}
    | {"-lzm", "-ncffn", "-sps", "-td", "-tbd", "-Cd", "-Crd", "-Cbd", "-Crbd", "-ctkd", "-ctvd"}
    | {"-otd", "-ncmoed", "-devd", "-mmdev", "-hft"}
)
"""Short flags that are followed by a value."""

TWO_VALUES = frozenset({"--control-vector-layer-range"})

GATHERED = frozenset(
    {"--control-vector", "--control-vector-scaled", "--dry-sequence-breaker", "--logit-bias", "-l"}
)
"""Flags that may be given several times, each adding to the others."""

NEED_NO_WORD = {"--jinja": "termai always passes it where the engine knows it"}

_LOG = "termai sets up the log itself, which it reads"
_ENDS = "it prints something and ends"
_ROUTER = "a profile starts one model, no router"
_CHAT = "it belongs to a chat in the terminal, not to a server"
FETCH = "termai downloads models before a start, not with it"
_STALE = "llama.cpp has taken it out or ignores it"

REFUSED: Mapping[str, tuple[int, str]] = MappingProxyType(
    dict.fromkeys(("-v", "--verbose", "--log-verbose", "--log-disable"), (0, _LOG))
    | dict.fromkeys(("--log-prefix", "--no-log-prefix", "--log-timestamps"), (0, _LOG))
    | dict.fromkeys(("--no-log-timestamps", "--log-jsonl", "--no-log-jsonl"), (0, _LOG))
    | dict.fromkeys(("--log-enable", "--log-test", "--log-new", "--log-append"), (0, _LOG))
    | dict.fromkeys(("-lv", "--verbosity", "--log-verbosity", "--log-file"), (1, _LOG))
    | dict.fromkeys(("--log-colors", "--log-format"), (1, _LOG))
    | dict.fromkeys(("-h", "--help", "--usage", "--version", "--list-devices"), (0, _ENDS))
    | dict.fromkeys(("-cl", "--cache-list", "--completion-bash"), (0, _ENDS))
    | dict.fromkeys(("--models-dir", "--models-preset", "--models-max"), (1, _ROUTER))
    | dict.fromkeys(("--models-autoload", "--no-models-autoload"), (0, _ROUTER))
    | dict.fromkeys(("-p", "--prompt", "-f", "--file", "-bf", "--binary-file"), (1, _CHAT))
    | dict.fromkeys(("-sysf", "--system-prompt-file", "--in-prefix", "--in-suffix"), (1, _CHAT))
    | dict.fromkeys(("--prompt-cache", "-ptc", "--print-token-count"), (1, _CHAT))
    | dict.fromkeys(("-i", "--interactive", "-if", "--interactive-first", "-st"), (0, _CHAT))
    | dict.fromkeys(("--single-turn", "-cnv", "--conversation", "-no-cnv"), (0, _CHAT))
    | dict.fromkeys(("--no-conversation", "-mli", "--multiline-input"), (0, _CHAT))
    | dict.fromkeys(("--simple-io", "--in-prefix-bos", "--verbose-prompt"), (0, _CHAT))
    | dict.fromkeys(("--display-prompt", "--no-display-prompt", "--color"), (0, _CHAT))
    | dict.fromkeys(("-co", "-ins", "--instruct", "-cml", "--chatml"), (0, _CHAT))
    | dict.fromkeys(("--prompt-cache-all", "--prompt-cache-ro"), (0, _CHAT))
    | dict.fromkeys(("-dr", "--docker-repo"), (1, FETCH))
    | dict.fromkeys(("--memory-f32", "--no-mul-mat-q", "-nommq", "--low-vram"), (0, _STALE))
    | dict.fromkeys(("--mtest", "--slots-endpoint-disable"), (0, _STALE))
    | dict.fromkeys(
        ("-dt", "--defrag-thold", "-gqa", "--gqa", "-eps", "--rms-norm-eps"), (1, _STALE)
    )
    | {"--reuse-port": (0, "termai chooses a free port")}
    | {"-lv": (1, _LOG), "--logdir": (1, _LOG), "-ld": (1, _LOG)}
)
"""Flags that a profile does not pass on: how many values follow, and why."""

ODD_ENV: Mapping[str, str] = MappingProxyType(
    {
        "LLAMA_ARG_BATCH": "--batch-size",
        "LLAMA_ARG_CHECKPOINT_MIN_SPACING_NT": "--checkpoint-min-step",
        "LLAMA_ARG_ENDPOINT_METRICS": "--metrics",
        "LLAMA_ARG_ENDPOINT_PROPS": "--props",
        "LLAMA_ARG_ENDPOINT_SLOTS": "--slots",
        "LLAMA_ARG_N_PARALLEL": "--parallel",
        "LLAMA_ARG_ROPE_SCALING_TYPE": "--rope-scaling",
        "LLAMA_ARG_SPEC_DRAFT_CACHE_TYPE_K": "--spec-draft-type-k",
        "LLAMA_ARG_SPEC_DRAFT_CACHE_TYPE_V": "--spec-draft-type-v",
        "LLAMA_ARG_SPEC_DRAFT_HF_REPO": "--spec-draft-hf",
        "LLAMA_ARG_STATIC_PATH": "--path",
        "LLAMA_ARG_THINK": "--reasoning-format",
        "LLAMA_ARG_THINK_BUDGET": "--reasoning-budget",
        "LLAMA_ARG_THINK_BUDGET_MESSAGE": "--reasoning-budget-message",
        "LLAMA_ARG_UBATCH": "--ubatch-size",
        "LLAMA_API_KEY": "--api-key",
        "HF_TOKEN": "--hf-token",
    }
)
"""Environment variables that are not called as their flag is."""
