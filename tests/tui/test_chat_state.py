"""What the chat says of a server, of a reply on its way, and of one that ended."""

from pathlib import Path

import pytest

from termai.chat.deltas import Progress
from termai.chat.endpoint import Endpoint
from termai.chat.generation import Update
from termai.chat.messages import Message, ReplyStats, Role, Status
from termai.chat.sampling import Sampling
from termai.cli.endpoints import question
from termai.jobs.records import Job, JobSpec, JobState
from termai.jobs.states import JobStatus
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile
from termai.servers.facts import Facts, Stage
from termai.servers.records import Server, from_job
from termai.tui.screens.chat_notice import hint, notice
from termai.tui.screens.chat_present import context_of, model_name, shown, stats_line, thought_line
from termai.tui.screens.chat_replies import Running
from termai.tui.screens.chat_target import Target, last_profile, pick, target
from termai.tui.widgets.chat_header import Context


def server(
    name: str = "qwen",
    status: JobStatus = JobStatus.RUNNING,
    stage: Stage = Stage.READY,
    *,
    progress: float | None = None,
    started_at: float = 1.0,
    problem: str | None = None,
    values: dict[str, object] | None = None,
) -> Server:
    meta = {
        "profile": f"{name}-profile",
        "engine": "llama-server",
        "url": "http://127.0.0.1:8080",
        "model": f"/models/{name}.gguf",
        "values": values or {},
    }
    spec = JobSpec(name, "server", name, (), "/", {}, (), 10.0, 0, 0, 0.0, meta)
    job = Job(Path("/nowhere"), spec, JobState(status, started_at=started_at))
    return from_job(job, Facts(stage=stage, progress=progress, slot_context=2048), problem)


LOADING = server("slow", stage=Stage.LOADING, progress=0.43)
READY = server("ready")
MEMORY = "out of memory: lower the context."
ENDED = server("dead", JobStatus.FAILED, problem=MEMORY, started_at=9)


def test_the_wanted_server_comes_first_and_a_ready_one_before_a_loading_one() -> None:
    servers = [LOADING, READY, ENDED]
    assert pick(servers, "slow") == LOADING
    assert pick(servers, "dead") == READY
    assert pick(servers, "") == READY
    assert pick([LOADING, ENDED], "") == LOADING
    assert pick([ENDED], "dead") is None


def test_the_profile_that_was_started_last_is_started_again() -> None:
    assert last_profile([READY, ENDED]) == "dead-profile"
    assert last_profile([]) == "smoke"


@pytest.mark.parametrize(
    ("servers", "wanted", "more", "says"),
    [
        ([READY], "", {}, ""),
        ([], "", {}, "No server is running. Enter starts smoke."),
        ([], "", {"starting": "smoke"}, "smoke starts."),
        ([LOADING], "", {}, "slow loads its model ▓▓▓▓░░░░░░ 43%."),
        (
            [LOADING],
            "",
            {"pending": True},
            "slow loads its model ▓▓▓▓░░░░░░ 43%. Your message is sent then; Escape takes it back.",
        ),
        (
            [ENDED],
            "dead",
            {},
            f"dead ended: {MEMORY} Enter starts dead-profile again; F4 has its log.",
        ),
        ([server(status=JobStatus.STOPPING)], "qwen", {}, "qwen is being stopped."),
    ],
)
def test_what_is_missing_is_said_with_the_key_that_helps(
    servers: list[Server], wanted: str, more: dict[str, bool], says: str
) -> None:
    assert notice(servers, wanted, **more) == says  # type: ignore[arg-type]


def test_an_empty_conversation_says_what_can_be_done() -> None:
    assert hint(None) == ""
    assert hint(LOADING) == ""
    assert hint(READY).startswith("ready is ready.")


def test_what_a_profile_says_of_the_chat_reaches_the_request() -> None:
    values: dict[str, object] = {
        "system_prompt": "Answer briefly.",
        "temperature": 0.2,
        "reasoning": "off",
        "alias": "short",
    }
    found = target(server(values=values))
    assert found.system_prompt == "Answer briefly."
    assert found.sampling == Sampling(temperature=0.2)
    assert found.thinking is False
    assert (found.endpoint.model, found.endpoint.ctx_size) == ("short", 2048)
    assert target(server()).endpoint.model == "qwen"
    assert target(server()).thinking is None


