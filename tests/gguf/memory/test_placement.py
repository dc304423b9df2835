"""Layers on devices: cases worked out by hand from llama_model_base::load_tensors."""

import pytest

from termai.gguf.memory import LoadOptions, estimate
from termai.gguf.memory.placement import places
from tests.gguf.memory.architectures import ARCHITECTURES


@pytest.mark.parametrize(
    ("n_gpu_layers", "split", "expected"),
    [
        (0, (), "0000 0"),
        (1, (), "0000 1"),
        (3, (), "0011 1"),
        (99, (), "1111 1"),
        (99, (1, 1), "1112 2"),
        (99, (3, 1), "1111 2"),
        (99, (1, 3), "1122 2"),
        (4, (1, 1), "0112 2"),
        (99, (0, 1), "2222 2"),
        (99, (1, 0), "1111 1"),
        (99, (0, 0), "1112 2"),
        (99, (1, 1, 1), "1122 3"),
        (-1, (1, 1), "0000 0"),
    ],
)
def test_layers_go_to_devices(n_gpu_layers: int, split: tuple[float, ...], expected: str) -> None:
    found = places(4, LoadOptions(n_gpu_layers=n_gpu_layers, tensor_split=split))
    assert "".join(map(str, found)) == expected.replace(" ", "")


def test_shares_of_any_sum_are_the_same() -> None:
    small = places(80, LoadOptions(n_gpu_layers=81, tensor_split=(0.3, 0.7)))
    large = places(80, LoadOptions(n_gpu_layers=81, tensor_split=(24, 56)))
    assert small == large


def test_positions_are_compared_in_single_precision() -> None:
    """0.1 + 0.2 is 0.3 in single precision, so that layer 3 of 10 is the first of the third."""
    found = places(9, LoadOptions(n_gpu_layers=10, tensor_split=(0.1, 0.2, 0.7)))
    assert found == (1, 2, 2, 3, 3, 3, 3, 3, 3, 3)


@pytest.mark.parametrize("model", ["gemma-3n-e4b", "granite-4-tiny", "llama-3-2-1b"])
def test_every_number_of_layers_on_every_split_is_estimated(model: str) -> None:
    header = ARCHITECTURES[model]().header()
    whole = estimate(header, LoadOptions(ctx_size=4096))
    for split in ((), (1, 1), (1, 99), (99, 1), (0, 1), (1, 0, 1)):
        for count in range(whole.n_layers + 1):
            options = LoadOptions(ctx_size=4096, n_gpu_layers=count, tensor_split=split)
            found = estimate(header, options)
            assert found.n_gpu_layers == count
            assert found.kv == whole.kv
            assert found.weights >= whole.weights
            held = [one for one in found.devices if one.weights or one.kv]
            assert all(one.compute > 0 for one in held), (split, count)
