"""The small texts of the program: numbers, rows, the top line, the tunnel."""

import time
from pathlib import Path

import pytest

from termai.hardware import Gpu, Snapshot
from termai.jobs.records import Exit, Job, JobSpec, JobState
from termai.jobs.states import JobStatus
from termai.servers.facts import Buffer, Facts, Stage, Timing
from termai.servers.records import Server, from_job
from termai.tui import formats, icons, server_rows, status

NOW = 1_795_000_000.0
STARTING = Facts()


def server(
    status_: JobStatus = JobStatus.RUNNING,
    facts: Facts = STARTING,
    *,
    name: str = "qwen3-8b",
    problem: str | None = None,
    left: Exit | None = None,
    **more: object,
) -> Server:
    meta = {
        "profile": name,
        "engine": "llama-server",
        "url": "http://127.0.0.1:8080",
        "host": "127.0.0.1",
        "port": 8080,
        "model": "/m/Qwen3-8B-Q4_K_M.gguf",
        "values": {"ctx_size": 16384},
        **more,
    }
    spec = JobSpec("id", "server", name, (), "/", {}, (), 10.0, 1 << 20, 0, NOW, meta)
    state = JobState(status_, started_at=NOW - 7300, ended_at=NOW - 60, exit=left)
    return from_job(Job(Path("/jobs/id"), spec, state), facts, problem)


READY = Facts(
    stage=Stage.READY,
    context=16384,
    total=29,
    offloaded=29,
    assigned=(("CUDA0", 29),),
    buffers=(Buffer("CUDA0", "model", 4455.3),),
    last=Timing(812, 2310.0, 214, 61.2),
)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0B"), (1023, "1K"), (436_000, "426K"), (4_920_000_000, "4.6G"), (40 << 30, "40G")],
)
def test_sizes(count: int, text: str) -> None:
    assert formats.size(count) == text


@pytest.mark.parametrize(
    ("count", "text"), [(512, "512"), (16384, "16k"), (1900, "1.9k"), (131072, "128k")]
)
def test_tokens(count: int, text: str) -> None:
    assert formats.tokens(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0s"), (59, "59s"), (60, "1m"), (7300, "2h"), (200_000, "2d")]
)
def test_durations(seconds: float, text: str) -> None:
    assert formats.duration(seconds) == text


def test_a_pair_has_the_unit_of_its_total() -> None:
    assert formats.pair(18_200 << 20, 24 << 30) == "17.8/24G"
    assert formats.pair(100 << 20, 512 << 20) == "100/512M"


@pytest.mark.parametrize("part", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_a_bar_has_its_width_whatever_the_part(part: float) -> None:
    assert len(formats.bar(part, 10)) == 10


def test_a_ready_server_fits_eighty_columns_with_everything() -> None:
    text = server_rows.row(server(facts=READY), 78, NOW).plain
    assert len(text) <= 78
    for fact in (
        "qwen3-8b",
        "ready",
        ":8080",
        "llama-server",
        "29/29 CUDA0",
        "16k",
        "61 t/s",
        "2h",
    ):
        assert fact in text


def test_a_loading_server_shows_how_far() -> None:
    facts = Facts(stage=Stage.LOADING, progress=0.68)
    text = server_rows.row(server(facts=facts), 78, NOW).plain
    assert "▓▓▓▓▓▓▓░░░  68%" in text
    assert "ctx 16k" in text
    assert len(text) <= 78


def test_a_failed_server_shows_its_problem_in_full_only_when_selected() -> None:
    problem = "Out of GPU memory: 2.1 GB short. " + "Lower n_gpu_layers to 24 and start again. " * 3
    failed = server(JobStatus.FAILED, problem=problem, left=Exit(None, "SIGKILL", "oom-killed"))
    full = server_rows.row(failed, 78, NOW).plain.splitlines()
    short = server_rows.row(failed, 78, NOW, full=False).plain.splitlines()
    assert "failed" in full[0]
    assert "SIGKILL" in full[0]
    assert len(full) == 4
    assert len(short) == 2
    assert short[1].endswith("…")
    assert max(map(len, full)) <= 78


def test_what_a_request_may_have_is_told_apart_from_the_whole_cache_of_vllm() -> None:
    facts = Facts(stage=Stage.READY, slot_context=8192, cache=134_952)
    text = server_rows.details(server(facts=facts), NOW).plain
    assert "8192 tokens" in text
    assert "134952 tokens for all requests" in text


def test_an_alarm_of_a_running_server_is_marked_as_one() -> None:
    text = server_rows.row(server(facts=READY, problem="No layer is on a GPU."), 78, NOW).plain
    assert "▲ No layer is on a GPU." in text


def test_details_name_memory_and_rates() -> None:
    text = server_rows.details(server(facts=READY), NOW).plain
    for fact in ("Qwen3-8B-Q4_K_M.gguf", "4,455.3 MiB on CUDA0", "812 tokens", "16384 tokens"):
        assert fact in text


def test_details_compare_the_memory_with_its_estimate() -> None:
    gpu = {"device": "GPU0", "weights": 4000 << 20, "kv": 0, "compute": 0, "output": 0}
    estimate = {"source": "formula", "devices": [gpu]}
    ready = server_rows.details(server(facts=READY, estimate=estimate), NOW).plain
    assert "estimate 4,000.0 MiB, it took 111.4% of that" in ready
    loading = server_rows.details(server(estimate=estimate), NOW).plain
    assert "estimate 4,000.0 MiB\n" in f"{loading}\n"


def test_names_of_servers_cannot_drive_the_terminal() -> None:
    text = server_rows.row(server(name="a\x1b[2J\nb"), 78, NOW).plain
    assert "\x1b" not in text
    assert "a b" in text


def test_signs_are_plain_letters_where_nothing_else_is_sure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "linux")
    assert [icons.sign(state) for state in ("ready", "failed", "warning")] == ["*", "X", "!"]
    keys = {"x", "s", "a"}  # which mean what to press
    assert not keys & {icons.sign(state) for state in icons.STYLES}
    assert all(icons.sign(state).isascii() for state in icons.STYLES)


