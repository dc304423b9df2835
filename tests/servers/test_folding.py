"""What whole logs add up to: recorded ones on the CPU, composed ones with GPUs."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.servers.facts import Buffer, Facts, Stage, Timing, device_of
from termai.servers.folding import fold_line
from termai.servers.records import Offload, offload
from tests.servers.samples import facts_of, lines


def held(facts: Facts) -> dict[tuple[str, str, int], float]:
    return {(b.device, b.what, b.model_index): b.mib for b in facts.buffers}


@pytest.mark.parametrize("engine", ["native", "embedded"])
def test_a_recorded_start_on_the_cpu_is_read_to_the_end(engine: str) -> None:
    facts = facts_of(f"{engine}-ready")
    assert facts.stage is Stage.READY
    assert (facts.architecture, facts.layers, facts.trained_context) == ("llama", 2, 512)
    assert facts.url == "http://127.0.0.1:18901"
    assert facts.slot_context == 256
    assert held(facts)["CPU_Mapped", "model", 1] == 0.41
    assert {"model", "KV", "compute", "output"} == {b.what for b in facts.buffers}
    assert facts.requests == 2
    assert facts.last
    assert facts.last.completion_tokens > 0
    assert facts.last.completion_per_second > 0


@pytest.mark.parametrize("log", ["native-ready", "embedded-ready", "native-verbose"])
def test_layers_that_llama_cpp_calls_offloaded_without_a_gpu_are_on_the_cpu(log: str) -> None:
    facts = facts_of(log)
    assert facts.offloaded == 3
    assert offload(facts) == Offload(0, 3, ("CPU",))


def test_slots_share_the_context_that_was_granted() -> None:
    facts = facts_of("native-ready")
    assert (facts.context, facts.slots, facts.slot_context) == (512, 2, 256)


def test_what_llama_cpp_only_measures_is_not_counted() -> None:
    facts = facts_of("native-verbose")
    assert facts.models == 1
    assert held(facts)["CPU", "compute", 1] == 1.51
    assert ("CPU", "model", 1) not in held(facts)


def test_a_draft_model_adds_memory_and_leaves_the_served_models_facts_alone() -> None:
    facts = facts_of("native-draft")
    assert facts.models == 2
    assert facts.offloaded == 3
    assert held(facts)["CPU_Mapped", "model", 1] == held(facts)["CPU_Mapped", "model", 2] == 0.41


def test_a_gpu_start_shows_layers_buffers_and_the_context_that_fitted() -> None:
    facts = facts_of("source-cuda-ready")
    assert offload(facts) == Offload(37, 37, ("CUDA0",))
    assert facts.gpus == (("CUDA0", 11790),)
    assert (facts.reduced_from, facts.context) == (40960, 36864)
    assert Buffer("CUDA0", "KV", 5184.0) in facts.buffers
    assert facts.last == Timing(600, 1920.61, 200, 47.51)


def test_a_model_split_over_two_gpus_and_the_cpu_names_all_three() -> None:
    assert offload(facts_of("source-cuda-two-partial")) == Offload(
        70, 81, ("CUDA0", "CUDA1", "CPU")
    )


def test_words_about_each_layer_are_believed_before_buffers() -> None:
    facts = Facts()
    for layer, device in enumerate(["CPU", "CUDA0", "CUDA0", "CUDA1"]):
        line = f"load_tensors: layer {layer:3d} assigned to device {device}, is_swa = 0"
        facts = fold_line(facts, line)
    assert offload(facts) == Offload(3, 4, ("CUDA0", "CUDA1", "CPU"))


def test_caches_of_one_device_add_up_and_scratch_memory_does_not() -> None:
    facts = Facts()
    for line in (
        "llama_kv_cache:      CUDA0 KV buffer size =   100.00 MiB",
        "llama_kv_cache:      CUDA0 KV buffer size =    20.50 MiB",
        "sched_reserve:      CUDA0 compute buffer size =   304.75 MiB",
        "sched_reserve:      CUDA0 compute buffer size =   310.00 MiB",
    ):
        facts = fold_line(facts, line)
    assert held(facts) == {("CUDA0", "KV", 1): 120.5, ("CUDA0", "compute", 1): 310.0}


def test_dots_are_progress_until_the_weights_are_read() -> None:
    facts = fold_line(Facts(), "load_tensors: loading model tensors, this can take a while...")
    facts = fold_line(facts, "." * 40)
    assert (facts.stage, facts.progress) == (Stage.LOADING, 0.4)
    facts = fold_line(fold_line(facts, "termai: main: model loaded"), "...")
    assert (facts.stage, facts.progress) == (Stage.READY, None)


def test_a_new_start_forgets_what_the_last_one_said() -> None:
    facts = fold_line(facts_of("native-ready"), "termai: started pid 77 at 2026-11-21T00:00:00Z")
    assert facts == Facts(starts=1)


def test_a_finished_request_shows_that_the_server_is_ready() -> None:
    rates = "(    0.50 ms per token,     2000.00 tokens per second)"
    assert fold_line(Facts(), f"slot print_timing: eval time = 1.0 ms / 2 tokens {rates}").ready


def test_only_the_last_errors_are_kept_each_once() -> None:
    facts = Facts()
    for number in (*range(20), 19):
        facts = fold_line(facts, f"0.00.000.000 E srv error number {number}")
    assert facts.errors == tuple(f"srv error number {number}" for number in range(12, 20))


REAL = [*lines("native-ready"), *lines("embedded-ready"), *lines("source-cuda-ready")]


@given(st.lists(st.sampled_from(REAL) | st.text(max_size=60), max_size=20), st.data())
def test_no_text_in_a_log_breaks_the_reading_of_it(log: list[str], data: st.DataObject) -> None:
    facts = Facts()
    for line in log:
        at = data.draw(st.integers(0, len(line)))
        facts = fold_line(facts, line[:at] + data.draw(st.text(max_size=8)) + line[at:])
    layers, total, _ = offload(facts)
    assert 0 <= layers <= total


@pytest.mark.parametrize(
    "line",
    [
        "x" * 500_000 + " buffer size =",
        "y buffer size =" + "=" * 500_000,
        "using device a " + "1 " * 250_000 + "MiB fre",
        "eval time =" + " 1.0 ms / 1 a (" * 30_000,
        "model loaded" * 50_000,
    ],
    ids=["device", "size", "gpu", "timing", "ready"],
)
def test_an_endless_line_is_read_in_bounded_time(line: str) -> None:
    began = time.process_time()
    fold_line(Facts(), line)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("buffer", "device"),
    [
        ("CPU_Mapped", "CPU"),
        ("CPU_REPACK", "CPU"),
        ("AMX", "CPU"),
        ("CUDA_Host", "CPU"),
        ("Vulkan_Host", "CPU"),
        ("CUDA0", "CUDA0"),
        ("CUDA1_Split", "CUDA1"),
        ("MTL0_Mapped", "MTL0"),
        ("RPC0[10.0.0.2:50052]", "RPC0[10.0.0.2:50052]"),
    ],
)
def test_a_buffer_is_told_by_its_name_to_lie_on_a_device(buffer: str, device: str) -> None:
    assert device_of(buffer) == device


def test_the_context_of_a_watched_server_is_the_last_one_told() -> None:
    facts = Facts()
    for line in ("watch: context: 4096 tokens", "watch: ready: it offers a"):
        facts = fold_line(facts, line)
    assert (facts.slot_context, facts.ready) == (4096, True)
    assert fold_line(facts, "watch: context: 8192 tokens").slot_context == 8192
