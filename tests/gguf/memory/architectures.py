"""Real models by the names they are known by, as headers without their weights.

Dimensions: the configurations that their makers publish, as llama.cpp's converter writes them.
"""

from collections.abc import Callable, Mapping

from tests.gguf.memory import odd, wider
from tests.gguf.memory.blocks import (
    Attention,
    DeltaNet,
    Experts,
    FeedForward,
    Latent,
    Mamba1,
    Mamba2,
    Model,
)
from tests.gguf.memory.families import hybrid, next_token, transformer

POST = ("post_attention_norm", "post_ffw_norm")
ALL_NORMS = ("attn_norm", "ffn_norm", *POST)


def llama_3_1_8b() -> Model:
    return transformer(
        "llama",
        Attention(32, 8, 128),
        FeedForward(14336),
        embd=4096,
        layers=32,
        vocab=128256,
        ctx=131072,
    )


def llama_3_2_1b() -> Model:
    return transformer(
        "llama",
        Attention(32, 8, 64),
        FeedForward(8192),
        embd=2048,
        layers=16,
        vocab=128256,
        ctx=131072,
        tied=True,
    )


def llama_3_3_70b() -> Model:
    return transformer(
        "llama",
        Attention(64, 8, 128),
        FeedForward(28672),
        embd=8192,
        layers=80,
        vocab=128256,
        ctx=131072,
    )


def smollm2_135m() -> Model:
    return transformer(
        "llama",
        Attention(9, 3, 64),
        FeedForward(1536),
        embd=576,
        layers=30,
        vocab=49152,
        ctx=8192,
        tied=True,
    )


def mistral_7b() -> Model:
    return transformer(
        "llama",
        Attention(32, 8, 128),
        FeedForward(14336),
        embd=4096,
        layers=32,
        vocab=32768,
        ctx=32768,
    )


def mistral_nemo_12b() -> Model:
    return transformer(
        "llama",
        Attention(32, 8, 128),
        FeedForward(14336),
        embd=5120,
        layers=40,
        vocab=131072,
        ctx=131072,
    )


def mixtral_8x7b() -> Model:
    return transformer(
        "llama",
        Attention(32, 8, 128),
        Experts(8, 2, 14336),
        embd=4096,
        layers=32,
        vocab=32000,
        ctx=32768,
    )


def qwen2_5_0_5b() -> Model:
    return transformer(
        "qwen2",
        Attention(14, 2, 64, bias=True),
        FeedForward(4864),
        embd=896,
        layers=24,
        vocab=151936,
        ctx=32768,
        tied=True,
    )


def qwen2_5_7b() -> Model:
    return transformer(
        "qwen2",
        Attention(28, 4, 128, bias=True),
        FeedForward(18944),
        embd=3584,
        layers=28,
        vocab=152064,
        ctx=131072,
    )


def qwen2_5_32b() -> Model:
    return transformer(
        "qwen2",
        Attention(40, 8, 128, bias=True),
        FeedForward(27648),
        embd=5120,
        layers=64,
        vocab=152064,
        ctx=131072,
    )


def qwen1_5_moe() -> Model:
    return transformer(
        "qwen2moe",
        Attention(16, 16, 128, bias=True),
        Experts(60, 4, 1408, dense=5632, shared=5632, shared_gate=True),
        embd=2048,
        layers=24,
        vocab=151936,
        ctx=32768,
    )


def qwen3_0_6b() -> Model:
    return transformer(
        "qwen3",
        Attention(16, 8, 128, qk_norm="head"),
        FeedForward(3072),
        embd=1024,
        layers=28,
        vocab=151936,
        ctx=40960,
        tied=True,
    )


def qwen3_8b() -> Model:
    return transformer(
        "qwen3",
        Attention(32, 8, 128, qk_norm="head"),
        FeedForward(12288),
        embd=4096,
        layers=36,
        vocab=151936,
        ctx=40960,
    )


def qwen3_30b_a3b() -> Model:
    return transformer(
        "qwen3moe",
        Attention(32, 4, 128, qk_norm="head"),
        Experts(128, 8, 768, dense=6144),
        embd=2048,
        layers=48,
        vocab=151936,
        ctx=40960,
    )


def gemma_7b() -> Model:
    return transformer(
        "gemma",
        Attention(16, 16, 256),
        FeedForward(24576),
        embd=3072,
        layers=28,
        vocab=256000,
        ctx=8192,
        tied=True,
    )


def gemma_2_9b() -> Model:
    return transformer(
        "gemma2",
        Attention(16, 8, 256),
        FeedForward(14336),
        embd=3584,
        layers=42,
        vocab=256000,
        ctx=8192,
        norms=ALL_NORMS,
        tied=True,
        attention__sliding_window=4096,
    )


