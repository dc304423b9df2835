"""How a model is to be loaded, in llama.cpp's own terms."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What decides how much memory a model takes.

    ctx_size: tokens in all slots together, 0 for what the model was trained for. n_gpu_layers:
    layers on GPUs, the output layer counted; more than there are means all. cache_type_k,
    cache_type_v: names of tensor types such as ``q8_0``. batch_size, ubatch_size: tokens.
    parallel: slots; kv_unified: whether they share one KV cache. n_cpu_moe: layers, from the
    first, whose experts stay in RAM. no_kv_offload: whether the KV cache stays in RAM.
    tensor_split: a share of the layers for each GPU, of any sum; empty means one GPU. op_offload:
    whether the first GPU also works through long prompts for the layers in RAM. outputs: tokens
    of a micro-batch whose logits are computed at most, 0 for all; llama-server asks for one of
    each slot.
    """

    ctx_size: int = 0
    n_gpu_layers: int = 0
    cache_type_k: str = "f16"
    cache_type_v: str = "f16"
    batch_size: int = 2048
    ubatch_size: int = 512
    parallel: int = 1
    kv_unified: bool = True
    flash_attn: bool = True
    n_cpu_moe: int = 0
    swa_full: bool = False
    no_kv_offload: bool = False
    tensor_split: tuple[float, ...] = ()
    op_offload: bool = True
    outputs: int = 0