def test_a_profile_that_was_saved_since_is_talked_to_as_it_says_now() -> None:
    save_profile(Profile("qwen-profile").with_values(temperature=0.2, top_k=5))
    first = load_profile("qwen-profile")
    old: dict[str, object] = {"temperature": 0.2, "top_k": 9, "system_prompt": "Old."}
    started = server(values=old)
    meta = started.job.spec.meta | {"revision": first.revision, "overrides": ["top_k"]}
    known = started._replace(job=started.job._replace(spec=started.job.spec._replace(meta=meta)))
    assert target(known).sampling == Sampling(temperature=0.2, top_k=9)
    save_profile(first.with_values(temperature=0.7, top_k=1, system_prompt="New.", reasoning="on"))
    found = target(known)
    assert found.sampling == Sampling(temperature=0.7, top_k=9)
    assert (found.system_prompt, found.thinking) == ("New.", True)
    asked = question("hello", {}, known, None)
    assert (asked.sampling, asked.system) == (found.sampling, "New.")
    assert asked.thinking is True
    assert question("hello", {"temperature": 0.1}, known, "").sampling.temperature == 0.1


def test_the_key_is_read_from_the_profile_s_file(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("secret\n")
    key.chmod(0o600)
    found = target(server(values={"api_key_file": str(key)}))
    assert found.endpoint.api_key == "secret"
    assert "secret" not in repr(found)


def running() -> Running:
    return Running(-1, 1, Target("qwen", Endpoint("qwen", "http://x:1", model="q"), Sampling()))


def test_a_prompt_that_is_read_shows_how_far() -> None:
    reply = running()
    assert reply.shown().stats == "waiting 0 s"
    reply.waited(3.2, "Loading model")
    assert reply.shown().stats == "waiting 3 s for the server: Loading model"
    reply = running()
    reply.heard(Update(progress=Progress(512, 2048, 0, 1.0)))
    assert reply.shown().stats == "reading the prompt 25% of 2048 tok"
    assert reply.shown().live


def test_a_reply_that_thinks_says_for_how_long() -> None:
    reply = running()
    assert reply.shown().thought == ""
    reply.heard(Update(reasoning="well"))
    assert reply.shown().thought == "thinking for 0 s"


def message(
    status: Status, error: str = "", stats: ReplyStats | None = None, reasoning: str = ""
) -> Message:
    return Message(
        2, 1, 1, Role.ASSISTANT, "text", reasoning, status, 0.0, stats, "/m/q.gguf", error
    )


@pytest.mark.parametrize(
    ("status", "error", "note"),
    [
        (Status.COMPLETE, "", ""),
        (Status.STOPPED, "", "Cut short; what came is kept. ^r answers again."),
        (Status.FAILED, "It broke.", "It broke. ^r answers again."),
        (Status.FAILED, "", "The reply broke off. ^r answers again."),
        (Status.STREAMING, "", "Another termai is receiving this reply."),
    ],
)
def test_a_reply_that_is_not_whole_says_why(status: Status, error: str, note: str) -> None:
    view = shown(message(status, error))
    assert view.note == note
    assert view.who == "q"


def test_measurements_leave_out_what_nobody_knows() -> None:
    assert stats_line(None) == ""
    assert stats_line(ReplyStats(completion_tokens=3)) == "3 tok"
    full = ReplyStats(10, 214, 0.21, 61.2, 224, 16384)
    assert stats_line(full) == "0.21 s · 214 tok · 61 t/s"


def test_thoughts_are_told_by_time_and_tokens() -> None:
    assert thought_line(4.2, 120) == "thought for 4 s (120 tokens)"
    assert thought_line(0.5, None) == "thought for 0.5 s"
    assert thought_line(0.01, 3) == "thought (3 tokens)"
    assert shown(message(Status.COMPLETE)).thought == ""
    assert shown(message(Status.COMPLETE, reasoning="r")).thought == "thought"


def test_the_context_is_that_of_the_last_measured_reply() -> None:
    measured = message(Status.COMPLETE, stats=ReplyStats(context_used=100, ctx_size=None))
    assert context_of([measured, message(Status.STOPPED)], 2048) == Context(100, 2048)
    assert context_of([], 2048) == Context(None, 2048)


@pytest.mark.parametrize(
    ("name", "label"),
    [("/a/b/q8.gguf", "q8"), ("", "model"), ("org/name", "name"), ("a\x1b[2Jb", "ab")],
)
def test_a_model_is_called_by_its_last_name(name: str, label: str) -> None:
    assert model_name(name) == label
