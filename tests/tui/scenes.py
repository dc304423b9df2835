"""A machine that looks the same on every run: a GPU, servers in every state, models, findings."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from termai import hardware
from termai.engines import choose
from termai.engines.base import Detection
from termai.environment import Finding, Verdict
from termai.hardware import host
from termai.hardware.holders import Holder
from termai.jobs.processes import ProcessId, identify
from termai.jobs.records import Exit, JobSpec, JobState, write_spec, write_state
from termai.jobs.states import JobStatus
from termai.models import stores
from termai.models.downloads.plan import Plan, PlannedFile
from termai.models.downloads.states import Status
from termai.models.downloads.view import Download, FileState
from termai.models.fit import subject
from termai.paths import jobs_dir, models_dir
from termai.tui import work
from tests.fakes import nvml
from tests.tui import plain_memory
from tests.tui.model_files import LLAMA_70B, MISTRAL_24B, QWEN3_8B

ENDED = 1_768_485_720.0  # 2026-01-15 14:02 UTC
_FINDINGS = (
    Finding("Python", Verdict.OK, "Runs termai.", path="/usr/bin/python3", version="3.11.7"),
    Finding("git", Verdict.OK, "Fetches programs.", path="/usr/bin/git", version="2.39.5"),
    Finding("hipcc", Verdict.NOT_NEEDED, "Not found. No AMD GPU is here."),
    Finding("engine on GPU", Verdict.PROBLEM, "No engine can use the GPU.", "make run"),
    Finding(
        "After logout",
        Verdict.WARNING,
        "Servers end when you log out: lingering is off.",
        "Let them go on: `loginctl enable-linger ada`.",
        cause="systemd ends what a user started when the last login ends.",
        command="loginctl enable-linger ada",
    ),
    Finding("Intel GPU", Verdict.NOT_NEEDED, "There is none."),
    Finding("llama-server", Verdict.OK, "The engine runs on the CPU.", version="9212"),
)
_GROUPS = ("Programs", "Programs", "Programs", "Engines", "Terminal", "GPU", "Engines")
FINDINGS = tuple(replace(one, group=group) for one, group in zip(_FINDINGS, _GROUPS, strict=True))
HOLDERS = (
    Holder(0, 4242, 5 << 30, "ada", "llama-server", "qwen3-8b"),
    Holder(0, 977, 700 << 20, "ada", "Xorg"),
)
_SERVER = Detection(
    "llama-server",
    Path("/opt/termai/bin/llama-server"),
    "9212",
    devices=("CUDA0",),
    options=frozenset({"--fit"}),
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
    monkeypatch.setattr(hardware, "snapshot", _snapshot)
    monkeypatch.setattr(work, "checks", lambda only=(): FINDINGS)
    monkeypatch.setattr(work, "history", _history)
    monkeypatch.setattr(work, "holders", lambda: HOLDERS)
    monkeypatch.setattr(stores, "_built_in_dir", lambda: Path.home() / "built-in")
    monkeypatch.setattr(choose, "choose", lambda name: (choose.ENGINES["llama-server"], _SERVER))
    monkeypatch.setattr(subject, "estimate", plain_memory.estimate)
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


def _snapshot() -> hardware.Snapshot:
    return replace(
        hardware.sampler.sample(),
        cpu_percent=12.0,
        load=(0.5, 0.4, 0.3),
        swap_used=0,
        swap_total=2 << 30,
        disk_read=0.0,
        disk_written=1_200_000.0,
        net_received=84_000_000.0,
        net_sent=300_000.0,
        limit_total=None,
        processors=None,
    )


def _history(measure: str, gpu: int | None = None) -> tuple[float, ...]:
    """Return a minute that rises and falls, in percent or whatever it is."""
    return tuple(float(min(n, 30 - n) * 5) for n in range(30))


def _models() -> None:
    """Write model files with real headers: one that fits, one that does partly, parts of one."""
    store = Path.home() / ".lmstudio/models"
    QWEN3_8B.write(store / "Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf")
    LLAMA_70B.write(store / "unsloth/Llama-3.3-70B/Llama-3.3-70B-Q4_K_M.gguf")
    part = store / "unsloth/Llama-3.3-70B/Llama-3.3-70B-Q8_0-00001-of-00003.gguf"
    replace(LLAMA_70B, layers=20, kind="Q8_0").write(part)
    MISTRAL_24B.write(models_dir() / "mistralai/Mistral-24B-GGUF/Mistral-24B-Q4_K_M.gguf")


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


def downloads() -> tuple[Download, ...]:
    """Return downloads in every state, the newest first."""
    states = (
        ("Qwen/Qwen3-8B-GGUF", "Q4_K_M", Status.RUNNING, 0.42, 84_300_000.0, ""),
        ("mistralai/Mistral-24B-GGUF", "Q4_K_M", Status.QUEUED, 0.0, 0.0, ""),
        ("org/Tiny-GGUF", "Q8_0", Status.WAITING, 0.5, 0.0, "hub.test is busy: it answers 503."),
        ("org/Other-GGUF", "BF16", Status.PAUSED, 0.75, 0.0, ""),
        ("org/Old-GGUF", "Q4_0", Status.FAILED, 0.1, 0.0, "The disk is full: 2.1 GiB too little."),
        ("org/Done-GGUF", "Q6_K", Status.DONE, 1.0, 0.0, ""),
    )
    return tuple(_download(str(9 - n), *state) for n, state in enumerate(states))


def _download(
    number: str, repo: str, variant: str, status: Status, part: float, rate: float, problem: str
) -> Download:
    size, name = 5_000_000_000, f"{repo.rpartition('/')[2]}-{variant}.gguf"
    plan = Plan(
        number, repo, "0" * 40, "https://hub.test", variant, f"/models/{repo}",
        (PlannedFile(name, size),), ENDED,
    )  # fmt: skip
    file = FileState(name, round(size * part), size)
    eta = (size - file.done) / rate if rate else None
    return Download(plan, status, (file,), rate, eta, problem, "Free some." if problem else "")
