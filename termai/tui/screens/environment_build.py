"""Building llama-server: which interface, then how far the job is; it goes on without termai."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from termai.text import one_line
from termai.tui import formats, icons, work
from termai.tui.background import Background
from termai.tui.screens.dialogs import BOX, Choice, ConfirmLoss, Pick, Scrolling

if TYPE_CHECKING:
    from termai.engines.builds import Build
    from termai.tui.app import TermaiApp

LOOK_S = 1.0  # between two looks at the job
_AUTO = "auto"
_INTERFACES = (
    (_AUTO, "what suits this machine"),
    ("cuda", "GPUs of NVIDIA"),
    ("hip", "GPUs of AMD, with ROCm"),
    ("vulkan", "GPUs of AMD, Intel and NVIDIA"),
    ("none", "the processor only"),
)
_KEYS = "x stops it   Escape closes, and the build goes on"
_STATES = {"done": "ok", "failed": "failed", "stopped": "stopped"}


async def build(app: TermaiApp) -> bool:
    """Show the build that runs, else ask for which GPUs to build and start one; in a worker.

    Returns whether there was one to see.
    """
    found = await app.threads.run(work.running_build)
    if found is None:
        choices = [Choice(Content(f"{name:<8}{what}"), name) for name, what in _INTERFACES]
        gpu = await app.push_screen_wait(Pick("Build llama-server for", choices, ""))
        if not gpu:
            return False
        found = await app.threads.run(work.start_build, "" if gpu == _AUTO else gpu)
    await app.push_screen_wait(BuildScreen(found))
    return True


class BuildScreen(Scrolling, ModalScreen[None], Background):
    """Follows a build; the llama-server that is used stays until the new one has been proved."""

    DEFAULT_CSS = f"""
    BuildScreen {{ {BOX} }}
    BuildScreen > Vertical {{ width: 90%; max-width: 90; }}
    BuildScreen VerticalScroll {{ height: auto; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop", id="build.stop", tooltip="Stop the build, after asking."),
        Binding("escape,q,b", "dismiss", "Close", id="build.close", tooltip="It goes on."),
    ]

    @dataclass
    class Seen(Message):
        """The build was looked at."""

        build: Build

    def __init__(self, build: Build) -> None:
        super().__init__()
        self._build = build
        self._shown: list[Content] = []

    def compose(self) -> ComposeResult:
        """Yield how far it is and the keys."""
        with Vertical() as box:
            box.border_title = Content(f"llama-server for {one_line(self._build.gpu) or 'here'}")
            with VerticalScroll():
                yield Static(id="told", markup=False)
            yield Label(Content(_KEYS), classes="keys")

    def on_mount(self) -> None:
        self._clock = self.set_interval(LOOK_S, self._look)
        self._show(self._build)

    def _look(self) -> None:
        self._ask(partial(work.refreshed_build, self._build))

    def _ask(self, asked: Callable[[], Build]) -> None:
        self.background(asked, self.Seen, group="build", exclusive=True)

    def on_build_screen_seen(self, message: Seen) -> None:
        """Show how far it is."""
        self._show(message.build)

    def _show(self, build: Build) -> None:
        self._build = build
        lines = list(told(build))
        if lines != self._shown:
            self._shown = lines
            self.query_one("#told", Static).update(Content("\n").join(lines))
        if build.phase.over:
            self._clock.stop()
            self.query_one(Label).update(Content("Escape closes"))
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer stopping while there is something to stop."""
        return not self._build.phase.over if action == "stop" else True

    def action_stop(self) -> None:
        """Stop the build, after asking."""
        text = "What was compiled so far is lost. The llama-server that is used stays."
        self.app.push_screen(ConfirmLoss("Stop the build?", text), self._stop)

    def _stop(self, yes: bool | None) -> None:
        if yes:
            self._ask(partial(work.stopped_build, self._build))


def told(build: Build) -> Iterator[Content]:
    """Yield the lines that say how far a build is, or how it ended."""
    phase = str(build.phase)
    state = _STATES.get(phase, "loading")
    took = formats.duration(build.seconds)
    yield Content.assemble((f"{icons.sign(state)} {phase}", icons.STYLES[state]), f"  after {took}")
    if build.percent is not None:
        yield Content(f"{formats.bar(build.percent / 100, 20)} {build.percent:3}%")
    if build.doing:
        yield Content(one_line(build.doing))
    if build.problem:
        yield Content(one_line(build.problem))
        yield Content(f"fix: {one_line(build.fix)}" if build.fix else "")
        yield from (Content.styled(one_line(line, 200), "$muted") for line in build.detail[-8:])
    elif build.result is not None:
        yield Content(f"It answers rightly, and is used from now on: {_program(build)}")


def _program(build: Build) -> str:
    return one_line(str((build.result or {}).get("program", "")))
