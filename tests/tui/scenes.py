"""A machine that looks the same on every run: a GPU, servers in every state, models, findings."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from termai.environment import Finding, Verdict
from termai.hardware import host
from termai.jobs.processes import ProcessId, identify
from termai.jobs.records import Exit, JobSpec, JobState, write_spec, write_state
from termai.jobs.states import JobStatus
from termai.models import stores
from termai.paths import jobs_dir
from termai.tui import work
from tests.fakes import nvml

ENDED = 1_768_485_720.0  # 2026-01-15 14:02 UTC
FINDINGS = (
    Finding(
        "llama-server",
        Verdict.PROBLEM,
        "It was built for the CPU only, and this machine has a GPU.",
        "make run",
        "/opt/termai/bin/llama-server",
        "9212",
    ),
    Finding(
        "After logout",
        Verdict.WARNING,
        "Servers end when you log out: lingering is off.",
        "loginctl enable-linger ada",
    ),
    Finding("Python", Verdict.OK, "Runs termai.", path="/usr/bin/python3", version="3.11.7"),
    Finding("git", Verdict.OK, "Fetches programs.", path="/usr/bin/git", version="2.39.5"),
)
_READY_LOG = (
    "termai: started pid 4242",
    "0.00.100.000 I print_info: arch                  = qwen3",
    "0.00.100.000 I print_info: n_layer               = 28",
    *(
        f"0.00.200.000 D load_tensors: layer {n:3d} assigned to device CUDA0, is_swa = 0"
        for n in range(29)
    ),
    "0.00.300.000 I load_tensors: offloaded 29/29 layers to GPU",
    "0.00.300.000 I load_tensors:        CUDA0 model buffer size =  4455.34 MiB",
    "0.01.400.000 I llama_context: n_ctx                 = 16384",
    "0.01.400.000 I llama_kv_cache:      CUDA0 KV buffer size =   576.00 MiB",
    "0.01.500.000 W srv          init: chat template supports preserving reasoning",
    "0.01.600.000 I srv  llama_server: model loaded",
    "0.01.600.000 I srv  llama_server: listening on http://127.0.0.1:8080",
    (
        "0.09.000.000 I slot print_timing: id  0 | prompt eval time =     351.52 ms /   812 tokens "
        "(    0.43 ms per token,  2310.00 tokens per second)"
    ),
    (
        "0.12.000.000 I slot print_timing: id  0 |        eval time =    3496.73 ms /   214 tokens "
        "(   16.34 ms per token,    61.20 tokens per second)"
    ),
)
_LOADING_LOG = (
    "termai: started pid 4243",
    "0.00.100.000 I load_tensors: loading model tensors, this can take a while... (mmap = true)",
    "." * 68,
)
_FAILED_LOG = (
    "termai: started pid 4244",
    (
        "0.00.300.000 E ggml_backend_cuda_buffer_type_alloc_buffer: allocating 9216.00 MiB on "
        "device 0: cudaMalloc failed: out of memory"
    ),
    "0.00.300.000 E llama_model_load: error loading model: unable to allocate CUDA0 buffer",
    "termai: ended with code 1",
)


@contextmanager
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the scene; the processes of its running servers are one that sleeps."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    nvml.install(monkeypatch, nvml.Card())
    monkeypatch.setattr(host, "memory", lambda: (6 << 30, 24 << 30))
    monkeypatch.setattr(host, "cpu_percent", lambda: 12.0)
    monkeypatch.setattr(work, "checks", lambda: FINDINGS)
    monkeypatch.setattr(stores, "_built_in_dir", lambda: Path.home() / "built-in")
    _models()
    sleeper = subprocess.Popen(["sleep", "600"])
    try:
        process = identify(sleeper.pid)
        assert process
        _job("qwen3-8b", 8080, _READY_LOG, process=process)
        _job("llama-70b", 8081, _LOADING_LOG, process=process)
        _job("moe", 8082, _FAILED_LOG, left=Exit(1, None, "exited"))
        yield
    finally:
        sleeper.kill()
        sleeper.wait()
        monkeypatch.undo()
        time.tzset()


def _models() -> None:
    for name, size in (
        ("Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf", 4_920_000_000),
        ("unsloth/Llama-3.3-70B/Llama-3.3-70B-Q4_K_M-00001-of-00002.gguf", 39_600_000_000),
        ("unsloth/Llama-3.3-70B/Llama-3.3-70B-Q4_K_M-00002-of-00002.gguf", 2_900_000_000),
        ("unsloth/Llama-3.3-70B/Llama-3.3-70B-Q8_0-00001-of-00003.gguf", 39_600_000_000),
    ):
        path = Path.home() / ".lmstudio/models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.truncate(path, size)


def _job(
    name: str,
    port: int,
    log: tuple[str, ...],
    *,
    process: ProcessId | None = None,
    left: Exit | None = None,
) -> None:
    directory = jobs_dir() / f"20260115-140200-{name}"
    directory.mkdir(parents=True)
    (directory / "log").write_text("\n".join(log) + ("" if log[-1].startswith("..") else "\n"))
    meta: dict[str, Any] = {
        "profile": name,
        "engine": "llama-server",
        "url": f"http://127.0.0.1:{port}",
        "host": "127.0.0.1",
        "port": port,
        "model": f"/models/{name}-Q4_K_M.gguf",
        "values": {"ctx_size": 8192},
        "devices": ["CUDA0"],
        "gpus": ["RTX 4090"],
    }
    spec = JobSpec(
        directory.name, "server", name, ("llama-server",), "/", {}, (), 10.0, 1, 0, port, meta
    )
    write_spec(directory, spec)
    state = JobState(
        JobStatus.RUNNING if process else JobStatus.FAILED,
        runner=process,
        child=process,
        started_at=time.time() - 7300 if process else ENDED - 60,
        ended_at=None if process else ENDED,
        exit=left,
    )
    write_state(directory, state)
