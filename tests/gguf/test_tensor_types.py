"""The table of tensor types agrees with the gguf package."""

import pytest
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from termai.gguf.tensor_types import REMOVED_TYPES, TENSOR_TYPES, type_named

# A Q8_1 block is 36 bytes (static_assert in ggml-common.h), and 40 in gguf 0.19.
DISPUTED = {"Q8_1"}


def test_sizes_are_those_of_the_gguf_package() -> None:
    theirs = {t.name: GGML_QUANT_SIZES[t] for t in GGMLQuantizationType}
    for name in theirs.keys() - DISPUTED:
        kind = type_named(name)
        assert (kind.block, kind.size) == theirs[name], name
        assert kind.id == GGMLQuantizationType[name]
    assert {kind.name for kind in TENSOR_TYPES.values()} - theirs.keys() == {"Q2_0"}


def test_removed_types_are_not_known() -> None:
    assert not REMOVED_TYPES.keys() & TENSOR_TYPES.keys()


def test_names_in_any_case() -> None:
    assert type_named("q4_k").bits_per_weight == 4.5
    with pytest.raises(KeyError):
        type_named("Q9_K")
