"""The weights, by what they belong to: the input, each layer, the output."""

import re
from dataclasses import dataclass

from termai.gguf.header import Header

_LAYER = re.compile(r"^(?:[a-z0-9_]+\.)?blk\.(\d+)\.")
_EXPERTS = re.compile(r"\.ffn_(?:up|down|gate|gate_up)_(?:ch|)exps\b")
_INPUT = ("token_embd", "token_types", "position_embd", "per_layer_token_embd")
# Tensors without a layer in their name that llama.cpp keeps with the first one, and the last norm
# of LFM2, which has the name of another (LLM_TENSOR_INFOS in src/llama-arch.cpp).
_FIRST_LAYER = ("per_layer_model_proj", "per_layer_proj_norm", "token_embd_norm", "rope_f")
_LAST_NORM = {"lfm2": "token_embd_norm", "lfm2moe": "token_embd_norm"}
_TWICE = frozenset({"gemma3n", "gemma4"})
# Architectures that give embeddings and have no output to tie.
_WITHOUT_OUTPUT = frozenset(
    {
        "bert", "jina-bert-v2", "jina-bert-v3", "nomic-bert", "nomic-bert-moe", "neo-bert",
        "modern-bert", "t5encoder",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of weights; ``layers`` are without their experts, which are ``experts``.

    tied: of the embedding that the output uses again, 0 where the output has its own. twice:
    whether both are loaded even on one device. largest: of the matrices of each layer, and of
    its experts.
    """

    first: int
    layers: tuple[int, ...]
    experts: tuple[int, ...]
    output: int
    tied: int
    twice: bool
    largest: tuple[int, ...]
    largest_experts: tuple[int, ...]


def weights(header: Header, layers: int) -> Weights:
    """Return the bytes of all tensors but those of layers beyond the first ``layers``."""
    whole, experts = [0] * layers, [0] * layers
    largest, largest_experts = [0] * layers, [0] * layers
    first = output = embedding = 0
    own_output = False
    last = _LAST_NORM.get(header.architecture, "")

    def last_norm(name: str) -> bool:
        return bool(last) and name.startswith(last)

    for tensor in header.tensors:
        if found := _LAYER.match(tensor.name):
            layer = int(found[1])
            if layer < layers:
                expert = _EXPERTS.search(tensor.name) is not None
                (experts if expert else whole)[layer] += tensor.size
                largest[layer] = max(largest[layer], tensor.size)
                if expert:
                    largest_experts[layer] = max(largest_experts[layer], tensor.size)
        elif layers and tensor.name.startswith(_FIRST_LAYER) and not last_norm(tensor.name):
            whole[0] += tensor.size
        elif tensor.name.startswith(_INPUT) and not last_norm(tensor.name):
            first += tensor.size
            embedding += tensor.size if tensor.name == "token_embd.weight" else 0
        else:
            output += tensor.size
            own_output = own_output or tensor.name == "output.weight"
    untied = own_output or header.architecture in _WITHOUT_OUTPUT
    tied = 0 if untied else embedding
    twice = header.architecture in _TWICE
    return Weights(
        first, tuple(whole), tuple(experts), output, tied, twice,
        tuple(largest), tuple(largest_experts),
    )  # fmt: skip
