"""Headers that no model has: the estimate answers or names the key, and does so in time."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.gguf.header import Header, parse_header
from termai.gguf.memory import LoadOptions, estimate
from tests.gguf.building import Typed, build
from tests.gguf.memory.architectures import ARCHITECTURES
from tests.gguf.memory.blocks import Model

PATIENCE_S = 5.0
SMALL = ("smollm2-135m", "gemma-3-1b", "lfm2-1-2b", "rwkv7-1-5b", "granite-3-3b-moe", "mamba-2-8b")
MODELS: dict[str, Model] = {name: ARCHITECTURES[name]() for name in SMALL}

ODD = st.one_of(
    st.integers(-(1 << 31), (1 << 64) - 1),
    st.sampled_from([0, 1, 2, 3, 255, 256, 511, 512, 513, 4096, 1 << 24, (1 << 32) - 1]),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(max_size=8),
    st.lists(st.integers(0, 1 << 20), min_size=1, max_size=40),
    st.lists(st.booleans(), min_size=1, max_size=40),
)


def _header(model: Model, changes: dict[str, Any]) -> Header:
    metadata = model.metadata()
    for key, value in changes.items():
        metadata[f"{model.arch}.{key}"] = value
    return parse_header(build(metadata, model.tensors))


@st.composite
def changed(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[str, dict[str, Any]]:
    """Draw a model and other values for a few of its own keys."""
    model = draw(st.sampled_from(SMALL))
    prefix = f"{MODELS[model].arch}."
    own = [key.removeprefix(prefix) for key in MODELS[model].metadata() if prefix in key]
    names = draw(st.lists(st.sampled_from(own), min_size=1, max_size=3, unique=True))
    return model, {name: draw(ODD) for name in names}


@st.composite
def options(draw: Callable[[st.SearchStrategy[Any]], Any]) -> LoadOptions:
    """Draw any way to load a model."""
    return LoadOptions(
        ctx_size=draw(st.integers(0, 1 << 20)),
        n_gpu_layers=draw(st.integers(0, 600)),
        cache_type_k=draw(st.sampled_from(["f16", "q8_0", "q4_0", "bf16", "f32"])),
        cache_type_v=draw(st.sampled_from(["f16", "q8_0", "q4_0"])),
        batch_size=draw(st.integers(1, 8192)),
        ubatch_size=draw(st.integers(0, 8192)),
        parallel=draw(st.integers(0, 64)),
        kv_unified=draw(st.booleans()),
        flash_attn=draw(st.booleans()),
        n_cpu_moe=draw(st.integers(0, 600)),
        swa_full=draw(st.booleans()),
        no_kv_offload=draw(st.booleans()),
        tensor_split=tuple(draw(st.lists(st.floats(0, 100), max_size=4))),
        outputs=draw(st.integers(0, 64)),
    )


@given(changed(), options())
def test_nothing_else_is_raised_and_it_does_not_take_long(
    header_of: tuple[str, dict[str, Any]], how: LoadOptions
) -> None:
    model, changes = header_of
    header = _header(MODELS[model], changes)
    start = time.monotonic()
    found = None
    with suppress(InvalidFileError):
        found = estimate(header, how)
    assert time.monotonic() - start < PATIENCE_S
    if found:
        rows = [(one.weights, one.kv, one.compute, one.output) for one in found.devices]
        assert len(rows) == 1 + max(1, len(how.tensor_split))
        assert all(part >= 0 for row in rows for part in row)


@given(st.sampled_from(SMALL), options(), st.integers(1, 1 << 18))
def test_more_context_never_takes_less_cache(model: str, how: LoadOptions, more: int) -> None:
    header = MODELS[model].header()
    ctx = max(1, how.ctx_size)
    less = estimate(header, replace(how, ctx_size=ctx))
    greater = estimate(header, replace(how, ctx_size=ctx + more))
    assert less.kv <= greater.kv
    assert less.ctx_size <= greater.ctx_size


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("block_count", 0),
        ("block_count", "thirty"),
        ("block_count", Typed(10, 1 << 60)),
        ("block_count", [30] * 30),
        ("block_count", True),
        ("embedding_length", -1),
        ("embedding_length", 0),
        ("attention.head_count", "nine"),
        ("attention.head_count_kv", -3),
        ("attention.key_length", 1 << 40),
        ("feed_forward_length", 1.5),
        ("context_length", -5),
        ("expert_used_count", 1 << 20),
    ],
)
def test_the_key_that_is_wrong_is_named(key: str, value: object) -> None:
    with pytest.raises(InvalidFileError, match=rf"llama\.{key}"):
        estimate(_header(MODELS["smollm2-135m"], {key: value}), LoadOptions())


def test_a_missing_key_is_named() -> None:
    model = MODELS["smollm2-135m"]
    metadata = {k: v for k, v in model.metadata().items() if k != "llama.embedding_length"}
    with pytest.raises(InvalidFileError, match=r"llama\.embedding_length is missing"):
        estimate(parse_header(build(metadata, model.tensors)), LoadOptions())


def test_a_model_without_heads_is_estimated() -> None:
    header = _header(MODELS["smollm2-135m"], {"attention.head_count": 0})
    assert estimate(header, LoadOptions(ctx_size=4096)).weights > 0
