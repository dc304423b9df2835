"""What is loaded beside a model: a projector for images or sound, a draft model."""

from dataclasses import replace

from termai.gguf.header import Header
from termai.gguf.memory.options import LoadOptions

_F32 = 4
_ALL_LAYERS = 1 << 16
_MOST_PATCHES = 1 << 20
_SOUND_FRAMES = 1500  # of 30 seconds, after the convolutions (warmup_audio_size)

# Tokens on a side of the image that buffers are reserved for, and patches on a side of a token,
# of projectors that take images of any size (set_warmup_n_tokens in tools/mtmd/clip.cpp).
_ANY_SIZE = {
    "qwen2vl_merger": (46, 2), "qwen2.5vl_merger": (46, 2), "qwen3vl_merger": (46, 2),
    "ling3vl": (46, 2), "glm4v": (46, 2), "glm5v": (46, 2), "dots_ocr": (46, 2),
    "dots3note_v": (46, 2), "mimovl": (46, 2), "exaone4_5": (46, 2), "muse-glimmer": (32, 2),
    "hunyuanvl": (32, 2), "paddleocr": (28, 2), "pixtral": (16, 1), "lightonocr": (16, 1),
    "phi4": (16, 1), "kimivl": (16, 2), "minimax_m3": (16, 2), "youtuvl": (16, 2),
    "gemma4v": (16, 3), "gemma4uv": (16, 3),
}  # fmt: skip
_MERGES = ("projector.scale_factor", "spatial_merge_size")
_GATED = "ffn_gate.weight"


def projector(header: Header) -> tuple[int, int]:
    """Return the bytes of a projector's weights and of the buffer for one image or sound.

    While a layer works, its input, the state between its parts and its output live beside the
    wide state of the feed-forward part (clip_graph::build_vit in tools/mtmd/clip.cpp, with flash
    attention), or six states of attention.
    """
    weights = sum(tensor.size for tensor in header.tensors)
    wide = 3 if any(tensor.name.endswith(_GATED) for tensor in header.tensors) else 1
    found = 0
    for sense, rows in (("vision", _patches(header)), ("audio", _SOUND_FRAMES)):
        embd = max(0, header.number(f"clip.{sense}.embedding_length"))
        ff = max(0, header.number(f"clip.{sense}.feed_forward_length"))
        if embd and embd < _MOST_PATCHES > ff:
            found = max(found, _F32 * rows * max(wide * ff + 3 * embd, 6 * embd))
    return weights, found


def draft_options(options: LoadOptions) -> LoadOptions:
    """Return how a draft model is loaded beside a model that is loaded as ``options`` say.

    It has the same context and slots, a cache of F16, and lies wholly on the GPUs when a layer
    of the model does (common_base_params_to_speculative in common/speculative.cpp).
    """
    return replace(
        options,
        n_gpu_layers=_ALL_LAYERS if options.n_gpu_layers > 0 else 0,
        n_cpu_moe=0,
        cache_type_k="f16",
        cache_type_v="f16",
        outputs=max(1, options.parallel),
    )


def _patches(header: Header) -> int:
    """Return the patches of the image that a buffer is reserved for."""
    kind = header.text("clip.projector_type") or header.text("clip.vision.projector_type")
    if kind in _ANY_SIZE:
        side, merged = _ANY_SIZE[kind]
        for key in _MERGES:
            merged = header.number(f"clip.vision.{key}", merged)
        return min(_MOST_PATCHES, (side * max(1, merged)) ** 2)
    size = header.number("clip.vision.image_size")
    patch = header.number("clip.vision.patch_size")
    return min(_MOST_PATCHES, (max(0, size) // patch) ** 2) if patch > 0 else 0
