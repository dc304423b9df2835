"""What a launch option is: the shape that every declaration has."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

NATIVE = "llama-server"
EMBEDDED = "llama-cpp-python"
KOBOLDCPP = "koboldcpp"
VLLM = "vllm"
REMOTE = "openai"
LLAMA_CPP = (NATIVE, EMBEDDED)
ENGINES = (*LLAMA_CPP, KOBOLDCPP, VLLM, REMOTE)
EVERY = frozenset(LLAMA_CPP)
"""Both engines of llama.cpp."""
ONLY_NATIVE = frozenset({NATIVE})
ONLY_VLLM = frozenset({VLLM})
ONLY_REMOTE = frozenset({REMOTE})
ALSO_REMOTE = EVERY | ONLY_REMOTE


WITHOUT_EFFECT = {
    NATIVE: frozenset(
        {
            *("tensor_parallel_size", "pipeline_parallel_size"),
            *("gpu_memory_utilization", "ray_address"),
        }
    ),
    EMBEDDED: frozenset({"parallel", "warmup", "timeout"}),
    KOBOLDCPP: frozenset({"timeout", "warmup", "cors_origins"}),
    VLLM: frozenset({"timeout", "warmup"}),
    REMOTE: frozenset({"host", "port", "port_strict", "parallel", "warmup", "timeout"}),
}
"""Options that an engine does not know and that do no harm there: it starts without them."""

_OF_KOBOLDCPP = frozenset(
    {
        *("path", "mmproj", "mmproj_offload", "lora", "model_draft", "override_kv"),
        *("chat_template_file", "ctx_size", "n_gpu_layers", "tensor_split", "main_gpu", "device"),
        *("split_mode", "kv_offload", "cpu_moe", "n_cpu_moe", "override_tensor", "threads"),
        *("threads_batch", "batch_size", "ubatch_size", "spec_type", "spec_draft_n_max"),
        *("n_gpu_layers_draft", "flash_attn", "parallel", "context_shift", "cache_type_k"),
        *("cache_type_v", "mmap", "mlock", "fit_target", "rope_freq_scale", "rope_freq_base"),
        *("host", "port", "port_strict", "system_prompt"),
    }
)
_OF_VLLM = frozenset(
    {
        *("path", "alias", "chat_template_file", "ctx_size", "parallel", "host", "port"),
        *("port_strict", "system_prompt", "api_key_file"),
    }
)
_ALSO_OF = {KOBOLDCPP: _OF_KOBOLDCPP, VLLM: _OF_VLLM}


class Kind(StrEnum):
    """The type of an option's value, with the Python type that holds it."""

    TEXT = "text"  # str without line breaks
    PROSE = "prose"  # str that may span lines
    PATH = "path"  # str
    WHOLE = "whole number"  # int
    NUMBER = "number"  # float
    SWITCH = "switch"  # bool
    CHOICE = "choice"  # str, one of `choices`
    LIST = "list of texts"  # tuple[str, ...]
    NUMBERS = "list of numbers"  # tuple[float, ...]
    ADAPTERS = "list of adapters"  # tuple[Adapter, ...]


class Adapter(NamedTuple):
    """A LoRA adapter and the strength with which it is applied (1.0: as trained)."""

    path: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Option:
    """One launch option, from which the TOML check, forms, flags, argv and reference come.

    section, key: the TOML table and the key in it; keys are unique over all tables.
    default: what the engine does when the option is not set, None when that depends on the
        model or the machine.
    help: what it does, when to change it, what it costs.
    low, high: inclusive bounds of a number, of each number in a list.
    words: texts accepted beside a number, such as "auto".
    engines: the engines that know the option; see ``known_to``.
    flag, off_flag: llama-server's flag, and the one that switches a switch off; empty where
        termai itself acts on the option or sends it with each request.
    aliases: every other spelling that llama-server has or had for ``flag``, the one to prefer
        first; not those that switch it off (llama.cpp of the built version, common/arg.cpp).
    request: the name in the body of a chat request, empty when it is not sent.
    basic: whether a form shows it before "all options" is asked for.
    """

    section: str
    key: str
    kind: Kind
    default: Any
    help: str
    group: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    engines: frozenset[str] = EVERY
    flag: str = ""
    off_flag: str = ""
    aliases: tuple[str, ...] = ()
    request: str = ""
    basic: bool = False

    def known_to(self, engine: str) -> bool:
        """Tell whether an engine knows the option.

        What is sent with each request reaches every server that is not llama.cpp's, too.
        """
        if self.key in _ALSO_OF.get(engine, ()):
            return True
        return engine in self.engines or (engine not in LLAMA_CPP and bool(self.request))
