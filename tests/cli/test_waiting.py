"""What is told of a server that is ready."""

import pytest

from termai.cli.waiting import offloaded
from termai.servers.records import Offload


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Offload(0, 0, ()), ""),
        (Offload(3, 5, ("CUDA0",)), "3 of 5 layers on a GPU (CUDA0)"),
        (Offload(5, 5, ("RPC0[10.0.0.2:50052]",)), "5 of 5 layers on RPC0[10.0.0.2:50052]"),
    ],
)
def test_layers_that_another_machine_holds_are_not_said_to_be_on_a_gpu(
    told: Offload, words: str
) -> None:
    assert offloaded(told) == words