def gemma_3_1b() -> Model:
    return transformer(
        "gemma3",
        Attention(4, 1, 256, qk_norm="head"),
        FeedForward(6912),
        embd=1152,
        layers=26,
        vocab=262144,
        ctx=32768,
        norms=ALL_NORMS,
        tied=True,
        attention__sliding_window=512,
    )


def gemma_3_12b() -> Model:
    return transformer(
        "gemma3",
        Attention(16, 8, 256, qk_norm="head"),
        FeedForward(15360),
        embd=3840,
        layers=48,
        vocab=262208,
        ctx=131072,
        norms=ALL_NORMS,
        tied=True,
        attention__sliding_window=1024,
    )


def gemma_3_27b() -> Model:
    return transformer(
        "gemma3",
        Attention(32, 16, 128, qk_norm="head"),
        FeedForward(21504),
        embd=5376,
        layers=62,
        vocab=262208,
        ctx=131072,
        norms=ALL_NORMS,
        tied=True,
        attention__sliding_window=1024,
    )


def phi_2() -> Model:
    model = transformer(
        "phi2",
        Attention(32, 32, 80, bias=True, out_bias=True),
        FeedForward(10240, gate=False, bias=True),
        embd=2560,
        layers=32,
        vocab=51200,
        ctx=2048,
        norms=("attn_norm",),
        norm_bias=True,
        rope__dimension_count=32,
    )
    model.add("output.bias", model.vocab)
    return model


def phi_3_5_mini() -> Model:
    return transformer(
        "phi3",
        Attention(32, 32, 96, fused=True),
        FeedForward(8192, fused=True),
        embd=3072,
        layers=32,
        vocab=32064,
        ctx=131072,
        attention__sliding_window=262144,
    )


def phi_4_14b() -> Model:
    return transformer(
        "phi3",
        Attention(40, 10, 128, fused=True),
        FeedForward(17920, fused=True),
        embd=5120,
        layers=40,
        vocab=100352,
        ctx=16384,
    )


def command_r_35b() -> Model:
    return transformer(
        "command-r",
        Attention(64, 64, 128),
        FeedForward(22528),
        embd=8192,
        layers=40,
        vocab=256000,
        ctx=131072,
        norms=("attn_norm",),
        tied=True,
        logit_scale=0.0625,
    )


def command_r7b() -> Model:
    return transformer(
        "cohere2",
        Attention(32, 8, 128),
        FeedForward(14336),
        embd=4096,
        layers=32,
        vocab=256000,
        ctx=8192,
        norms=("attn_norm",),
        tied=True,
        logit_scale=0.25,
        attention__sliding_window=4096,
    )


def starcoder2_7b() -> Model:
    return transformer(
        "starcoder2",
        Attention(36, 4, 128, bias=True, out_bias=True),
        FeedForward(18432, gate=False, bias=True),
        embd=4608,
        layers=32,
        vocab=49152,
        ctx=16384,
        norm_bias=True,
    )


def falcon_7b() -> Model:
    return transformer(
        "falcon",
        Attention(71, 1, 64, fused=True),
        FeedForward(18176, gate=False),
        embd=4544,
        layers=32,
        vocab=65024,
        ctx=2048,
        norms=("attn_norm",),
        norm_bias=True,
        quant="Q8_0",
    )


def gpt_oss_20b() -> Model:
    model = transformer(
        "gpt-oss",
        Attention(64, 8, 64, bias=True, out_bias=True),
        Experts(32, 4, 2880, bias=True, kind="MXFP4"),
        embd=2880,
        layers=24,
        vocab=201088,
        ctx=131072,
        norms=("attn_norm", "post_attention_norm"),
        quant="Q8_0",
        attention__sliding_window=128,
    )
    for layer in range(24):
        model.add(f"blk.{layer}.attn_sinks.weight", 64)
    return model


def glm_4_9b() -> Model:
    return transformer(
        "glm4",
        Attention(32, 2, 128, bias=True),
        FeedForward(13696, fused=True),
        embd=4096,
        layers=40,
        vocab=151552,
        ctx=32768,
        norms=ALL_NORMS,
        rope__dimension_count=64,
    )


def glm_4_5_air() -> Model:
    attention = Attention(96, 8, 128, bias=True)
    feed = Experts(128, 8, 1408, dense=10944, shared=1408, probs=True, lead=1)
    norms = ("attn_norm", "post_attention_norm")
    model = transformer(
        "glm4moe",
        attention,
        feed,
        embd=4096,
        layers=46,
        vocab=151552,
        ctx=131072,
        norms=norms,
        rope__dimension_count=64,
    )
    return next_token(model, attention, feed, norms=norms)


