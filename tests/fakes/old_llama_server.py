"""A llama-server of January 2025 as far as its command line goes.

Flags, placeholders and what they mean are those documented for that build (the table that
llama-gen-docs wrote into examples/server/README.md of llama.cpp then), laid out as
common/arg.cpp prints them. It has --mlock, --no-mmap, --draft-max, a bare --flash-attn,
--lora-scaled FNAME SCALE and a repeated --override-kv; it has no --load-mode, --jinja,
--cors-origins, --reasoning, --fit or --cpu-moe, and no words for a number of layers.
"""

import os
import sys
import textwrap

FLAGS = (
    ("-h, --help, --usage", "", "print usage and exit"),
    ("--version", "", "show version and build info"),
    ("-t, --threads", "N", "threads during generation (default: -1)"),
    ("-tb, --threads-batch", "N", "threads during prompt processing (default: as --threads)"),
    ("-c, --ctx-size", "N", "size of the prompt context (default: 4096, 0 = from model)"),
    ("-n, --predict, --n-predict", "N", "tokens to predict (default: -1, -1 = infinity)"),
    ("-b, --batch-size", "N", "logical maximum batch size (default: 2048)"),
    ("-ub, --ubatch-size", "N", "physical maximum batch size (default: 512)"),
    ("-fa, --flash-attn", "", "enable Flash Attention (default: disabled)"),
    ("--rope-scaling", "{none,linear,yarn}", "RoPE frequency scaling method"),
    ("--rope-scale", "N", "RoPE context scaling factor"),
    ("--rope-freq-base", "N", "RoPE base frequency (default: loaded from model)"),
    ("--rope-freq-scale", "N", "RoPE frequency scaling factor"),
    ("--yarn-orig-ctx", "N", "YaRN: original context size of model"),
    ("-nkvo, --no-kv-offload", "", "disable KV offload"),
    ("-ctk, --cache-type-k", "TYPE", "KV cache data type for K (default: f16)"),
    ("-ctv, --cache-type-v", "TYPE", "KV cache data type for V (default: f16)"),
    ("-np, --parallel", "N", "number of parallel sequences to decode (default: 1)"),
    ("--mlock", "", "force system to keep model in RAM"),
    ("--no-mmap", "", "do not memory-map model (slower load)"),
    ("--numa", "TYPE", "attempt optimizations that help on some NUMA systems"),
    ("-dev, --device", "<dev1,dev2,..>", "devices to use for offloading"),
    ("--list-devices", "", "print list of available devices and exit"),
    ("-ngl, --gpu-layers, --n-gpu-layers", "N", "number of layers to store in VRAM"),
    ("-sm, --split-mode", "{none,layer,row}", "how to split the model across multiple GPUs"),
    ("-ts, --tensor-split", "N0,N1,N2,...", "fraction of the model to offload to each GPU"),
    ("-mg, --main-gpu", "INDEX", "the GPU to use for the model (default: 0)"),
    ("--check-tensors", "", "check model tensor data for invalid values (default: false)"),
    ("--override-kv", "KEY=TYPE:VALUE", "override metadata. may be specified multiple times."),
    ("--lora", "FNAME", "path to LoRA adapter (can be repeated)"),
    ("--lora-scaled", "FNAME SCALE", "path to LoRA adapter with user defined scaling"),
    ("-m, --model", "FNAME", "model path"),
    ("--log-colors", "", "Enable colored logging"),
    ("-lv, --verbosity, --log-verbosity", "N", "Set the verbosity threshold."),
    ("--log-prefix", "", "Enable prefix in log messages"),
    ("--log-timestamps", "", "Enable timestamps in log messages"),
    ("-s, --seed", "SEED", "RNG seed (default: -1, use random seed for -1)"),
    ("--temp", "N", "temperature (default: 0.8)"),
    ("--top-k", "N", "top-k sampling (default: 40, 0 = disabled)"),
    ("--top-p", "N", "top-p sampling (default: 0.9, 1.0 = disabled)"),
    ("--typical", "N", "locally typical sampling (default: 1.0, 1.0 = disabled)"),
    ("--no-context-shift", "", "disables context shift (default: disabled)"),
    ("-a, --alias", "STRING", "set alias for model name"),
    ("--host", "HOST", "ip address to listen (default: 127.0.0.1)"),
    ("--port", "PORT", "port to listen (default: 8080)"),
    ("--api-key-file", "FNAME", "path to file containing API keys (default: none)"),
    ("-to, --timeout", "N", "server read/write timeout in seconds (default: 600)"),
    ("--metrics", "", "enable prometheus compatible metrics endpoint"),
    ("--chat-template", "JINJA_TEMPLATE", "set custom jinja chat template"),
    ("--draft-max, --draft, --draft-n", "N", "number of tokens to draft (default: 16)"),
    ("--draft-min, --draft-n-min", "N", "minimum number of draft tokens (default: 5)"),
    ("-ngld, --gpu-layers-draft, --n-gpu-layers-draft", "N", "draft layers in VRAM"),
    ("-md, --model-draft", "FNAME", "draft model for speculative decoding (default: unused)"),
)


def usage() -> str:
    """Return the help, in two columns as common_arg prints it."""
    lines = ["----- common params -----", ""]
    for flags, takes, text in FLAGS:
        first, comma, others = flags.partition(", ")
        short = not first.startswith("--")
        head = f"{first}{comma}".ljust(7) + others if short else flags
        head = f"{head} {takes}".rstrip()
        wrapped = textwrap.wrap(text, 70)
        if len(head) > 38:
            lines += [head, *(" " * 40 + line for line in wrapped)]
        else:
            lines += [head.ljust(40) + wrapped[0], *(" " * 40 + line for line in wrapped[1:])]
    return "\n".join(lines)


def accept(arguments: list[str]) -> str:
    """Return what is wrong with a command line, as the real parser says it, or nothing."""
    takes = {
        flag: len(placeholder.split(" ")) if placeholder else 0
        for flags, placeholder, _ in FLAGS
        for flag in flags.split(", ")
    }
    left = list(arguments)
    while left:
        flag = left.pop(0)
        if flag not in takes:
            return f"error: invalid argument: {flag}"
        if len(left) < takes[flag]:
            return f'error while handling argument "{flag}": expected value for argument'
        del left[: takes[flag]]
    return ""


def main(arguments: list[str]) -> int:
    """Answer --help, --version and --list-devices; else say whether the arguments are known."""
    if "--help" in arguments:
        print(usage())
    elif "--version" in arguments:
        print(
            "version: 4417 (46e3556e)\nbuilt with cc 13.3.0 for x86_64-linux-gnu", file=sys.stderr
        )
    elif "--list-devices" in arguments:
        print("Available devices:")
        for name in filter(None, os.environ.get("FAKE_DEVICES", "").split(",")):
            device, _, described = name.partition("=")
            shown = described or "NVIDIA GeForce RTX 3060"
            print(f"  {device}: {shown} (12036 MiB, 11810 MiB free)")
    elif problem := accept(arguments):
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
