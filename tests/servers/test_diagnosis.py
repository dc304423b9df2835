"""Recorded and composed failures, each explained in a sentence with its cause and its fix."""

import socket
from pathlib import Path
from typing import Any

import pytest

from termai.jobs.records import Exit
from termai.servers.case import Case
from termai.servers.causes import CAUSES, Cause
from termai.servers.diagnosis import LINES_SHOWN, Diagnosis, explain, timed_out
from termai.servers.endings import SIGNALS, Ending
from termai.servers.facts import Facts
from tests.servers.samples import facts_of, lines, make_job
from tests.support import free_port

EXITED = Exit(1, None, "exited")


def explained(tmp_path: Path, log: str, ended: Exit | None = EXITED, **given: Any) -> Diagnosis:
    job = make_job(tmp_path / "job", **given)
    return explain(facts_of(log), lines(log), ended, job.spec)


@pytest.mark.parametrize(
    ("log", "cause", "words"),
    [
        ("native-missing", "missing file", ["models/nowhere.gguf", "does not exist"]),
        ("embedded-missing", "missing file", ["models/nowhere.gguf", "does not exist"]),
        ("native-garbage", "not GGUF", ["garbage.gguf", "not a GGUF model"]),
        ("embedded-garbage", "not GGUF", ["not a GGUF model"]),
        ("native-truncated", "truncated", ["truncated.gguf", "cut short or corrupt"]),
        ("embedded-truncated", "truncated", ["cut short or corrupt"]),
        ("native-cut-header", "truncated", ["header-cut.gguf", "cut short or corrupt"]),
        ("embedded-cut-header", "truncated", ["cut short or corrupt"]),
        ("native-unknown-architecture", "architecture", ["mystery", "alien.gguf"]),
        ("embedded-unknown-architecture", "architecture", ["mystery"]),
        ("native-quantized-v-cache", "quantized V cache", ["flash attention", "flash_attn"]),
        ("embedded-quantized-v-cache", "quantized V cache", ["flash attention", "flash_attn"]),
        ("native-out-of-memory", "memory", ["9,766 MiB", "KV cache", "ctx_size", "40000000"]),
        ("embedded-out-of-memory", "memory", ["9,766 MiB", "KV cache", "ctx_size", "40000000"]),
        ("native-draft-garbage", "not GGUF", ["garbage.gguf"]),
        ("native-lora-missing", "missing file", ["nolora.gguf", "does not exist"]),
        ("native-unknown-option", "unsupported option", ["--frobnicate", "/opt/llama-server"]),
        ("native-wrong-value", "wrong value", ["--cache-type-k", "Unsupported cache type: q9"]),
        ("native-no-device", "no such device", ["CUDA0", "--list-devices"]),
        ("native-bad-template", "chat template", ["chat template", "chat_template_file"]),
        ("source-missing-library", "missing library", ["libcudart.so.12", "engines build"]),
        ("source-newer-glibc", "newer system", ["GLIBCXX_3.4.32", "engines build"]),
        ("source-cuda-no-kernel-image", "other GPU", ["generation of GPU", "engines build"]),
        ("source-cuda-error-while-running", "GPU error", ["illegal memory access", "dmesg"]),
    ],
)
def test_a_failure_is_explained(tmp_path: Path, log: str, cause: str, words: list[str]) -> None:
    told = explained(tmp_path, log)
    assert told.cause == cause
    for word in words:
        assert word in told.text
    assert told.sentence.endswith(".")
    assert told.fix.endswith(".")
    assert "{" not in told.text
    assert 0 < len(told.lines) <= LINES_SHOWN


def test_weights_too_large_for_the_gpu_give_the_number_of_layers_that_fit(tmp_path: Path) -> None:
    told = explained(tmp_path, "source-cuda-weights-do-not-fit", values={"n_gpu_layers": "all"})
    assert told.cause == "GPU memory"
    assert "CUDA0" in told.sentence
    assert "40,543 MiB were needed and 11,790 MiB were free" in told.sentence
    assert "28,753 MiB too little" in told.sentence
    assert "n_gpu_layers to 22 or less (of 81)" in told.fix


