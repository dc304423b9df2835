"""The weights, by what they belong to: the input, each layer, the output."""

import re
from dataclasses import dataclass

from termai.gguf.header import Header

_LAYER = re.compile(r"^(?:[a-z0-9_]+\.)?blk\.(\d+)\.")
_EXPERTS = re.compile(r"\.ffn_(?:up|down|gate|gate_up)_(?:ch|)exps\b")
_INPUT = ("token_embd", "token_types", "position_embd", "per_layer_token_embd")
_TWICE = frozenset({"gemma3n", "gemma4"})


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
    for tensor in header.tensors:
        if found := _LAYER.match(tensor.name):
            layer = int(found[1])
            if layer < layers:
                expert = _EXPERTS.search(tensor.name) is not None
                (experts if expert else whole)[layer] += tensor.size
                largest[layer] = max(largest[layer], tensor.size)
                if expert:
                    largest_experts[layer] = max(largest_experts[layer], tensor.size)
        elif tensor.name.startswith(_INPUT):
            first += tensor.size
            embedding += tensor.size if tensor.name == "token_embd.weight" else 0
        else:
            output += tensor.size
            own_output = own_output or tensor.name == "output.weight"
    tied = 0 if own_output else embedding
    twice = header.architecture in _TWICE
    return Weights(
        first, tuple(whole), tuple(experts), output, tied, twice,
        tuple(largest), tuple(largest_experts),
    )  # fmt: skip
