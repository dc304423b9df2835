"""What a profile loads where, option by option, as the engines do with it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from termai.engines.base import Detection
from termai.models.fit import AUTO, GpuRoom, Machine
from termai.profiles.profile import Profile
from termai.servers.loading import ALL, load_of, options_of, usable
from tests.gguf.building import write_sparse
from tests.models.fit.headers import GIB, MIB, dense, write_dense

NATIVE = Detection("llama-server", Path("/opt/llama-server"), "1", ("CUDA0",), frozenset({"--fit"}))
OLD = replace(NATIVE, options=frozenset())
EMBEDDED = Detection("llama-cpp-python", Path("/usr/bin/python"), "1", ("CUDA0",))
HERE = Machine(
    tuple(GpuRoom(f"GPU {n}", 10 * GIB, 12 * GIB, n) for n in range(3)), 30 * GIB, 32 * GIB
)


def profile(values: Mapping[str, Any] | None = None, **changes: Any) -> Profile:
    return replace(Profile("p").with_values(path="m.gguf", **(values or {})), **changes)


def options(engine: Detection = NATIVE, **values: Any) -> dict[str, Any]:
    found = options_of(profile(values), engine, dense())
    return {name: getattr(found, name) for name in found.__slots__}


def test_nothing_set_is_as_llama_server_loads() -> None:
    found = options()
    assert found["ctx_size"] == 0
    assert (found["n_gpu_layers"], found["n_cpu_moe"]) == (AUTO, AUTO)
    assert (found["parallel"], found["kv_unified"]) == (4, True)
    assert (found["batch_size"], found["ubatch_size"]) == (2048, 512)
    assert (found["cache_type_k"], found["cache_type_v"]) == ("f16", "f16")
    assert found["flash_attn"] is True


@pytest.mark.parametrize(
    ("values", "key", "expected"),
    [
        ({"ctx_size": 4096}, "ctx_size", 4096),
        ({"n_gpu_layers": "all"}, "n_gpu_layers", ALL),
        ({"n_gpu_layers": 7}, "n_gpu_layers", 7),
        ({"n_gpu_layers": "auto"}, "n_gpu_layers", AUTO),
        ({"fit": False}, "n_gpu_layers", ALL),
        ({"fit": False}, "ctx_size", 131_072),
        ({"tensor_split": [3, 1]}, "tensor_split", (3.0, 1.0)),
        ({"tensor_split": [3, 1]}, "n_gpu_layers", ALL),
        ({"split_mode": "row"}, "n_gpu_layers", ALL),
        ({"n_cpu_moe": 4}, "n_cpu_moe", 4),
        ({"n_cpu_moe": 4}, "n_gpu_layers", ALL),
        ({"cpu_moe": True}, "n_cpu_moe", ALL),
        ({"n_gpu_layers": 7}, "n_cpu_moe", 0),
        ({"parallel": 3}, "parallel", 3),
        ({"parallel": 3}, "kv_unified", False),
        ({"parallel": 3, "kv_unified": True}, "kv_unified", True),
        ({"kv_unified": False}, "kv_unified", False),
        ({"flash_attn": "off"}, "flash_attn", False),
        ({"kv_offload": False}, "no_kv_offload", True),
        ({"swa_full": True}, "swa_full", True),
        ({"cache_type_k": "q8_0"}, "cache_type_k", "q8_0"),
        ({"batch_size": 64, "ubatch_size": 32}, "batch_size", 64),
    ],
)
def test_what_the_native_engine_is_told(values: dict[str, Any], key: str, expected: object) -> None:
    assert options(**values)[key] == expected


def test_an_older_program_offloads_only_when_told() -> None:
    assert options(OLD)["n_gpu_layers"] == 0
    assert options(OLD, n_gpu_layers="auto")["n_gpu_layers"] == ALL


def test_the_embedded_engine_fits_nothing_itself() -> None:
    found = options(EMBEDDED)
    assert (found["ctx_size"], found["n_gpu_layers"]) == (8192, ALL)
    assert (found["parallel"], found["batch_size"]) == (1, 512)
    assert options(EMBEDDED, ctx_size=0)["ctx_size"] == 131_072
    assert options(EMBEDDED, ubatch_size=1024)["batch_size"] == 1024


def indices(found: Machine | None) -> list[int] | None:
    return None if found is None else [gpu.index for gpu in found.gpus]


@pytest.mark.parametrize(
    ("values", "env", "expected"),
    [
        ({}, {}, [0, 1, 2]),
        ({"device": ["none"]}, {}, []),
        ({"device": ["CUDA2", "CUDA0"]}, {}, [0, 2]),
        ({"device": ["CUDA7"]}, {}, None),
        ({"device": ["Vulkan0"]}, {}, None),
        ({"split_mode": "none"}, {}, [0]),
        ({"split_mode": "none", "main_gpu": 2}, {}, [2]),
        ({}, {"CUDA_VISIBLE_DEVICES": "1"}, [1]),
        ({}, {"CUDA_VISIBLE_DEVICES": ""}, []),
        ({}, {"CUDA_VISIBLE_DEVICES": "-1"}, []),
        ({}, {"CUDA_VISIBLE_DEVICES": "2,x,0"}, [2]),
        ({}, {"CUDA_VISIBLE_DEVICES": "GPU-7a"}, None),
        ({"device": ["CUDA1"]}, {"CUDA_VISIBLE_DEVICES": "0,2"}, [2]),
    ],
)
def test_the_gpus_it_may_use(
    values: dict[str, Any],
    env: dict[str, str],
    expected: list[int] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert indices(usable(profile(values, env=env), NATIVE, HERE)) == expected
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", env.get("CUDA_VISIBLE_DEVICES", "0,1,2"))
    assert indices(usable(profile(values), NATIVE, HERE)) == expected


def test_devices_of_other_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    amd = replace(NATIVE, devices=("ROCm0", "ROCm1", "ROCm2"))
    assert indices(usable(profile(), amd, HERE)) == [0, 1, 2]
    assert indices(usable(profile({"device": ["ROCm1"]}), amd, HERE)) == [1]
    assert usable(profile(env={"HIP_VISIBLE_DEVICES": "0"}), amd, HERE) is None


def test_an_engine_without_a_gpu_uses_none() -> None:
    assert indices(usable(profile(), replace(NATIVE, devices=()), HERE)) == []


def test_a_gpu_that_does_not_tell_its_memory_is_unknown() -> None:
    assert usable(profile(), NATIVE, Machine(ram_free=1, ram_total=1)) is None
    assert usable(profile(), NATIVE, replace(HERE, unmeasured=("GB10",))) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"values": {"path": "m", "override_tensor": ("ffn=CPU",)}},
        {"values": {"path": "m", "override_kv": ("a=int:1",)}},
        {"args": {"llama-server": ("-ngl", "5")}},
        {"args": {"llama-server": ("--ctx_size=5",)}},
    ],
)
def test_what_no_load_option_holds_is_not_judged(changes: dict[str, Any]) -> None:
    assert load_of(replace(profile(), **changes), NATIVE, dense(), HERE) is None


def test_other_arguments_do_not_hinder() -> None:
    asked = profile(args={"llama-server": ("--slots", "--metrics")})
    assert load_of(asked, NATIVE, dense(), HERE) is not None


def test_margins_and_what_is_loaded_beside(tmp_path: Path) -> None:
    draft = write_dense(tmp_path / "draft.gguf")
    values = {"fit_target": 512, "fit_ctx": 2048, "model_draft": str(draft), "mmproj": "/none"}
    load = load_of(profile(values), NATIVE, dense(), HERE)
    assert load
    assert (load.margin, load.min_ctx) == (512 * MIB, 2048)
    assert load.draft
    assert load.draft.architecture == "llama"
    assert load.projector is None


def test_adapters_take_their_size(tmp_path: Path) -> None:
    metadata = {"general.architecture": "llama", "general.type": "adapter"}
    adapter = write_sparse(tmp_path / "style.gguf", metadata, [("a", (1024, 1024), "F32")])
    values = {"lora": [{"path": str(adapter)}, {"path": "/none.gguf"}], "n_gpu_layers": 33}
    load = load_of(profile(values), NATIVE, dense(), HERE)
    plain = load_of(profile({"n_gpu_layers": 33}), NATIVE, dense(), HERE)
    assert load
    assert plain
    with_it, without = (one.subject(dense()).estimate(one.options) for one in (load, plain))
    assert with_it.devices[1].weights - without.devices[1].weights == adapter.stat().st_size
    assert with_it.devices[0] == without.devices[0]


def test_other_machines_make_it_unknowable() -> None:
    assert usable(profile({"rpc": ["box:50052"]}), NATIVE, HERE) is None
    assert usable(profile({"rpc": []}), NATIVE, HERE) is not None
