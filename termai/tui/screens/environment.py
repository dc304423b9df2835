"""The Environment mode: what this machine has, what it lacks, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import OptionList, Static

from termai.errors import TermaiError
from termai.text import printable
from termai.tui import (
    command_program,
    environment_actions,
    environment_machine,
    environment_rows,
    work,
)
from termai.tui.background import program
from termai.tui.messages import Failed
from termai.tui.screens.base import ModeScreen
from termai.tui.screens.dialogs import ConfirmLoss, Note
from termai.tui.widgets import environment_first
from termai.tui.widgets.environment_first import FirstSteps
from termai.tui.widgets.environment_live import LivePane
from termai.tui.widgets.model_text import TextPane
from termai.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.timer import Timer

    from termai.environment import Finding

DRAW_S = 0.1  # between two drawings while findings arrive
NARROW, SHORT = 60, 18  # cells and lines below which the first steps are one line
_FIX = "Run the command, after asking; its output is shown (Enter)."
_COPY = "Show and copy the command, or what is to be done."
_COPIED = "Else mark it here.  Escape closes"
_FIRST = "Talk to the tiny model that comes with termai, starting it if need be."
_PROVE = "Run the tiny model on every engine and device, and measure it."
_BUILD = "Build llama-server for this machine, or see how far a build is."
_MACHINE = "Every measure of the machine, and who holds the GPUs' memory."
_STOP = "Stop a server that holds GPU memory, after asking."
_RUNS = "It gets the terminal, and its output stays until you press Enter."


class EnvironmentScreen(ModeScreen):
    """Shows the machine and the findings of the checks, each with its fix."""

    MODE = "environment"
    HELP = """