def test_a_cache_too_large_for_the_gpu_gives_the_context_that_fits(tmp_path: Path) -> None:
    told = explained(tmp_path, "source-cuda-cache-does-not-fit", values={"ctx_size": 131072})
    assert told.cause == "GPU memory"
    assert "KV cache" in told.sentence
    assert "18,432 MiB were needed and 7,335 MiB were free" in told.sentence
    assert "ctx_size to 51200 or less (now 131072)" in told.fix
    assert "q8_0" in told.fix


def test_a_quantized_cache_is_not_advised_to_who_has_one(tmp_path: Path) -> None:
    values = {"ctx_size": 131072, "cache_type_k": "q4_0"}
    assert "q8_0" not in explained(tmp_path, "source-cuda-cache-does-not-fit", values=values).fix


def test_scratch_buffers_too_large_for_the_gpu_give_a_smaller_batch(tmp_path: Path) -> None:
    told = explained(tmp_path, "source-cuda-compute-does-not-fit", values={"n_gpu_layers": 99})
    assert "304.75" not in told.sentence
    assert "305 MiB were needed and 161 MiB were free" in told.sentence
    assert "ubatch_size (now 512)" in told.fix
    assert 'n_gpu_layers to "auto"' in told.fix


def test_a_port_in_use_is_told_from_an_address_of_another_machine(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        taken = explained(tmp_path, "native-port-in-use", port=port)
    elsewhere = explained(tmp_path, "native-port-in-use", host="192.0.2.1", port=port)
    gone = explained(tmp_path, "embedded-port-in-use", port=free_port())
    assert taken.cause == elsewhere.cause == gone.cause == "not bound"
    assert taken.sentence == f"127.0.0.1:{port} is in use by another program."
    assert elsewhere.sentence == f"192.0.2.1:{port} is no address of this machine."
    assert "was in use" in gone.sentence


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        ("SIGILL", ["processor", "engines build"]),
        ("SIGSEGV", ["crashed"]),
        ("SIGBUS", ["disk"]),
        ("SIGABRT", ["gave up"]),
        ("SIGFPE", ["arithmetic"]),
        ("SIGKILL", ["from outside", "dmesg"]),
        ("SIGHUP", ["ended from outside (SIGHUP)"]),
    ],
)
def test_a_signal_says_what_happened(tmp_path: Path, signal: str, words: list[str]) -> None:
    told = explained(tmp_path, "native-ready", Exit(None, signal, "crashed"))
    assert told.cause == signal
    for word in words:
        assert word in told.text


def test_the_kernels_own_evidence_comes_before_all(tmp_path: Path) -> None:
    told = explained(tmp_path, "native-garbage", Exit(None, "SIGKILL", "oom-killed"))
    assert told.cause == "oom-killed"
    assert "memory ran out" in told.sentence


def test_a_server_that_vanished_is_said_to_have_vanished(tmp_path: Path) -> None:
    told = explained(tmp_path, "native-ready", Exit(None, None, "unknown"))
    assert "nobody recorded how" in told.sentence


