"""More real models, of architectures that are met less often."""

from tests.gguf.building import vocabulary
from tests.gguf.memory.blocks import Attention, Experts, FeedForward, Model
from tests.gguf.memory.families import transformer


def bloom_7b() -> Model:
    model = transformer(
        "bloom", Attention(32, 32, 128, bias=True, out_bias=True, fused=True),
        FeedForward(16384, gate=False, bias=True),
        embd=4096, layers=30, vocab=250880, ctx=2048, norm_bias=True, tied=True,
    )  # fmt: skip
    model.weight("token_embd_norm", 4096, bias=True)
    return model


def mpt_7b() -> Model:
    return transformer(
        "mpt", Attention(32, 32, 128, fused=True), FeedForward(16384, gate=False),
        embd=4096, layers=32, vocab=50432, ctx=2048, tied=True,
        attention__max_alibi_bias=8.0,
    )  # fmt: skip


def gpt2_xl() -> Model:
    model = transformer(
        "gpt2", Attention(25, 25, 64, bias=True, out_bias=True, fused=True),
        FeedForward(6400, gate=False, bias=True),
        embd=1600, layers=48, vocab=50257, ctx=1024, norm_bias=True, tied=True, quant="Q8_0",
    )  # fmt: skip
    model.weight("position_embd", 1600, 1024, kind="F32")
    return model


def pythia_6_9b() -> Model:
    return transformer(
        "gptneox", Attention(32, 32, 128, bias=True, out_bias=True, fused=True),
        FeedForward(16384, gate=False, bias=True),
        embd=4096, layers=32, vocab=50432, ctx=2048, norm_bias=True,
        use_parallel_residual=True, rope__dimension_count=32,
    )  # fmt: skip


def internlm2_7b() -> Model:
    return transformer(
        "internlm2", Attention(32, 8, 128), FeedForward(14336),
        embd=4096, layers=32, vocab=92544, ctx=32768,
    )  # fmt: skip


def baichuan2_7b() -> Model:
    return transformer(
        "baichuan", Attention(32, 32, 128), FeedForward(11008),
        embd=4096, layers=32, vocab=125696, ctx=4096,
    )  # fmt: skip


def glm4_9b_old() -> Model:
    return transformer(
        "chatglm", Attention(32, 2, 128, bias=True, fused=True), FeedForward(13696, fused=True),
        embd=4096, layers=40, vocab=151552, ctx=131072, rope__dimension_count=64,
    )  # fmt: skip


def minicpm_2b() -> Model:
    return transformer(
        "minicpm", Attention(36, 36, 64), FeedForward(5760),
        embd=2304, layers=40, vocab=122753, ctx=4096, tied=True,
    )  # fmt: skip


def afm_4_5b() -> Model:
    return transformer(
        "arcee", Attention(20, 4, 128), FeedForward(18432, gate=False),
        embd=2560, layers=36, vocab=128004, ctx=65536,
    )  # fmt: skip


def qwen2_5_vl_7b() -> Model:
    return transformer(
        "qwen2vl", Attention(28, 4, 128, bias=True), FeedForward(18944),
        embd=3584, layers=28, vocab=152064, ctx=128000,
        rope__dimension_sections=[16, 24, 24, 0],
    )  # fmt: skip


def qwen3_vl_8b() -> Model:
    return transformer(
        "qwen3vl", Attention(32, 8, 128, qk_norm="head"), FeedForward(12288),
        embd=4096, layers=36, vocab=151936, ctx=262144, n_deepstack_layers=3,
        rope__dimension_sections=[24, 20, 20, 0],
    )  # fmt: skip


def olmoe_7b() -> Model:
    return transformer(
        "olmoe", Attention(16, 16, 128, qk_norm="full"), Experts(64, 8, 1024),
        embd=2048, layers=16, vocab=50304, ctx=4096,
    )  # fmt: skip


def phi_3_5_moe() -> Model:
    model = transformer(
        "phimoe", Attention(32, 8, 128, bias=True, out_bias=True), Experts(16, 2, 6400),
        embd=4096, layers=32, vocab=32064, ctx=131072, norm_bias=True,
    )  # fmt: skip
    model.add("output.bias", model.vocab)
    return model


def dbrx_132b() -> Model:
    return transformer(
        "dbrx", Attention(48, 8, 128, fused=True), Experts(16, 4, 10752),
        embd=6144, layers=40, vocab=100352, ctx=32768, norms=("attn_norm", "attn_output_norm"),
        attention__clamp_kqv=8.0,
    )  # fmt: skip


def dots_142b() -> Model:
    return transformer(
        "dots1", Attention(32, 32, 128, qk_norm="head"),
        Experts(128, 6, 1408, dense=10944, shared=2 * 1408, probs=True, lead=1),
        embd=4096, layers=62, vocab=152064, ctx=32768, expert_shared_count=2,
        expert_weights_scale=2.5,
    )  # fmt: skip


def ling_mini_16b() -> Model:
    return transformer(
        "bailingmoe2", Attention(16, 4, 128, qk_norm="head", fused=True),
        Experts(256, 8, 512, dense=5120, shared=512, probs=True, lead=1),
        embd=2048, layers=20, vocab=157184, ctx=32768, expert_weights_scale=2.5,
        rope__dimension_count=64,
    )  # fmt: skip


def minimax_m2() -> Model:
    return transformer(
        "minimax-m2", Attention(48, 8, 128, qk_norm="full"), Experts(256, 8, 1536, probs=True),
        embd=3072, layers=62, vocab=200064, ctx=196608, rope__dimension_count=64,
    )  # fmt: skip


def nomic_embed() -> Model:
    embd, layers = 768, 12
    model = Model("nomic-bert", embd, layers, 30522, quant="F16")
    attention, feed = Attention(12, 12, 64, fused=True), FeedForward(3072)
    model.keys = {"context_length": 2048} | attention.keys() | feed.keys()
    model.keys |= {"attention.causal": False, "pooling_type": 1}
    model.tokenizer = vocabulary(model.vocab, 10) | {"tokenizer.ggml.token_type_count": 2}
    model.weight("token_embd", embd, model.vocab)
    model.weight("token_types", embd, 2, kind="F32")
    model.weight("token_embd_norm", embd, bias=True)
    for layer in range(layers):
        attention.add(model, layer)
        feed.add(model, layer)
        model.norms(layer, "attn_output_norm", "layer_output_norm", bias=True)
    return model


def embedding_gemma() -> Model:
    return transformer(
        "gemma-embedding", Attention(3, 1, 256, qk_norm="head"), FeedForward(1152),
        embd=768, layers=24, vocab=262144, ctx=2048, tied=True, quant="Q8_0",
        norms=("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm"),
        attention__sliding_window=512, pooling_type=1,
    )  # fmt: skip
