"""The exact answer of llama-fit-params: real runs, rows as it prints them, and every failure."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.engines import exact
from termai.engines.base import Detection
from termai.engines.exact import Row
from termai.gguf.header import read_header
from termai.gguf.memory import Estimate, LoadOptions, estimate
from termai.models.smoke import model_path
from tests.models.fit.headers import MIB, dense, write_dense
from tests.support import native_bin

OPTIONS = LoadOptions(ctx_size=4096)


def formula(options: LoadOptions) -> Estimate:
    return estimate(dense(), options)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an 8B model of its true size that takes no room on disk."""
    return write_dense(tmp_path_factory.mktemp("models") / "llama-8b.gguf")


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_asks_the_real_program(model: Path) -> None:
    told = exact.ask(native_bin(exact.PROGRAM), model, OPTIONS, formula)
    assert told
    ram = told.devices[0]
    assert ram.kv == 512 * MIB
    assert ram.weights == pytest.approx(formula(OPTIONS).weights, abs=2 * MIB)
    assert ram.output == formula(OPTIONS).output
    assert (told.n_layers, told.ctx_size) == (33, 4096)


def test_the_options_reach_it(model: Path) -> None:
    program = native_bin(exact.PROGRAM)
    options = replace(OPTIONS, ctx_size=8192, cache_type_k="q8_0", cache_type_v="q4_0")
    told = exact.ask(program, model, options, formula)
    assert told
    assert told.kv == 8192 * 32 * 1024 * (34 + 18) // 32
    wide = exact.ask(program, model, replace(OPTIONS, ubatch_size=2048), formula)
    plain = exact.ask(program, model, OPTIONS, formula)
    assert wide
    assert plain
    assert wide.compute > 3 * plain.compute


def test_slots_that_share_a_cache_are_asked_about_as_one(model: Path) -> None:
    program = native_bin(exact.PROGRAM)
    shared = replace(OPTIONS, parallel=4, kv_unified=True)
    one, four = (exact.ask(program, model, o, formula) for o in (OPTIONS, shared))
    assert one
    assert four
    assert four.kv == one.kv
    assert four.output == formula(shared).output > one.output


def test_the_smoke_model() -> None:
    header = read_header(model_path())
    told = exact.ask(
        native_bin(exact.PROGRAM), model_path(), OPTIONS, lambda options: estimate(header, options)
    )
    assert told
    assert told.kv == 8 * MIB


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    assert exact.ask(native_bin(exact.PROGRAM), path, OPTIONS, formula) is None
    assert exact.ask(native_bin(exact.PROGRAM), tmp_path / "none.gguf", OPTIONS, formula) is None


def test_rows_of_gpus_come_before_the_host(tmp_path: Path) -> None:
    body = "echo CUDA0 3000 256 300; echo 'CUDA1 1000 128 200 '; echo Host 281 0 17"
    program = script(tmp_path / "fit", body)
    options = replace(OPTIONS, n_gpu_layers=33, tensor_split=(3.0, 1.0))
    told = exact.ask(program, tmp_path / "m.gguf", options, formula)
    assert told
    assert [(d.device, d.weights // MIB, d.kv // MIB, d.compute // MIB) for d in told.devices] == [
        ("CPU", 281, 0, 17),
        ("GPU0", 3000, 256, 300),
        ("GPU1", 1000, 128, 200),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "echo Host 281 0 17",  # of a program that sees no GPU, asked about one
        "echo CUDA0 1 2 3; echo CUDA1 1 2 3; echo Host 281 0 17",
        "echo CUDA0 1 2 3",
        "echo Host 281 0 17; exit 1",
        "kill -6 $$",
        "exit 0",
    ],
)
def test_an_answer_about_something_else_is_none(tmp_path: Path, body: str) -> None:
    program = script(tmp_path / "fit", body)
    options = replace(OPTIONS, n_gpu_layers=33)
    assert exact.ask(program, tmp_path / "m.gguf", options, formula) is None


def test_a_program_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "TIME_LIMIT_S", 0.1)
    program = script(tmp_path / "fit", "exec sleep 60")
    assert exact.ask(program, tmp_path / "m.gguf", OPTIONS, formula) is None


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "fit").write_text("no program")
    for program in (tmp_path / "none", tmp_path / "fit", tmp_path):
        assert exact.ask(program, tmp_path / "m.gguf", OPTIONS, formula) is None


def test_the_environment_does_not_change_the_question(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_ARG_CACHE_TYPE_K", "q8_0")
    told = exact.ask(native_bin(exact.PROGRAM), model, OPTIONS, formula)
    assert told
    assert told.kv == 512 * MIB


def test_what_is_not_the_default_is_said() -> None:
    options = LoadOptions(
        ctx_size=1,
        n_gpu_layers=7,
        flash_attn=False,
        n_cpu_moe=3,
        swa_full=True,
        no_kv_offload=True,
        tensor_split=(3.0, 1.5),
    )
    said = " ".join(exact.arguments(Path("m"), options))
    for part in (
        *("--ctx-size 1", "--n-gpu-layers 7", "--flash-attn off", "--n-cpu-moe 3", "--swa-full"),
        *("--no-kv-offload", "--tensor-split 3,1.5", "--no-repack", "--fit-print on"),
    ):
        assert part in said


def test_the_program_is_beside_the_engine(tmp_path: Path) -> None:
    server = script(tmp_path / "llama-server", "")
    engine = Detection("llama-server", server, "1")
    assert exact.program_beside(engine) is None
    beside = script(tmp_path / exact.PROGRAM, "")
    assert exact.program_beside(engine) == beside
    link = tmp_path / "elsewhere"
    link.mkdir()
    (link / "llama-server").symlink_to(server)
    assert exact.program_beside(replace(engine, program=link / "llama-server")) == beside
    beside.chmod(0o644)
    assert exact.program_beside(engine) is None


def test_rows_among_other_lines() -> None:
    output = "0.00.001 I llama_fit_params: printing\nNVIDIA GPU 0 1 2 3\n\nHost 4 5 6 \nx 1 2\n"
    assert exact.parse(output) == (Row("NVIDIA GPU 0", 1, 2, 3), Row("Host", 4, 5, 6))


@given(st.text())
def test_any_output_is_read(output: str) -> None:
    assert all(row.model >= 0 for row in exact.parse(output))
