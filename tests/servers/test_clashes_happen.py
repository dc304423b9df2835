"""What is said of a clash is what llama-server really does, and with the fix it does not."""

import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from termai.engines.llama_server import beside_termai
from termai.hardware import limits
from termai.profiles.clashes import Clash, Severity
from termai.profiles.profile import Profile
from termai.servers.preview import Previewer
from tests.servers.models import write_tiny
from tests.support import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(beside_termai() is None, reason="llama-server was not built"),
]

SMOKE = "builtin:smoke"  # heads of 64, trained for 4096 tokens
TINY = "tiny"  # heads of 16, trained for 512 tokens
LIMIT_S = 60.0
READY = "update_slots: all slots are idle"


@dataclass(frozen=True, slots=True)
class Case:
    """Values that clash, with what, and what llama-server says."""

    name: str
    says: str
    values: dict[str, Any] = field(default_factory=dict)
    model: str = SMOKE
    gone: bool = True


CASES = (
    Case("quantized-v-cache-without-flash-attention", "quantized V cache requires flash_attn",
         {"cache_type_v": "q8_0", "flash_attn": "off"}),
    Case("quantized-k-cache-with-odd-heads", "does not divide n_embd_head_k=16",
         {"cache_type_k": "q8_0"}, TINY),
    Case("quantized-v-cache-with-odd-heads", "does not divide n_embd_head_v=16",
         {"cache_type_v": "q4_0"}, TINY),
    Case("split-mode-tensor-without-gpu", "SPLIT_MODE_TENSOR needs >= 1 devices",
         {"split_mode": "tensor"}),
    Case("no-next-token-heads", "failed to create MTP context", {"spec_type": "draft-mtp"}),
    Case("value-refused", "invalid value for n_parallel", {"parallel": 0}),
    Case("value-refused", "cannot be 0 or less than -1", {"sleep_idle_seconds": 0}),
    Case("value-refused", "repeat-penalty must be finite and greater", {"repeat_penalty": 0}),
    Case("value-refused", "invalid repeat-last-n = -1", {"repeat_last_n": -1}),
    Case("value-refused", "invalid dry-penalty-last-n = -1", {"dry_penalty_last_n": -1}),
    Case("context-beyond-training", r"the slot context \(8192\) exceeds the training",
         {"ctx_size": 8192}),
    Case("context-beyond-training", r"the slot context \(8192\) exceeds the training",
         {"ctx_size": 16_384, "parallel": 2}),
    Case("context-beyond-training", r"the slot context \(8192\) exceeds the training",
         {"ctx_size": 8192, "rope_freq_base": 80_000}),
    Case("context-beyond-training", r"the slot context \(8192\) exceeds the training",
         {"ctx_size": 8192, "rope_scaling": "yarn"}),
    Case("context-stretched-in-vain", r"the slot context \(8192\) exceeds the training",
         {"ctx_size": 8192, "rope_scale": 2, "rope_scaling": "linear"}),
    Case("context-stretched-in-vain", r"the slot context \(16384\) exceeds the training",
         {"ctx_size": 16_384, "rope_freq_scale": 0.5}),
    Case("little-context-for-each-slot", "n_slots = 8, n_ctx_slot = 512",
         {"ctx_size": 4096, "parallel": 8}),
    Case("little-context-for-each-slot", "n_slots = 8, n_ctx_slot = 512",
         {"parallel": 8, "fit": False}),
    Case("kv-unified-without-parallel", "n_slots = 4.*kv_unified = 'true'",
         {"kv_unified": False}),
    Case("no-sliding-window", "swa_full is not supported by this model", {"swa_full": True}),
    Case("ubatch-beyond-batch", "n_ubatch  +  = 128", {"ubatch_size": 512, "batch_size": 128}),
    Case("draft-type-without-draft-model", "draft-simple requires a draft context",
         {"spec_type": "draft-simple"}),
    Case("draft-model-unused", "no implementations specified for speculative",
         {"model_draft": TINY}, TINY),
    Case("draft-of-another-vocabulary", "vocab type must match target model",
         {"model_draft": TINY, "spec_type": "draft-simple"}),
    Case("rope-scale-without-scaling", "freq_scale +  = 1$",
         {"rope_scale": 4, "rope_scaling": "none"}, gone=False),
    Case("two-rope-scales", "freq_scale +  = 0.5$",
         {"rope_scale": 4, "rope_freq_scale": 0.5, "rope_scaling": "yarn"}, gone=False),
)  # fmt: skip


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "tiny.gguf")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{'-'.join(case.values)}")
def test_it_happens_and_the_fix_helps(case: Case, tiny: Path) -> None:
    profile = profile_of(case, tiny)
    clash = found(case, profile)
    said, ended = run(profile)
    assert ended == (clash.severity is Severity.PROBLEM), said
    assert re.search(case.says, said, re.MULTILINE), said
    said, ended = run(clash.fixed(profile))
    assert not ended, said
    assert bool(re.search(case.says, said, re.MULTILINE)) != case.gone, said


