"""What runs on which GPU."""

from termai.profiles.option import ONLY_NATIVE, Kind, Option

GROUP = "GPU"

OPTIONS = (
    Option(
        "load",
        "n_gpu_layers",
        Kind.WHOLE,
        "auto",
        'How many of the model\'s layers lie on the GPU: "auto" as many as fit, "all", or a '
        "number; 0 uses the CPU only. Every layer moved to the GPU makes answers faster and "
        "costs its share of VRAM.",
        GROUP,
        unit="layers",
        low=0,
        high=100_000,
        words=("auto", "all"),
        flag="--n-gpu-layers",
        aliases=("--gpu-layers", "-ngl"),
        basic=True,
    ),
    Option(
        "load",
        "device",
        Kind.LIST,
        (),
        "The devices to use, by llama.cpp's names such as CUDA0 or Vulkan1 (llama-server "
        '--list-devices prints them), or "none" for the CPU alone. Unset uses every GPU. '
        "llama-server's may be called as people do, RTX 4090, or by a GPU's UUID or its "
        "beginning; a name that several equal GPUs have means all of them.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--device",
        aliases=("-dev",),
    ),
    Option(
        "load",
        "split_mode",
        Kind.CHOICE,
        "layer",
        "How a model is spread over several GPUs: none uses one GPU, layer gives each whole "
        "layers (works over any link), row splits each weight between them (needs a fast link), "
        "tensor also splits the KV cache (experimental).",
        GROUP,
        choices=("none", "layer", "row", "tensor"),
        flag="--split-mode",
        aliases=("-sm",),
    ),
    Option(
        "load",
        "tensor_split",
        Kind.NUMBERS,
        (),
        "How much of the model each GPU takes, as proportions: [3, 1] gives the first three "
        "quarters. Unset goes by free VRAM; set it when one GPU must keep room for something "
        "else.",
        GROUP,
        low=0,
        high=1_000_000,
        flag="--tensor-split",
        aliases=("-ts",),
        basic=True,
    ),
    Option(
        "load",
        "main_gpu",
        Kind.WHOLE,
        0,
        "The GPU, counted from 0, that holds the whole model with split_mode none, and "
        "intermediate results with row. Choose the fastest.",
        GROUP,
        low=0,
        high=127,
        flag="--main-gpu",
        aliases=("-mg",),
    ),
    Option(
        "load",
        "cpu_moe",
        Kind.SWITCH,
        False,
        "Keep all expert weights of a mixture-of-experts model in RAM and only the rest on the "
        "GPU. Since few experts work on each token, a model far larger than VRAM runs at a "
        "useful speed.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--cpu-moe",
        aliases=("-cmoe",),
    ),
    Option(
        "load",
        "n_cpu_moe",
        Kind.WHOLE,
        0,
        "Keep the expert weights of the first N layers in RAM and those of the others on the "
        "GPU. Lower it step by step until VRAM is just full: each layer more on the GPU is "
        "faster.",
        GROUP,
        unit="layers",
        low=0,
        high=100_000,
        engines=ONLY_NATIVE,
        flag="--n-cpu-moe",
        aliases=("-ncmoe",),
        basic=True,
    ),
    Option(
        "load",
        "override_tensor",
        Kind.LIST,
        (),
        "Where tensors go, each PATTERN=BUFFER with a regular expression over tensor names, for "
        'example "ffn_.*_exps=CPU". The finest control over offload there is; n_cpu_moe covers '
        "the usual case.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--override-tensor",
        aliases=("-ot",),
    ),
    Option(
        "load",
        "n_gpu_layers_draft",
        Kind.WHOLE,
        "auto",
        'How many layers of the draft model lie on the GPU: "auto", "all" or a number. A draft '
        "model only pays when all of it is there.",
        GROUP,
        unit="layers",
        low=0,
        high=100_000,
        words=("auto", "all"),
        engines=ONLY_NATIVE,
        flag="--n-gpu-layers-draft",
        aliases=("--gpu-layers-draft", "--spec-draft-ngl", "-ngld"),
    ),
    Option(
        "load",
        "op_offload",
        Kind.SWITCH,
        True,
        "Let the GPU compute with weights that lie in RAM while a long prompt is read. Off saves "
        "the copying on a slow PCIe link.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--op-offload",
        off_flag="--no-op-offload",
    ),
    Option(
        "load",
        "rpc",
        Kind.LIST,
        (),
        "Other machines that lend their GPU and memory, each HOST:PORT of a ggml-rpc-server "
        "(`termai engines rpc` starts one). Their devices are used like GPUs of this machine, as "
        "fast as the network lets them. The protocol has no password and no encryption.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--rpc",
    ),
)