def deepseek_v2_lite() -> Model:
    return transformer(
        "deepseek2",
        Latent(16, 128, 64, 128, 512),
        Experts(64, 6, 1408, dense=10944, shared=2 * 1408, lead=1),
        embd=2048,
        layers=27,
        vocab=102400,
        ctx=163840,
        expert_shared_count=2,
        expert_weights_scale=1.0,
    )


def deepseek_v2_lite_old() -> Model:
    return transformer(
        "deepseek2",
        Latent(16, 128, 64, 128, 512, split=False),
        Experts(64, 6, 1408, dense=10944, shared=2 * 1408, lead=1),
        embd=2048,
        layers=27,
        vocab=102400,
        ctx=163840,
        expert_shared_count=2,
        expert_weights_scale=1.0,
    )


def deepseek_v3() -> Model:
    return transformer(
        "deepseek2",
        Latent(128, 128, 64, 128, 512, q_rank=1536),
        Experts(256, 8, 2048, dense=18432, shared=2048, lead=3, probs=True),
        embd=7168,
        layers=61,
        vocab=129280,
        ctx=163840,
        expert_weights_scale=2.5,
    )


def minicpm3_4b() -> Model:
    return transformer(
        "minicpm3",
        Latent(40, 64, 32, 64, 256, q_rank=768, split=False),
        FeedForward(6400),
        embd=2560,
        layers=62,
        vocab=73448,
        ctx=32768,
        tied=True,
    )


def olmo2_7b() -> Model:
    return transformer(
        "olmo2",
        Attention(32, 32, 128, qk_norm="full"),
        FeedForward(11008),
        embd=4096,
        layers=32,
        vocab=100352,
        ctx=4096,
        norms=POST,
    )


def granite_3_8b() -> Model:
    return transformer(
        "granite",
        Attention(32, 8, 128),
        FeedForward(12800),
        embd=4096,
        layers=40,
        vocab=49155,
        ctx=131072,
        tied=True,
        logit_scale=16.0,
    )


def granite_3_3b_moe() -> Model:
    return transformer(
        "granitemoe",
        Attention(24, 8, 64),
        Experts(40, 8, 512),
        embd=1536,
        layers=32,
        vocab=49155,
        ctx=131072,
        tied=True,
        logit_scale=6.0,
    )


def granite_4_tiny() -> Model:
    attends = [layer in (5, 15, 25, 35) for layer in range(40)]
    return hybrid(
        "granitehybrid",
        Attention(12, 4, 128),
        Mamba2(3072, 128, 48),
        Experts(64, 6, 512, shared=1024),
        attends,
        embd=1536,
        vocab=100352,
        ctx=131072,
        tied=True,
        logit_scale=6.0,
    )


def exaone4_32b() -> Model:
    return transformer(
        "exaone4",
        Attention(40, 8, 128, qk_norm="head"),
        FeedForward(27392),
        embd=5120,
        layers=64,
        vocab=102400,
        ctx=131072,
        norms=POST,
        attention__sliding_window=4096,
    )


def exaone4_1_2b() -> Model:
    return transformer(
        "exaone4",
        Attention(32, 8, 64, qk_norm="head"),
        FeedForward(4096),
        embd=2048,
        layers=30,
        vocab=102400,
        ctx=65536,
        norms=POST,
        tied=True,
    )


def stablelm_3b() -> Model:
    return transformer(
        "stablelm",
        Attention(32, 32, 80),
        FeedForward(6912),
        embd=2560,
        layers=32,
        vocab=50304,
        ctx=4096,
        norm_bias=True,
        rope__dimension_count=20,
        use_parallel_residual=False,
    )


def llama_4_scout() -> Model:
    return transformer(
        "llama4",
        Attention(40, 8, 128),
        Experts(16, 1, 8192, dense=16384, shared=8192),
        embd=5120,
        layers=48,
        vocab=202048,
        ctx=10485760,
        interleave_moe_layer_step=1,
    )


def smollm3_3b() -> Model:
    return transformer(
        "smollm3",
        Attention(16, 4, 128),
        FeedForward(11008),
        embd=2048,
        layers=36,
        vocab=128256,
        ctx=65536,
        tied=True,
    )


def ernie_4_5_0_3b() -> Model:
    return transformer(
        "ernie4_5",
        Attention(16, 2, 128),
        FeedForward(3072),
        embd=1024,
        layers=18,
        vocab=103424,
        ctx=131072,
        tied=True,
    )


def ernie_4_5_21b() -> Model:
    return transformer(
        "ernie4_5-moe",
        Attention(20, 4, 128),
        Experts(64, 6, 1536, dense=12288, shared=3072, lead=1, probs=True),
        embd=2560,
        layers=28,
        vocab=103424,
        ctx=131072,
        tied=True,
        interleave_moe_layer_step=1,
    )