The machine as it is now, and what termai looked for on it. Each finding has a verdict: a problem
(something that termai is for does not work), a warning (something works less well, or is only
sometimes needed), ok, or not needed. Problems and warnings stand first; of each group one row
says what is ok, and Enter opens it. What is to be done stands below the list or beside it: f runs
the command after asking, y copies it. p runs a tiny model on every engine and device: the
difference between installed and works.
"""
    DEFAULT_CSS = """
    EnvironmentScreen #machine { height: 2; padding: 0 1; }
    EnvironmentScreen #title { height: 1; padding: 0 1; background: $panel; }
    EnvironmentScreen #body { height: 1fr; }
    EnvironmentScreen #list { height: 1fr; width: 1fr; }
    EnvironmentScreen #side { height: 6; border-top: solid $primary 40%; }
    EnvironmentScreen #live { display: none; max-height: 65%; }
    EnvironmentScreen #details { height: 1fr; padding: 0 1; color: $muted; }
    EnvironmentScreen.-short #machine { display: none; }
    EnvironmentScreen.-short #side { height: 4; }
    EnvironmentScreen.-short.-first #side { height: 2; border-top: none; }
    EnvironmentScreen.-short.-first #details { background: $panel; }
    EnvironmentScreen.-wide #machine { display: none; }
    EnvironmentScreen.-wide #live { display: block; }
    EnvironmentScreen.-wide #details { border-top: solid $primary 40%; }
    EnvironmentScreen.-wide #body { layout: horizontal; }
    EnvironmentScreen.-wide #side, EnvironmentScreen.-wide.-short.-first #side {
        width: 40%; height: 100%; border-top: none; border-left: solid $primary 40%;
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT, "-tall")]  # noqa: RUF012 - Textual's type
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fix", "Fix", id="env.fix", tooltip=_FIX),
        Binding("y", "copy_fix", "Copy", id="env.copy", tooltip=_COPY),
        Binding("s", "start_first", "Talk", id="env.first", tooltip=_FIRST),
        Binding("p", "prove", "Prove", id="env.prove", tooltip=_PROVE),
        Binding("b", "build", "Build", id="env.build", tooltip=_BUILD),
        Binding("m", "machine", "Machine", id="env.machine", tooltip=_MACHINE),
        Binding("x", "stop", "Stop", id="env.stop", tooltip=_STOP),
        Binding("r", "check", "Recheck", id="env.check", tooltip="Run the checks again."),
    ]

    findings = query_one("#list", RowList)
    machine = query_one("#machine", TextPane)
    details = query_one("#details", TextPane)
    steps = query_one("#first", FirstSteps)

    @dataclass
    class Found(Message):
        """A check found something, in the round that ``number`` counts."""

        finding: Finding
        number: int

    @dataclass
    class Ended(Message):
        """A round has ended: of some groups, or of all; ``whole`` unless an error has ended it."""

        number: int
        only: tuple[str, ...]
        whole: bool = True

    def __init__(self) -> None:
        super().__init__()
        self._by_name: dict[str, Finding] = {}
        self._seen: set[str] = set()
        self._open: set[str] = set()
        self._round, self._looking = 0, False
        self._led, self._told, self._keys = "", "", (False, False)
        self._drawing: Timer | None = None
        self._first, self._holds = False, False
        self._steps = Content("")

    def compose_body(self) -> ComposeResult:
        """Yield the machine, the sum of the findings, the findings, and the chosen one."""
        yield FirstSteps(id="first", markup=False)
        yield TextPane(id="machine")
        yield Static("CHECKS  looking …", id="title", markup=False)
        with Container(id="body"):
            yield RowList(id="list")
            with Vertical(id="side"):
                yield LivePane(id="live")
                yield TextPane(id="details")

    def on_mount(self) -> None:
        self.machine.can_focus = False
        self.watch(program(self), "machine", self._show_machine)
        self.watch(program(self), "servers", self._show_first)
        self.watch(program(self), "servers_known", self._show_first)
        self.watch(program(self), "first_start", self._show_first)
        self.findings.focus()
        if program(self).opening.first:
            self._show_first()
        if program(self).opening.start_profile:
            self.steps.focus()
        self.action_check()

    def on_screen_resume(self) -> None:
        self._show_machine()
        self.query_one(LivePane).follow()

    def on_resize(self) -> None:
        self._show_title()
        self._show_first()

    def _show_machine(self) -> None:
        shot = program(self).machine
        if shot is None or not self.is_current:
            return
        width = max(20, self.size.width - 3)
        if self._holds != bool(shot.gpus):
            self._holds = bool(shot.gpus)
            self.refresh_bindings()
        lines = environment_machine.short(shot, work.history, width)
        self.machine.styles.height = len(lines)
        self.machine.show(lambda _, __: Content("\n").join(lines))
        self._show_first()

    def _show_first(self) -> None:
        """Lead with what works and the next step, for who has only the shipped model."""
        app = program(self)
        known = app.opening.first or (app.servers_known and bool(self._by_name))
        first = known and environment_first.leads(app.servers)
        if first != self._first:
            self._first = self.steps.display = first
            self.set_class(first, "-first")
            self.refresh_bindings()
            if not first and self.focused is self.steps:
                self.findings.focus()
        if first:
            self._draw_first()

    def _draw_first(self) -> None:
        app = program(self)
        shown = environment_first.steps(
            self._by_name.values(),
            environment_first.state(app.servers, app.first_start),
            looking=self._looking,
            focused=self.focused is self.steps,
            small=self.size.width < NARROW or self.size.height < SHORT,
        )
        if shown != self._steps:
            self._steps = shown
            self.steps.update(shown)

    def on_descendant_focus(self) -> None:
        self._show_first()

    def on_descendant_blur(self) -> None:
        self._show_first()

    def action_check(self) -> None:
        """Run the checks again."""
        self._check(())

    def _check(self, only: tuple[str, ...]) -> None:
        """Begin a round of all checks or those of some groups; of one that goes on, all again."""
        only = () if self._looking else only
        self._round, self._looking = self._round + 1, True
        self._seen = set()
        self._show_title()
        look = partial(self._look, self._round, only)
        self.background(look, _same, group="checks", exclusive=True)

    def _look(self, number: int, only: tuple[str, ...]) -> Ended:
        try:
            for finding in work.checks(only):
                if number != self._round:
                    break
                self.post_message(self.Found(finding, number))
        except Exception:
            self.post_message(self.Ended(number, only, whole=False))
            raise
        return self.Ended(number, only)

    def on_environment_screen_found(self, message: Found) -> None:
        """Take over a finding; it is drawn with those that come within the next moment."""
        if message.number != self._round:
            return
        self._by_name[message.finding.name] = message.finding
        self._seen.add(message.finding.name)
        if self._drawing is None:
            self._drawing = self.set_timer(DRAW_S, self._draw)

    def on_environment_screen_ended(self, message: Ended) -> None:
        """Forget what was not found again."""
        if message.number != self._round:
            return
        self._looking = False
        if message.whole:
            self._by_name = {
                name: finding
                for name, finding in self._by_name.items()
                if name in self._seen or (message.only and finding.group not in message.only)
            }
        self._draw()

    def _draw(self) -> None:
        if self._drawing is not None:
            self._drawing.stop()
            self._drawing = None
        rows = environment_rows.rows(self._by_name.values(), self._open)
        if rows and self.findings.selected == self._led:  # nobody has chosen another one yet
            self._led = rows[0][0] if self._looking else ""
            self.findings.select(rows[0][0])
        self.findings.show(rows)
        self._show_title()
        self._show_first()
        self._show_details()

    def _show_title(self) -> None:
        found = self._by_name.values()
        width = self.size.width - 2
        title = environment_rows.title(found, width, looking=self._looking)
        self.query_one("#title", Static).update(title)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the highlighted finding whole."""
        event.stop()
        self._show_details()

    def _show_details(self) -> None:
        finding, group = self._chosen, self._group
        content = Content("")
        if finding is not None:
            content = environment_rows.details(finding)
        elif group:
            members = environment_rows.in_group(self._by_name.values(), group)
            content = environment_rows.group_details(group, members)
        self.details.show(lambda _, __: content, top=self._told != self.findings.selected)
        self._told = self.findings.selected
        keys = (bool(finding and finding.command), bool(finding and finding.fix))
        if keys != self._keys:
            self._keys = keys
            self.refresh_bindings()

    @property
    def _chosen(self) -> Finding | None:
        return self._by_name.get(self.findings.selected)

    @property
    def _group(self) -> str:
        selected = self.findings.selected
        opens = selected.startswith(environment_rows.GROUP)
        return selected.removeprefix(environment_rows.GROUP) if opens else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what the chosen finding does not offer."""
        if action == "start_first":
            return self._first
        if action == "stop":
            return self._holds
        offered = {"fix": self._keys[0], "copy_fix": self._keys[1]}
        return (True if offered[action] else None) if action in offered else True

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open or fold a group, or run the command of a finding."""
        event.stop()
        if group := self._group:
            self._open ^= {group}
            self._draw()
        else:
            self.action_fix()

    def action_copy_fix(self) -> None:
        """Copy the command of the chosen finding, or what is to be done in words."""
        finding = self._chosen
        if finding is not None and finding.fix:
            text = finding.command or finding.fix
            self.app.copy_to_clipboard(text)
            self.app.push_screen(Note("Copied, if the terminal can", printable(text), _COPIED))

    def action_start_first(self) -> None:
        """Talk to the shipped model, starting it if need be."""
        environment_actions.start_first(program(self))

    def action_prove(self) -> None:
        """Run the smoke model on every engine and device."""
        from termai.tui.screens.environment_proof import ProofScreen

        self.app.push_screen(ProofScreen())

    def action_build(self) -> None:
        """Build llama-server, or show the build that runs."""
        self.flow(self._build, group="build")

    async def _build(self) -> None:
        from termai.tui.screens.environment_build import build

        if await build(program(self)):
            self._check(("Engines",))

    def action_machine(self) -> None:
        """Show the machine over the whole screen."""
        from termai.tui.screens.environment_live import LiveScreen

        self.app.push_screen(LiveScreen())

    def action_stop(self) -> None:
        """Stop a server that holds GPU memory, after asking."""
        self.flow(partial(environment_actions.free_memory, program(self)), group="stop")

    def action_fix(self) -> None:
        """Run the command of the chosen finding, after asking."""
        finding = self._chosen
        if finding is not None and finding.command:
            asked = ConfirmLoss("Run this?", f"{printable(finding.command)}\n\n{_RUNS}")
            self.app.push_screen(asked, partial(self._run_fix, finding))

    def _run_fix(self, finding: Finding, yes: bool | None) -> None:
        if not yes:
            return
        try:
            code = command_program.run_command(self.app, finding.command)
        except TermaiError as error:
            self.post_message(Failed.of(error))
            return
        if code > 0:
            self.post_message(Failed(f"{finding.name}: the command ended with code {code}."))
        self._check((finding.group,))


def _same(message: EnvironmentScreen.Ended) -> EnvironmentScreen.Ended:
    return message