def test_an_unknown_failure_quotes_the_last_error(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    tail = ["0.00.001.000 I fine", "0.00.002.000 E srv  the widget melted", "0.00.003.000 I bye"]
    told = explain(Facts(), tail, Exit(3, None, "exited"), job.spec)
    assert told.cause == "unknown"
    assert told.sentence == "qwen ended with code 3: srv the widget melted."


def test_a_failure_without_words_says_so(tmp_path: Path) -> None:
    told = explain(Facts(), [], Exit(3, None, "exited"), make_job(tmp_path / "job").spec)
    assert told.sentence == "qwen ended with code 3 and said nothing about why."
    assert told.lines == ()


def test_only_the_last_start_is_looked_at(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    tail = [*lines("native-garbage"), "termai: started pid 9 at now", "0.00.1.1 I loading"]
    told = explain(Facts(), tail, Exit(None, "SIGSEGV", "crashed"), job.spec)
    assert told.cause == "SIGSEGV"


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    tail = ["termai: cannot be executed: No such file or directory: /opt/llama-server"]
    told = explain(Facts(), tail, Exit(None, None, "not executable"), job.spec)
    assert told.sentence == "/opt/llama-server cannot be executed: No such file or directory."


def test_slowness_is_explained_with_the_way_to_follow_it(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    told = timed_out(facts_of("source-cuda-two-partial"), lines("native-ready"), 900.0, job.spec)
    assert "900 s" in told.sentence
    assert "loading" in told.sentence
    assert "termai logs qwen -f" in told.fix


def test_nothing_in_a_log_or_a_name_can_drive_the_terminal(tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
    job = make_job(tmp_path / "job", model=f"/m/{hostile}.gguf", profile=hostile, engine=hostile)
    for line in (
        f"E unknown model architecture: '{hostile}arch'",
        f"failed to open GGUF file '{hostile}x' (No such file or directory)",
        f"error: {hostile}{{profile}} broke",
        f'error while handling argument "{hostile}": {hostile}',
        f"lib{hostile}.so: cannot open shared object file",
    ):
        told = explain(Facts(), [line], EXITED, job.spec)
        for text in (told.sentence, told.fix, *told.lines):
            assert text.isprintable()


def test_every_row_of_the_table_can_be_filled_in(tmp_path: Path) -> None:
    """A sentence with a name that its pattern does not give would fail in front of a person."""
    from termai.servers.case import Case
    from termai.servers.diagnosis import _filled

    spec = make_job(tmp_path / "job").spec
    for cause in CAUSES:
        import re

        found = dict.fromkeys(re.compile(cause.pattern).groupindex, "")
        sentence, fix = _filled(cause, Case(Facts(), (), EXITED, spec, found))
        assert sentence.strip().endswith((".", ": ."))
        assert fix


OF_OTHERS = {"koboldcpp": "KoboldCPP", "vllm": "vLLM"}


@pytest.mark.parametrize("engine", OF_OTHERS)
@pytest.mark.parametrize(
    "cause", [*CAUSES, *SIGNALS.values()], ids=lambda cause: str(getattr(cause, "key", cause.fix))
)
def test_no_remedy_of_llama_cpp_is_told_of_another_engine(
    tmp_path: Path, cause: Cause | Ending, engine: str
) -> None:
    if callable(cause.fix) or "RPC" in getattr(cause, "key", ""):  # which only llama.cpp has
        return
    spec = make_job(tmp_path / "job", engine=engine).spec._replace(argv=("/opt/program",))
    told = cause.fix.format(**Case(Facts(), (), EXITED, spec).words())
    for foreign in ("engines build", "llama-cpp-python", "llama.cpp", "llama-server", "--list-"):
        assert foreign not in told


@pytest.mark.parametrize(("engine", "name"), OF_OTHERS.items())
@pytest.mark.parametrize(
    "log",
    [
        "source-missing-library",
        "source-newer-glibc",
        "source-cuda-no-kernel-image",
        "native-unknown-architecture",
    ],
)
def test_the_remedy_is_that_of_the_engine(tmp_path: Path, log: str, engine: str, name: str) -> None:
    told = explained(tmp_path, log, engine=engine)
    assert name in told.fix
    assert "engines build" not in told.text


def test_a_crash_of_another_engine_gets_its_own_remedy(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", engine="koboldcpp")
    told = explain(Facts(), [], Exit(None, "SIGILL", "crashed"), job.spec)
    assert "koboldcpp-linux-x64-oldpc" in told.fix


def test_an_option_that_koboldcpp_lacks_is_told_of_it_and_not_of_python(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", engine="koboldcpp")
    log = ["koboldcpp.py: error: unrecognized arguments: --new"]
    assert explain(Facts(), log, EXITED, job.spec).sentence == "KoboldCPP does not know --new."


def test_a_script_is_named_with_what_reads_it(tmp_path: Path) -> None:
    log = ["koboldcpp.py: error: argument --port: invalid int value: 'x'"]
    argv = ("/usr/bin/python3", "/opt/koboldcpp.py", "--port", "x")
    job = make_job(tmp_path / "job", engine="koboldcpp")
    told = explain(Facts(), log, EXITED, job.spec._replace(argv=argv))
    assert "`/usr/bin/python3 /opt/koboldcpp.py --help`" in told.fix


@pytest.mark.parametrize("line", ["CUDA error: out of memory", "HIP out of memory. Tried to"])
def test_a_full_gpu_of_vllm_is_not_mended_by_options_that_it_lacks(
    tmp_path: Path, line: str
) -> None:
    job = make_job(tmp_path / "job", engine="vllm")
    told = explain(Facts(), [f"RuntimeError: {line}"], EXITED, job.spec)
    assert told.cause == "GPU memory"
    assert "tensor_parallel_size" in told.fix
    assert "n_gpu_layers" not in told.fix