def hunyuan_7b() -> Model:
    return transformer(
        "hunyuan-dense",
        Attention(32, 8, 128, qk_norm="head"),
        FeedForward(14336),
        embd=4096,
        layers=32,
        vocab=128167,
        ctx=262144,
        tied=True,
    )


def hunyuan_a13b() -> Model:
    return transformer(
        "hunyuan-moe",
        Attention(32, 8, 128, qk_norm="head"),
        Experts(64, 8, 3072, shared=3072),
        embd=4096,
        layers=32,
        vocab=128167,
        ctx=32768,
        tied=True,
    )


def seed_oss_36b() -> Model:
    return transformer(
        "seed_oss",
        Attention(80, 8, 128, bias=True),
        FeedForward(27648),
        embd=5120,
        layers=64,
        vocab=155136,
        ctx=524288,
        norms=("attn_norm", "post_attention_norm"),
    )


def jamba_mini() -> Model:
    feed, sparse = FeedForward(14336), Experts(16, 2, 14336)
    return hybrid(
        "jamba",
        Attention(32, 8, 128),
        Mamba1(8192, 16, 256, norms=True),
        feed,
        [layer % 8 == 4 for layer in range(32)],
        embd=4096,
        vocab=65536,
        ctx=262144,
        sparse=sparse,
    )


def qwen3_next_80b() -> Model:
    return hybrid(
        "qwen3next",
        Attention(16, 2, 256, qk_norm="head", double=True),
        DeltaNet(128, 16, 32),
        Experts(512, 10, 512, dense=5120, shared=512, shared_gate=True),
        [layer % 4 == 3 for layer in range(48)],
        embd=2048,
        vocab=151936,
        ctx=262144,
        norms=("attn_norm", "post_attention_norm"),
        heads_per_layer=False,
        rope__dimension_count=64,
    )


def qwen3_5_9b() -> Model:
    return hybrid(
        "qwen35",
        Attention(16, 4, 256, qk_norm="head", double=True),
        DeltaNet(128, 16, 32, joined=False),
        FeedForward(12288),
        [layer % 4 == 3 for layer in range(32)],
        embd=4096,
        vocab=248320,
        ctx=262144,
        norms=("attn_norm", "post_attention_norm"),
        heads_per_layer=False,
        rope__dimension_count=64,
        rope__dimension_sections=[11, 11, 10, 0],
    )


ARCHITECTURES: Mapping[str, Callable[[], Model]] = {
    made.__name__.replace("_", "-"): made
    for made in (
        llama_3_1_8b, llama_3_2_1b, llama_3_3_70b, smollm2_135m, mistral_7b, mistral_nemo_12b,
        mixtral_8x7b, qwen2_5_0_5b, qwen2_5_7b, qwen2_5_32b, qwen1_5_moe, qwen3_0_6b, qwen3_8b,
        qwen3_30b_a3b, gemma_7b, gemma_2_9b, gemma_3_1b, gemma_3_12b, gemma_3_27b,
        odd.gemma_3n_e4b, odd.gemma_4_e4b, odd.gemma_4_26b, phi_2, phi_3_5_mini, phi_4_14b,
        command_r_35b, command_r7b, starcoder2_7b, falcon_7b, gpt_oss_20b, glm_4_9b, glm_4_5_air,
        deepseek_v2_lite, deepseek_v2_lite_old, deepseek_v3, minicpm3_4b, olmo2_7b, granite_3_8b,
        granite_3_3b_moe, granite_4_tiny, exaone4_32b, exaone4_1_2b, stablelm_3b, llama_4_scout,
        smollm3_3b, ernie_4_5_0_3b, ernie_4_5_21b, hunyuan_7b, hunyuan_a13b, seed_oss_36b,
        jamba_mini, qwen3_next_80b, qwen3_5_9b, odd.mamba_2_8b, odd.codestral_mamba_7b,
        odd.rwkv6_7b, odd.rwkv7_1_5b, odd.falcon_h1_7b, odd.nemotron_nano_9b, odd.lfm2_1_2b,
        odd.lfm2_8b_a1b, odd.bge_large, odd.kimi_linear_48b, odd.deepseek_v3_2,
        wider.bloom_7b,
        wider.mpt_7b,
        wider.gpt2_xl,
        wider.pythia_6_9b,
        wider.internlm2_7b,
        wider.baichuan2_7b,
        wider.glm4_9b_old,
        wider.minicpm_2b,
        wider.afm_4_5b,
        wider.qwen2_5_vl_7b,
        wider.qwen3_vl_8b,
        wider.olmoe_7b,
        wider.phi_3_5_moe,
        wider.dbrx_132b,
        wider.dots_142b,
        wider.ling_mini_16b,
        wider.minimax_m2,
        wider.nomic_embed,
        wider.embedding_gemma,
    )
}  # fmt: skip
