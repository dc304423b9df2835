"""Why vLLM fails: the exceptions that it ends with.

The wordings are those of vllm/v1/core/kv_cache_utils.py, vllm/v1/worker, vllm/v1/executor and
vllm/config (0.15), of argparse, and of huggingface_hub for a model that is not there.
"""

from termai.servers.causes import Cause

CAUSES = (
    Cause(
        "no KV cache",
        r"No available memory for the cache blocks",
        "The model took all that vLLM may use of the GPU: nothing is left for its KV cache.",
        "Raise gpu_memory_utilization, spread it with tensor_parallel_size, or take a smaller or "
        "quantized model.",
    ),
    Cause(
        "context too long",
        r"KV cache is needed, which is larger than the available KV cache memory"
        r"|max seq len \(\d+\) is larger than the maximum number of tokens",
        "One conversation of the context asked for does not fit the memory that is left.",
        "Lower ctx_size in the profile {profile}, or raise gpu_memory_utilization.",
    ),
    Cause(
        "GPU in use",
        r"Free memory on device .*?\((?P<free>[\d.]+)/(?P<total>[\d.]+) GiB\) on startup is less",
        "Only {free} of the GPU's {total} GiB are free, less than vLLM was told to take.",
        "Lower gpu_memory_utilization in the profile {profile}, or stop what holds the memory; "
        "`termai monitor` names it.",
    ),
    Cause(
        "GPU memory",
        r"torch\.(?:cuda\.)?OutOfMemoryError|(?:CUDA|HIP|ROCm) out of memory"
        r"|(?:CUDA|HIP) error: out of memory",
        "The model does not fit the GPU's memory.",
        "Spread it with tensor_parallel_size, or take a smaller or quantized model.",
    ),
    Cause(
        "too few GPUs",
        r"World size \((?P<size>\d+)\) is larger than the number of available GPUs"
        r"|number of required GPUs exceeds the total number of available GPUs",
        "vLLM was told to use more GPUs than there are.",
        "Lower tensor_parallel_size or pipeline_parallel_size in the profile {profile}; over "
        "several machines, set ray_address.",
    ),
    Cause(
        "no Ray cluster",
        r"Could not find any running Ray instance|Failed to connect to Ray cluster"
        r"|Ray cluster at .* (?:could not be|not) (?:reached|found)",
        "The Ray cluster that the profile {profile} names does not answer.",
        "Start its head with `ray start --head`, and correct ray_address.",
    ),
    Cause(
        "no such model",
        r"(?P<path>\S+) is not a local folder and is not a valid model identifier",
        "{path} is no model of the hub, and no directory here.",
        "Set path in the profile {profile} to ORG/NAME, a directory, or a GGUF file.",
    ),
    Cause(
        "no GPU for it",
        r"Failed to infer device type",
        "vLLM found no GPU that it can use.",
        "Check the driver with `termai doctor`, and that this vLLM was built for the GPU.",
    ),
    Cause(
        "unsupported option",
        r"vllm\S*(?: serve)?: error: unrecognized arguments: (?P<option>.+)",
        "vLLM does not know {option}.",
        "Take it out of the profile {profile}, or use another version of vLLM.",
    ),
)