@pytest.mark.parametrize(
    "values",
    [
        {"ctx_size": 8192, "rope_scaling": "yarn", "rope_scale": 2},
        {"ctx_size": 8192, "override_kv": ["llama.context_length=int:8192"]},
        {"ctx_size": 16_384, "parallel": 4},
        {"cache_type_v": "q8_0", "cache_type_k": "q8_0"},
        {"main_gpu": 3, "split_mode": "none"},
        {"tensor_split": [1, 1, 1]},
        {"n_gpu_layers": 5},
    ],
    ids=str,
)
def test_what_is_no_problem_starts_without_a_word(values: dict[str, Any], tiny: Path) -> None:
    profile = Profile("fine").with_values(path=SMOKE, port=free_port(), **values)
    preview = Previewer().preview(profile)
    context = [clash.name for clash in preview.clashes if clash.keys[0] == "ctx_size"]
    assert context == []
    assert not any(clash.severity is Severity.PROBLEM for clash in preview.clashes)
    said, ended = run(profile)
    assert not ended
    assert "exceeds the training" not in said


def test_threads_that_are_not_set_are_as_many_as_is_said(tiny: Path) -> None:
    profile = Profile("threads").with_values(path=str(tiny), port=free_port())
    said, _ = run(profile)
    told, *_ = re.findall(r"n_threads = (\d+)", said)
    assert Previewer().preview(profile).automatic.get("threads", told) == told
    assert limits.read().chosen in (None, int(told))


@pytest.mark.parametrize("values", [{}, {"parallel": 4}, {"parallel": 4, "fit": False}], ids=str)
def test_a_context_left_open_is_as_large_as_is_said(values: dict[str, Any], tiny: Path) -> None:
    profile = Profile("open").with_values(path=str(tiny), port=free_port(), **values)
    said, _ = run(profile)
    *_, told = re.findall(r"llama_context: n_ctx +  = (\d+)", said)
    assert Previewer().preview(profile).automatic["ctx_size"] == told


def profile_of(case: Case, tiny: Path) -> Profile:
    values = {key: str(tiny) if value == TINY else value for key, value in case.values.items()}
    model = str(tiny) if case.model == TINY else case.model
    return Profile("clash").with_values(path=model, port=free_port(), **values)


def found(case: Case, profile: Profile) -> Clash:
    [clash] = [c for c in Previewer().preview(profile).clashes if c.name == case.name]
    return clash


def run(profile: Profile) -> tuple[str, bool]:
    """Return what llama-server says until it is ready or ends, and whether it ended."""
    command = Previewer().preview(profile).command
    assert command
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    ) as server:
        assert server.stdout
        said: list[str] = []
        ended = True
        begun = time.monotonic()
        for line in server.stdout:
            said.append(line)
            if READY in line:
                ended = False
                break
            assert time.monotonic() - begun < LIMIT_S
        server.send_signal(signal.SIGKILL)
    return "".join(said), ended
