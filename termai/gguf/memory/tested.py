"""The architectures whose estimates are compared with llama.cpp's own.

Others are built from the same parts, by what their tensors are called; how well that fits them is
not known.
"""

TESTED = frozenset(
    {
        "arcee", "baichuan", "bailingmoe2", "bert", "bloom", "chatglm", "cohere2", "command-r",
        "dbrx", "deepseek2", "deepseek32", "dots1", "ernie4_5", "ernie4_5-moe", "exaone4",
        "falcon", "falcon-h1", "gemma", "gemma-embedding", "gemma2", "gemma3", "gemma3n",
        "gemma4", "glm4", "glm4moe", "gpt-oss", "gpt2", "gptneox", "granite", "granitehybrid",
        "granitemoe", "hunyuan-dense", "hunyuan-moe", "internlm2", "jamba", "kimi-linear", "lfm2",
        "lfm2moe", "llama", "llama4", "mamba", "mamba2", "minicpm", "minicpm3", "minimax-m2",
        "mpt", "nemotron_h", "nomic-bert", "olmo2", "olmoe", "phi2", "phi3", "phimoe", "qwen2",
        "qwen2moe", "qwen2vl", "qwen3", "qwen35", "qwen3moe", "qwen3next", "qwen3vl", "rwkv6",
        "rwkv7", "seed_oss", "smollm3", "stablelm", "starcoder2",
    }
)  # fmt: skip
