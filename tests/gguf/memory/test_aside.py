"""What a projector and a draft model add."""

import pytest

from termai.gguf.header import Header, parse_header
from termai.gguf.memory import LoadOptions, estimate
from termai.gguf.memory.aside import draft_options, projector
from tests.gguf.building import TensorSpec, build
from tests.gguf.memory.architectures import ARCHITECTURES

MIB = 1 << 20
EMBD, WIDE, LAYERS = 1152, 4304, 27


def siglip(**changes: object) -> Header:
    """Return the projector of Gemma 3: SigLIP with 4,096 patches."""
    tensors: list[TensorSpec] = [
        ("v.patch_embd.weight", (14, 14, 3, EMBD), "F16"),
        ("v.position_embd.weight", (EMBD, 4096), "F32"),
        ("mm.input_projection.weight", (2560, EMBD), "F16"),
    ]
    for layer in range(LAYERS):
        block = f"v.blk.{layer}."
        tensors += [
            (f"{block}attn_{n}.weight", (EMBD, EMBD), "F16") for n in ("q", "k", "v", "out")
        ]
        tensors.append((f"{block}ffn_up.weight", (EMBD, WIDE), "F16"))
        tensors.append((f"{block}ffn_down.weight", (WIDE, EMBD), "F16"))
    metadata: dict[str, object] = {
        "general.architecture": "clip",
        "clip.projector_type": "gemma3",
        "clip.vision.image_size": 896,
        "clip.vision.patch_size": 14,
        "clip.vision.embedding_length": EMBD,
        "clip.vision.feed_forward_length": WIDE,
    }
    return parse_header(build(metadata | changes, tensors))


def test_a_projector_takes_its_weights_and_a_buffer_for_one_image() -> None:
    """llama-server says 121.25 MiB of compute buffer for these dimensions."""
    header = siglip()
    weights, compute = projector(header)
    assert weights == sum(tensor.size for tensor in header.tensors)
    assert compute / MIB == pytest.approx(121.25, abs=0.1)


def test_images_of_any_size_are_reserved_as_llama_cpp_does() -> None:
    merger = siglip(**{"clip.projector_type": "qwen2.5vl_merger"})
    assert projector(merger)[1] == 4 * (46 * 2) ** 2 * (WIDE + 3 * EMBD)


def test_a_projector_lies_on_the_gpu_where_the_model_does() -> None:
    model, header = ARCHITECTURES["gemma-3-1b"]().header(), siglip()
    for layers, device in (0, 0), (99, 1):
        how = LoadOptions(ctx_size=4096, n_gpu_layers=layers)
        alone, beside = estimate(model, how), estimate(model, how, projector=header)
        more = [b.total - a.total for a, b in zip(alone.devices, beside.devices, strict=True)]
        assert more[device] == sum(projector(header))
        assert sum(more) == more[device]


def test_a_draft_model_adds_what_it_takes_by_itself() -> None:
    model, draft = (ARCHITECTURES[n]().header() for n in ("qwen3-8b", "qwen3-0-6b"))
    how = LoadOptions(ctx_size=8192, n_gpu_layers=20, cache_type_k="q8_0", parallel=2)
    alone, both = estimate(model, how), estimate(model, how, draft=draft)
    whole = estimate(draft, draft_options(how))
    assert both.total - alone.total == whole.total
    assert whole.n_gpu_layers == whole.n_layers
    assert whole.kv == 28 * 8192 * 8 * (128 + 128) * 2
    assert both.n_gpu_layers == alone.n_gpu_layers == 20


@pytest.mark.parametrize("value", [0, -1, 1 << 30, "large"])
@pytest.mark.parametrize("key", ["embedding_length", "feed_forward_length", "patch_size"])
def test_odd_projectors_are_estimated(key: str, value: object) -> None:
    weights, compute = projector(siglip(**{f"clip.vision.{key}": value}))
    assert weights > 0
    assert 0 <= compute < 1 << 50