def test_every_state_has_a_sign_of_its_own_in_words_too() -> None:
    assert set(icons.STYLES) == set(icons._SIGNS) == set(icons._PLAIN)


GPU = Gpu(0, "NVIDIA GeForce RTX 4090", 18_200 << 20, 24 << 30, 63, 71)


def test_the_top_line_names_the_gpu_when_there_is_room() -> None:
    known = status.facts(Snapshot((GPU,), 5.0, 1 << 30, 8 << 30), [server(facts=READY)])
    wide = [fact.text for fact in status.fitted(known, 60)]
    assert wide == ["RTX 4090", "17.8/24G", "63%", "71C", "●1"]
    assert [fact.text for fact in status.fitted(known, 12)] == ["17.8/24G", "●1"]
    assert status.fitted(known, 0) == ()


def test_several_gpus_are_summed_and_the_hottest_counts() -> None:
    hot = Gpu(1, "NVIDIA GeForce RTX 4090", 1 << 30, 24 << 30, 1, 90)
    texts = {f.text: f for f in status.facts(Snapshot((GPU, hot)), [])}
    assert "2x RTX 4090" in texts
    assert "18.8/48G" in texts
    assert "warning" in texts["90C"].style


def test_a_machine_without_gpu_shows_processor_and_memory() -> None:
    texts = [f.text for f in status.facts(Snapshot((), 12.0, 3 << 30, 16 << 30), [])]
    assert texts == ["CPU 12%", "RAM 3.0/16G", "○0"]


def test_nothing_known_is_not_an_error() -> None:
    assert [f.text for f in status.facts(None, [])] == ["○0"]
    assert status.facts(Snapshot((Gpu(0, "?"),)), [])[0].text == "?"


def test_speed_is_shown_while_replies_come() -> None:
    activity = status.Activity()
    activity.see([server(facts=READY._replace(requests=4))], NOW)
    assert activity.rate(NOW) == 0
    activity.see([server(facts=READY._replace(requests=5))], NOW + 1)
    assert activity.rate(NOW + 2) == pytest.approx(61.2)
    assert activity.rate(NOW + 2 + status.RECENT_S) == 0


def test_a_lost_gpu_is_the_last_to_be_left_out_of_the_top_line() -> None:
    gpus = (Gpu(0, "RTX 3090", 1 << 30, 24 << 30, 5, 28), Gpu(1, "RTX 3090", lost=True))
    told = status.facts(Snapshot(gpus=gpus), ())
    assert next(fact.text for fact in status.fitted(told, 12)) == "GPU lost"
    assert not [one for one in status.facts(Snapshot(gpus=gpus[:1]), ()) if "lost" in one.text]


def test_bars_are_plain_where_signs_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert formats.bar(0.5, 4) == "▓▓░░"
    monkeypatch.setenv("TERMAI_ASCII", "1")
    assert formats.bar(0.5, 4) == "##.."


def test_a_speed_goes_with_its_server() -> None:
    activity = status.Activity()
    activity.see([server(facts=READY._replace(requests=4))], NOW)
    activity.see([server(facts=READY._replace(requests=5))], NOW + 1)
    assert activity.rate(NOW + 2)
    activity.see([], NOW + 2)
    assert activity.rate(NOW + 2) == 0


def test_moments_of_another_day_have_a_date() -> None:
    now = time.time()
    assert len(formats.moment(now - 60, now)) == 5
    assert len(formats.moment(now - 200_000, now)) == 11


def test_names_that_differ_in_their_ends_differ_where_little_fits() -> None:
    names = ("termai-smoke-2", "termai-smoke-3")
    shown = [server_rows.row(server(name=name), 78, NOW).plain.split()[1] for name in names]
    assert shown == ["terma…moke-2", "terma…moke-3"]
