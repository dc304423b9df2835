"""What a model is and can do is read from its header, and its size from its tensors."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.gguf.facts import Kind, ModelFacts, facts
from termai.gguf.header import parse_header, read_header
from termai.gguf.quantization import Precision
from termai.models.smoke import model_path
from tests.gguf.building import U32, U64, TensorSpec, Typed, build

LLAMA: dict[str, Any] = {
    "general.architecture": "llama",
    "general.type": "model",
    "general.name": "Some Model",
    "general.license": "apache-2.0",
    "general.file_type": 15,
    "llama.block_count": 2,
    "llama.context_length": 8192,
    "llama.embedding_length": 256,
}


def _layers(kind: str, count: int = 2, rows: int = 256) -> list[TensorSpec]:
    return [(f"blk.{layer}.ffn_up.weight", (256, rows), kind) for layer in range(count)]


def _facts(metadata: dict[str, Any], tensors: list[TensorSpec] | None = None) -> ModelFacts:
    return facts(parse_header(build(metadata, _layers("Q4_K") if tensors is None else tensors)))


def test_the_smoke_model() -> None:
    found = facts(read_header(model_path()))
    assert (found.kind, found.name, found.architecture) == (Kind.MODEL, "termai smoke", "llama")
    assert (found.quantization, found.precision) == ("Q8_0", Precision.MEDIUM)
    assert (found.context_length, found.block_count, found.size_label) == (4096, 4, "2M")
    assert (found.has_template, found.reasoning, found.tools) == (True, True, False)
    assert found.licence == "Apache-2.0"
    assert found.size == sum(tensor.size for tensor in read_header(model_path()).tensors)
    assert 8.5 <= found.bits_per_weight <= 8.6


def test_a_plain_model() -> None:
    found = _facts(LLAMA)
    assert (found.kind, found.name, found.licence) == (Kind.MODEL, "Some Model", "apache-2.0")
    assert (found.parameters, found.size) == (2 * 256 * 256, 2 * 256 * 144)
    assert (found.quantization, found.bits_per_weight) == ("Q4_K_M", 4.5)
    assert (found.size_label, found.embedding_length) == ("131K", 256)
    assert (found.has_template, found.reasoning, found.tools, found.vision) == (False,) * 4


@pytest.mark.parametrize(
    ("file_type", "tensors", "expected", "precision"),
    [
        (15, _layers("Q4_K"), "Q4_K_M", Precision.LOW),
        (15, _layers("F16"), "F16", Precision.FULL),
        (15, [*_layers("Q4_K"), ("token_embd.x", (256, 4096), "Q8_0")], "Q4_K_M", Precision.LOW),
        (15, [*_layers("Q4_K"), ("blk.1.x", (256, 999), "Q6_K")], "Q6_K", Precision.MEDIUM),
        (15, [("blk.0.x.weight", (96, 96), "Q5_0")], "Q4_K_M", Precision.LOW),
        (10, _layers("IQ4_XS"), "IQ4_XS", Precision.LOW),
        (24, [("blk.0.x.weight", (96, 96), "IQ4_NL")], "IQ1_S", Precision.ULTRA_LOW),
        (12, _layers("Q3_K"), "Q3_K_M", Precision.LOW),
        (28, _layers("IQ2_XS"), "IQ2_S", Precision.ULTRA_LOW),
        (22, _layers("IQ3_XXS"), "IQ3_XS", Precision.LOW),
        (38, _layers("MXFP4"), "MXFP4_MOE", Precision.LOW),
        (1024 + 7, _layers("Q8_0"), "Q8_0", Precision.MEDIUM),
        (999, _layers("Q5_K"), "Q5_K", Precision.MEDIUM),
        ("Q4_K_M", _layers("Q2_K"), "Q2_K", Precision.ULTRA_LOW),
        (0, [("blk.0.norm.weight", (256,), "F32")], "F32", Precision.FULL),
        (15, _layers("I32"), "I32", Precision.FULL),
        (15, [], "", None),
    ],
)  # fmt: skip
def test_the_quantization_is_what_the_tensors_are(
    file_type: int | str, tensors: list[TensorSpec], expected: str, precision: Precision | None
) -> None:
    found = _facts(LLAMA | {"general.file_type": file_type}, tensors)
    assert (found.quantization, found.precision) == (expected, precision)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, Kind.MODEL),
        ({"llama.pooling_type": 0}, Kind.MODEL),
        ({"llama.pooling_type": 1}, Kind.EMBEDDING),
        ({"llama.pooling_type": 3}, Kind.EMBEDDING),
        ({"llama.pooling_type": 4}, Kind.RERANKER),
        ({"general.architecture": "nomic-bert", "nomic-bert.block_count": 2}, Kind.EMBEDDING),
        ({"general.architecture": "eagle3", "eagle3.block_count": 1}, Kind.DRAFT),
        (
            {"general.architecture": "wavtokenizer-dec", "wavtokenizer-dec.block_count": 9},
            Kind.OTHER,
        ),
        ({"general.type": "adapter", "adapter.type": "lora"}, Kind.ADAPTER),
        ({"general.type": "mmproj"}, Kind.PROJECTOR),
        ({"general.architecture": "clip", "general.type": "clip-vision"}, Kind.PROJECTOR),
        ({"general.type": "imatrix"}, Kind.OTHER),
        ({"general.architecture": "flux"}, Kind.OTHER),
        ({"general.type": 5}, Kind.MODEL),
    ],
)
def test_kinds(changes: dict[str, Any], kind: Kind) -> None:
    assert _facts(LLAMA | changes).kind is kind


def test_a_vocabulary_alone_is_no_model() -> None:
    assert _facts(LLAMA, []).kind is Kind.OTHER
    assert _facts(LLAMA, []).bits_per_weight == 0.0


@pytest.mark.parametrize(
    ("metadata", "name", "vision", "audio"),
    [
        ({"clip.has_vision_encoder": True}, "v.blk.0.x", True, False),
        ({"clip.has_audio_encoder": True, "clip.has_vision_encoder": False}, "v.x", False, True),
        ({"clip.has_audio_encoder": True, "clip.has_vision_encoder": True}, "x", True, True),
        ({}, "v.blk.0.attn_q.weight", True, False),
        ({}, "a.blk.0.attn_q.weight", False, True),
        ({"clip.has_vision_encoder": "yes"}, "v.x", False, False),
    ],
)
def test_what_a_projector_takes(
    metadata: dict[str, Any], name: str, vision: bool, audio: bool
) -> None:
    found = _facts({"general.architecture": "clip"} | metadata, [(name, (32, 32), "F16")])
    assert (found.vision, found.audio) == (vision, audio)


def test_experts() -> None:
    found = _facts(LLAMA | {"llama.expert_count": 128, "llama.expert_used_count": 8})
    assert (found.expert_count, found.expert_used_count) == (128, 8)


@pytest.mark.parametrize(
    ("template", "reasoning", "tools"),
    [
        ("{{ messages[0].content }}", False, False),
        ("{%- if enable_thinking %}<think>{% endif %}", True, False),
        ("{{ content.split('</think>')[-1] }}", True, False),
        ("<|start|>assistant<|channel|>analysis<|message|>", True, False),
        ("{{ '[THINK]' + block.thinking }}", True, False),
        ("{%- if tools %}{{ tools | tojson }}{% endif %}", False, True),
        ("{%- if xml_tools or python_tools %}", False, True),
        ("{%- for call in message.tool_calls %}", False, True),
        ("You have toolsmith manners. Think well.", False, False),
    ],
)
def test_what_a_template_says(template: str, reasoning: bool, tools: bool) -> None:
    found = _facts(LLAMA | {"tokenizer.chat_template": template})
    assert (found.has_template, found.reasoning, found.tools) == (True, reasoning, tools)


def test_one_of_several_templates_has_tools() -> None:
    templates = {"tokenizer.chat_template": "x", "tokenizer.chat_template.tool_use": "{{ tools }}"}
    assert _facts(LLAMA | templates).tools
    assert not _facts(LLAMA | {"tokenizer.chat_templates": ["tool_use"]}).has_template
    assert not _facts(LLAMA | {"tokenizer.chat_template": " \n"}).has_template


def test_texts_fit_on_a_line() -> None:
    found = _facts(LLAMA | {"general.name": "\x1b[31mred\nand\tlong " + "x" * 5000})
    assert found.name.startswith("red and long x")
    assert len(found.name) == 200


@pytest.mark.parametrize("value", ["8192", 0.5, True, -1, [1, 2], 1 << 63])
def test_numbers_of_odd_types_are_absent(value: Any) -> None:
    typed = Typed(U64, value) if value == 1 << 63 else value
    found = _facts(LLAMA | {"llama.context_length": typed})
    assert found.context_length == 0


KEYS = [*LLAMA, "tokenizer.chat_template", "llama.pooling_type", "general.size_label"]
VALUES = st.one_of(
    st.integers(-(1 << 63), (1 << 64) - 1),
    st.floats(width=32, allow_nan=True),
    st.booleans(),
    st.text(max_size=20).filter(lambda text: text.isascii()),
    st.lists(st.integers(0, 9), max_size=3).map(lambda items: Typed(9, items, U32)),
)


@given(metadata=st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_never_raises(metadata: dict[str, Any]) -> None:
    found = _facts(metadata)
    assert found.size == 2 * 256 * 144
    assert found.context_length >= 0


@pytest.mark.parametrize(
    ("rows", "label"),
    [(1, ""), (4, "1.0K"), (40_000, "10M"), (5_000_000, "1.3B"), (5_000_000_000, "1.3T")],
)
def test_size_labels_from_the_parameters(rows: int, label: str) -> None:
    assert _facts(LLAMA, _layers("Q4_K", 1, rows)).size_label == label
