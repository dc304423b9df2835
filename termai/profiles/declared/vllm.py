"""What only vLLM knows: how a model is spread over GPUs and machines, and what memory it takes."""

from termai.profiles.option import ONLY_VLLM, Kind, Option

GROUP = "vLLM"

OPTIONS = (
    Option(
        "load",
        "tensor_parallel_size",
        Kind.WHOLE,
        1,
        "Over how many GPUs each layer is spread. They work on every token together, so the link "
        "between them matters; the number must divide the model's attention heads.",
        GROUP,
        unit="GPUs",
        low=1,
        high=1024,
        engines=ONLY_VLLM,
    ),
    Option(
        "load",
        "pipeline_parallel_size",
        Kind.WHOLE,
        1,
        "Into how many groups of layers the model is cut, one after the other: for GPUs with a "
        "slow link, and for several machines. It takes this many times tensor_parallel_size GPUs.",
        GROUP,
        unit="groups",
        low=1,
        high=1024,
        engines=ONLY_VLLM,
    ),
    Option(
        "load",
        "gpu_memory_utilization",
        Kind.NUMBER,
        0.92,
        "The part of each GPU's memory that vLLM takes for itself at the start, whatever the model "
        "needs: what is left after the weights becomes KV cache. Lower it when the GPU is shared.",
        GROUP,
        low=0.01,
        high=1,
        engines=ONLY_VLLM,
    ),
    Option(
        "load",
        "ray_address",
        Kind.TEXT,
        None,
        "The head of a Ray cluster whose machines run the model together, as HOST:PORT or "
        "ray://HOST:PORT, or auto for the one that this machine belongs to. Every machine needs "
        "the same vLLM and model.",
        GROUP,
        engines=ONLY_VLLM,
    ),
)
