"""The estimate beside what the log says: the same shape, and their ratio."""

from typing import Any

import pytest

from termai.servers.facts import Buffer, Facts, Stage
from termai.servers.sizes import memory

MIB = 1 << 20
META: dict[str, Any] = {
    "estimate": {
        "source": "formula",
        "ctx_size": 4096,
        "n_gpu_layers": 33,
        "devices": [
            {"device": "CPU", "weights": 100 * MIB, "kv": 0, "compute": 0, "output": 0},
            {"device": "GPU0", "weights": 300 * MIB, "kv": 50, "compute": 25, "output": 25},
            {"device": "GPU1", "weights": 0, "kv": 0, "compute": 0, "output": 0},
        ],
    }
}
BUFFERS = (
    Buffer("CPU_Mapped", "model", 80.0),
    Buffer("CPU_REPACK", "model", 20.0),
    Buffer("CUDA0", "model", 300.0),
    Buffer("CUDA0", "KV", 64.0),
    Buffer("CUDA0", "RS", 16.0),
    Buffer("CUDA_Host", "compute", 8.0),
    Buffer("CPU", "output", 1.0),
)
READY = Facts(stage=Stage.READY, buffers=BUFFERS)


def test_both_and_their_ratio() -> None:
    found = memory(META, READY)
    assert found
    estimate, measured = found["estimate"], found["measured"]
    assert [device["device"] for device in estimate["devices"]] == ["CPU", "GPU0"]
    assert estimate["total"] == 400 * MIB + 100
    assert estimate["source"] == "formula"
    assert measured["devices"] == [
        {
            "device": "CPU",
            "weights": 80 * MIB,
            "kv": 0,
            "compute": 8 * MIB,
            "output": MIB,
            "total": 89 * MIB,
        },
        {
            "device": "CUDA0",
            "weights": 300 * MIB,
            "kv": 80 * MIB,
            "compute": 0,
            "output": 0,
            "total": 380 * MIB,
        },
    ]
    assert found["ratio"] == pytest.approx(469 / 400, abs=1e-3)


def test_repacked_weights_of_a_file_that_is_not_mapped_count_beside_the_rest() -> None:
    buffers = (Buffer("CPU", "model", 20.0), Buffer("CPU_REPACK", "model", 80.0))
    found = memory({}, READY._replace(buffers=buffers))
    assert found
    assert found["measured"]["total"] == 100 * MIB


def test_before_it_is_ready_nothing_is_measured() -> None:
    found = memory(META, READY._replace(stage=Stage.LOADING))
    assert found
    assert (found["measured"], found["ratio"]) == (None, None)
    assert found["estimate"]


def test_without_an_estimate() -> None:
    found = memory({}, READY)
    assert found
    assert (found["estimate"], found["ratio"]) == (None, None)
    assert found["measured"]["total"] == 469 * MIB
    assert memory({}, Facts()) is None


@pytest.mark.parametrize(
    "broken",
    [5, [], {}, {"devices": 5}, {"devices": [5], "source": ""}, {"devices": [{"device": "CPU"}]}],
)
def test_a_broken_record_is_no_estimate(broken: object) -> None:
    assert memory({"estimate": broken}, Facts()) is None


def test_an_estimate_of_nothing_has_no_ratio() -> None:
    found = memory({"estimate": {"devices": [], "source": "formula"}}, READY)
    assert found
    assert found["ratio"] is None
