"""Weights that the kernel may take out of RAM again, as they are mapped from the model's file."""

import platform
from functools import lru_cache

from termai.gguf.header import Header
from termai.gguf.memory import Estimate
from termai.profiles.profile import Profile
from termai.servers.loading import Load, flags_given

_REPACKED_ON_X86 = frozenset({"Q4_0", "Q4_K", "Q2_K", "IQ4_NL", "MXFP4"})
_REPACKED = _REPACKED_ON_X86 | {"Q8_0", "Q5_K", "Q6_K"}  # by other processors
_KEPT = 64  # models whose answer is remembered
_X86 = frozenset({"x86_64", "amd64"})
_READING = frozenset({"--mlock", "--no-mmap", "--load-mode", "-lm", "--direct-io", "-dio"})


def pageable(profile: Profile, header: Header, load: Load, found: Estimate) -> int:
    """Return the bytes of the weights in RAM that are read from the file again when needed.

    None are with ``mmap = false`` or ``mlock``. Without a GPU llama.cpp copies the types that it
    repacks for the processor, unless ``repack = false`` (ggml/src/ggml-cpu/repack.cpp); beside a
    GPU it repacks nothing that is mapped (make_cpu_buft_list in src/llama-model.cpp). What is
    loaded beside the model is not counted.
    """
    locked = profile.value("mlock") or not profile.value("mmap")
    if locked or flags_given(profile) & _READING:
        return 0
    copied = frozenset[str]() if load.machine.gpus or not profile.value("repack") else _copied()
    mapped = found.devices[0].weights - (0 if found.n_gpu_layers else _beside(load))
    return int(max(0, mapped) * _share_without(header, copied))


def _copied() -> frozenset[str]:
    """Return the types of weights that llama.cpp repacks on a processor like this one."""
    return _REPACKED_ON_X86 if platform.machine().lower() in _X86 else _REPACKED


def _beside(load: Load) -> int:
    headers = (header for header in (load.projector, load.draft) if header is not None)
    return load.adapters + sum(tensor.size for header in headers for tensor in header.tensors)


@lru_cache(_KEPT)
def _share_without(header: Header, types: frozenset[str]) -> float:
    """Return the part of the weights that is of none of these types."""
    left = sum(tensor.size for tensor in header.tensors if tensor.type.name not in types)
    return left / max(1, sum(tensor.size for tensor in header.tensors))
