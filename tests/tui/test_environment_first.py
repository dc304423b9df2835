"""A first start: Environment leads with what works, how the shipped model fares, what is next."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from termai.doctor import proving
from termai.doctor.proving import Target
from termai.engines.base import Detection
from termai.environment import Finding, Verdict
from termai.errors import StartFailedError
from termai.jobs.states import JobStatus
from termai.servers.facts import Facts
from termai.servers.records import Server, ServerState, from_job
from termai.tui import app as app_module
from termai.tui import work
from termai.tui.messages import MachineSeen, ServersSeen, ServerStarted
from termai.tui.opening import FirstStart
from termai.tui.widgets import environment_first
from termai.tui.widgets.environment_first import steps
from tests.fakes import nvml
from tests.servers.samples import make_job
from tests.tui.support import opened, screen_text, toasts, until

ENGINE = Finding(
    "llama-server", Verdict.OK, "It can use CUDA0.", version="9212 (abc)", group="Engines"
)  # fmt: skip
READY, STARTING, FAILED, NONE = ("ready", ""), ("starting", ""), ("failed", "No disk."), ("", "")


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card())
    monkeypatch.setattr(work, "checks", lambda only=(): (ENGINE,))
    monkeypatch.setattr(work, "holders", lambda: ())


@pytest.fixture
def smoke(tmp_path: Path) -> Callable[..., Server]:
    """Make a server of the shipped model in a state."""

    def made(state: str = "ready", problem: str | None = None) -> Server:
        status = JobStatus.RUNNING if state in ("ready", "loading") else JobStatus.FAILED
        job = make_job(tmp_path / "job", status=status, profile="smoke")
        server = from_job(job, Facts())
        return server._replace(name="smoke", state=ServerState(state), problem=problem)

    return made


async def test_a_first_start_says_how_the_model_fares_and_enter_talks_to_it(
    monkeypatch: pytest.MonkeyPatch, smoke: Callable[..., Server]
) -> None:
    go_on, started = Event(), []

    def start(name: str) -> Server:
        started.append(name)
        go_on.wait(20)
        return smoke()

    monkeypatch.setattr(work, "start_profile", start)
    listed = (lambda: (smoke(),) if go_on.is_set() else ()), ServersSeen
    monkeypatch.setattr(app_module, "_READERS", (listed,))
    async with opened("environment", start="smoke") as (app, pilot):
        await until(pilot, lambda: "A tiny model is being started." in screen_text(app))
        await until(pilot, lambda: "Works now: llama-server 9212." in screen_text(app))
        go_on.set()
        app.wake.set()
        await until(pilot, lambda: "A tiny model is ready to talk." in screen_text(app))
        assert "Enter or s talks to it" in screen_text(app)
        assert toasts(app) == ""
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "chat")
        assert (started, app.chat_server) == (["smoke"], "smoke")


async def test_steps_do_not_flash_up_before_the_servers_are_known(
    monkeypatch: pytest.MonkeyPatch, smoke: Callable[..., Server]
) -> None:
    go_on = Event()

    def servers() -> tuple[Server, ...]:
        go_on.wait(20)
        return (smoke()._replace(name="mine"),)

    readers = ((work.machine, MachineSeen), (servers, ServersSeen))
    monkeypatch.setattr(app_module, "_READERS", readers)
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: app.machine is not None and "1 ok" in screen_text(app))
        assert "FIRST STEPS" not in screen_text(app)
        go_on.set()
        await until(pilot, lambda: app.servers)
        assert "FIRST STEPS" not in screen_text(app)


async def test_another_server_that_starts_is_told_of(smoke: Callable[..., Server]) -> None:
    async with opened("environment") as (app, pilot):
        app.first_start = FirstStart(asked=True)
        app.post_message(ServerStarted(smoke()))
        app.post_message(ServerStarted(smoke()._replace(name="mine")))
        await until(pilot, lambda: "mine starts." in toasts(app))
        assert "smoke starts." not in toasts(app)


async def test_a_model_that_cannot_be_started_is_told_with_the_reason_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[str] = []

    def start(name: str) -> Server:
        started.append(name)
        raise StartFailedError("No engine was found.", fix="Run `make run`.")

    monkeypatch.setattr(work, "start_profile", start)
    async with opened("environment", start="smoke") as (app, pilot):
        await until(pilot, lambda: "did not start: No engine was found. Run" in screen_text(app))
        assert "tries again" in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: app.current_mode == "chat")
        await until(pilot, lambda: started == ["smoke", "smoke"])


async def test_down_goes_to_the_findings_where_enter_is_theirs() -> None:
    async with opened("environment", start="") as (app, pilot):
        await until(pilot, lambda: "FIRST STEPS" in screen_text(app))
        assert "s starts the tiny model" in screen_text(app)
        assert app.focused is app.screen.query_one("#list")
        app.screen.query_one("#first").focus()
        await until(pilot, lambda: "Enter or s starts" in screen_text(app))
        await pilot.press("down")
        await until(pilot, lambda: app.focused is app.screen.query_one("#list"))
        assert "Enter or s" not in screen_text(app)


async def test_without_an_engine_the_steps_point_to_the_problems(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = replace(ENGINE, verdict=Verdict.PROBLEM, fix="Run `make run`.")
    monkeypatch.setattr(work, "checks", lambda only=(): (broken,))
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: "No engine works yet" in screen_text(app))
        assert "fix: Run `make run`." in screen_text(app)


@pytest.mark.parametrize("size", [(40, 12), (80, 12)])
async def test_in_few_lines_half_of_them_are_findings(size: tuple[int, int]) -> None:
    async with opened("environment", size=size, start="") as (app, pilot):
        await until(pilot, lambda: "s try it" in screen_text(app))
        await until(pilot, lambda: app.screen.query_one("#list").size.height >= size[1] / 2)
        assert app.screen.query_one("#first").size.height == 1


async def test_in_few_wide_lines_the_details_stand_beside_the_list() -> None:
    async with opened("environment", size=(120, 12), start="") as (app, pilot):
        await until(pilot, lambda: "s try it" in screen_text(app))
        side, rows = app.screen.query_one("#side"), app.screen.query_one("#list")
        await until(pilot, lambda: side.region.height == rows.region.height)
        assert side.region.x > rows.region.x


def test_the_steps_go_once_a_server_of_ones_own_was_started(smoke: Callable[..., Server]) -> None:
    assert environment_first.leads(())
    assert environment_first.leads((smoke(),))
    assert not environment_first.leads((smoke()._replace(name="mine"), smoke()))


def test_the_servers_of_a_proof_do_not_count(smoke: Callable[..., Server]) -> None:
    proved = proving._name(Target(Detection("llama-server", Path("/x"), "1"), "CPU"))
    assert environment_first.leads((smoke()._replace(name=proved), smoke()))


def test_how_the_model_fares(smoke: Callable[..., Server]) -> None:
    asked, trouble = FirstStart(asked=True), FirstStart(trouble="No disk.")
    assert environment_first.state((), FirstStart()) == NONE
    assert environment_first.state((), asked) == STARTING
    assert environment_first.state((), trouble) == FAILED
    assert environment_first.state((smoke(),), trouble) == READY
    assert environment_first.state((smoke("failed", "No disk."),), asked) == FAILED
    assert environment_first.state((smoke("stopped"),), asked) == NONE


def test_engines_are_told_in_one_order_and_only_with_a_version() -> None:
    python = replace(ENGINE, name="llama-cpp-python", version="0.3.36")
    build = replace(ENGINE, name="engine on CPU", version="")
    odd = replace(ENGINE, name="engine on CPU", version="1.0")
    shown = steps((build, odd, python, ENGINE), NONE, looking=False).plain
    assert "Works now: llama-server 9212, llama-cpp-python 0.3.36." in shown


@pytest.mark.parametrize("fares", [READY, STARTING, FAILED, NONE])
@pytest.mark.parametrize("engines", [(), (ENGINE,)])
@pytest.mark.parametrize("looking", [True, False])
def test_the_small_steps_fit_in_a_line(
    fares: tuple[str, str], engines: tuple[Finding, ...], looking: bool
) -> None:
    assert steps(engines, fares, looking=looking, small=True).cell_length <= 38
