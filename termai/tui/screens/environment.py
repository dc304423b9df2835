"""The Environment mode: what this machine has, what it lacks, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import OptionList, Static

from termai.text import one_line
from termai.tui import formats, icons, work
from termai.tui.background import program
from termai.tui.screens.base import ModeScreen
from termai.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from termai.environment import Finding
    from termai.hardware import Gpu, Snapshot


class EnvironmentScreen(ModeScreen):
    """Shows the machine and the findings of the checks, each with its fix."""

    MODE = "environment"
    HELP = """
The machine as it is now, and what termai looked for on it. Each finding has a verdict: ok, a
warning (something works less well, or is only sometimes needed) or a problem (something that
termai is for does not work). What needs doing stands below it; y copies that line.
"""
    DEFAULT_CSS = """
    EnvironmentScreen #machine { height: auto; padding: 0 1 1 1; }
    EnvironmentScreen #title { height: 1; padding: 0 1; background: $panel; }
    EnvironmentScreen #list { height: 1fr; }
    EnvironmentScreen #details { height: auto; padding: 0 1; color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "check", "Check again", id="env.check", tooltip="Run the checks again."),
        Binding("y", "copy_fix", "Copy fix", id="env.copy", tooltip="Copy what is to be done."),
    ]

    findings = query_one("#list", RowList)

    @dataclass
    class Checked(Message):
        """The checks were run."""

        findings: tuple[Finding, ...]

    def compose_body(self) -> ComposeResult:
        """Yield the machine, the sum of the findings, and the findings."""
        yield Static(id="machine", markup=False)
        yield Static("CHECKS  looking …", id="title", markup=False)
        yield RowList(id="list")
        yield Static(id="details", markup=False)

    def on_mount(self) -> None:
        self._by_name: dict[str, Finding] = {}
        self.watch(program(self), "machine", self._show_machine)
        self.findings.focus()
        self.action_check()

    def _show_machine(self, machine: Snapshot | None) -> None:
        if machine is not None:
            text = Content("\n").join(Content(line) for line in _machine_lines(machine))
            self.query_one("#machine", Static).update(text)

    def on_environment_screen_checked(self, message: Checked) -> None:
        """Take over what was found, problems first."""
        order = ["problem", "warning", "ok", "not needed"]
        ranked = sorted(message.findings, key=lambda f: order.index(f.verdict))
        self._by_name = {finding.name: finding for finding in ranked}
        counts = Counter(str(finding.verdict) for finding in ranked)
        title = Content.assemble(("CHECKS  ", "bold"), *_counted(counts))
        self.query_one("#title", Static).update(title)
        self.findings.show([(name, partial(_row, f)) for name, f in self._by_name.items()])
        self._show_details()
        self.refresh_bindings()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the highlighted finding whole."""
        event.stop()
        self._show_details()
        self.refresh_bindings()

    def _show_details(self) -> None:
        finding = self._by_name.get(self.findings.selected)
        self.query_one("#details", Static).update(_details(finding) if finding else "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out copying where there is nothing to be done."""
        if action == "copy_fix":
            finding = self._by_name.get(self.findings.selected)
            return True if finding is not None and finding.fix else None
        return True

    def action_check(self) -> None:
        """Run the checks again."""
        self.background(work.checks, self.Checked, group="checks", exclusive=True)

    def action_copy_fix(self) -> None:
        """Copy what is to be done about the selected finding."""
        finding = self._by_name.get(self.findings.selected)
        if finding is not None and finding.fix:
            self.app.copy_to_clipboard(finding.fix)
            self.notify(f"Copied {one_line(finding.fix)}", markup=False)


def _row(finding: Finding, width: int) -> Content:
    verdict = str(finding.verdict)
    style = icons.STYLES[verdict]
    head = Content.assemble(
        (f"{icons.sign(verdict)} {verdict:<8}", style),
        (f"{finding.name:<13} ", "bold"),
        f"{one_line(finding.version, 14):<14} " if finding.version else "",
    )
    room = max(20, width - head.cell_length)
    lines = [head + Content(one_line(finding.sentence, room))]
    if finding.fix:
        lines.append(Content.assemble((f"{'':10}fix: ", style), one_line(finding.fix, width - 15)))
    return Content("\n").join(lines)


def _details(finding: Finding) -> Content:
    """Return what a row may have cut, for as many lines as it takes."""
    lines = [finding.sentence, f"fix: {finding.fix}" if finding.fix else "", finding.path]
    return Content("\n").join(Content(one_line(line)) for line in lines if line)


def _counted(counts: Counter[str]) -> Iterator[tuple[str, str]]:
    for verdict, word in (("problem", "problem"), ("warning", "warning"), ("ok", "ok")):
        count = counts[verdict]
        plural = "s" if count != 1 and verdict != "ok" else ""
        style = icons.STYLES[verdict] if count else "$muted"
        yield f"{icons.sign(verdict)} {count} {word}{plural}   ", style


def _machine_lines(machine: Snapshot) -> Iterator[str]:
    yield from map(_gpu_line, machine.gpus)
    if not machine.gpus:
        yield "GPU   none that the NVIDIA driver knows of"
    if machine.cpu_percent is not None:
        yield f"CPU   {formats.bar(machine.cpu_percent / 100, 20)} {machine.cpu_percent:3.0f}%"
    if machine.ram_used is not None and machine.ram_total:
        part = machine.ram_used / machine.ram_total
        amount = formats.pair(machine.ram_used, machine.ram_total)
        yield f"RAM   {formats.bar(part, 20)} {part:4.0%}  {amount}"


def _gpu_line(gpu: Gpu) -> str:
    line = f"GPU {gpu.index} "
    if gpu.memory_used is not None and gpu.memory_total:
        part = gpu.memory_used / gpu.memory_total
        amount = formats.pair(gpu.memory_used, gpu.memory_total)
        line += f"{formats.bar(part, 20)} {part:4.0%}  {amount}  "
    load = "" if gpu.utilization is None else f"busy {gpu.utilization}%  "
    heat = "" if gpu.temperature is None else f"{gpu.temperature}C  "
    return f"{line}{load}{heat}{one_line(gpu.name, 40)}"
