"""Exporting a profile: what it looks like in each format and what is left out, before saving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from termai.errors import TermaiError
from termai.text import one_line, printable
from termai.tui import formats, profile_export_work
from termai.tui.background import Background, program
from termai.tui.columns import Cell, Column
from termai.tui.import_rows import left_lines
from termai.tui.profile_export_work import Target, Written
from termai.tui.screens.dialogs import ConfirmLoss
from termai.tui.screens.models_ask import LINE_LIMIT
from termai.tui.widgets.model_table import ModelTable
from termai.tui.widgets.model_text import TextPane

if TYPE_CHECKING:
    from termai.profiles.foreign.base import Exported
    from termai.profiles.profile import Profile

COLUMNS = (Column("As", 40, flexible=True),)
_LIST_KEYS = "Enter: where to   y copy   Escape goes back"
_PATH_KEYS = "Enter saves it there; DIRECTORY/ keeps the name   Escape goes back"
_WRITING = "Writing …"
_COPY = "Copy the text."


class ExportScreen(ModalScreen["Path | None"], Background):
    """Shows a profile in each format and saves it in one; returns where, None when it is left."""

    DEFAULT_CSS = """
    ExportScreen { align: center middle; }
    ExportScreen > Vertical {
        width: 100%; max-width: 110; height: 95%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ExportScreen ModelTable { height: auto; max-height: 45%; background: $surface; }
    ExportScreen #path { border: none; padding: 0; height: 1; display: none; }
    ExportScreen.-path #path { display: block; }
    ExportScreen #problem { height: auto; max-height: 4; color: $text-error; }
    ExportScreen TextPane {
        height: 1fr; background: $surface; border-top: solid $primary 40%;
    }
    ExportScreen Label { color: $muted; width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="export.back", tooltip="A step back."),
        Binding("y", "copy", "Copy", id="export.copy", tooltip=_COPY),
    ]

    table = query_one(ModelTable)
    pane = query_one(TextPane)
    path = query_one("#path", Input)

    @dataclass
    class Listed(Message):
        """What can be exported to."""

        targets: tuple[Target, ...]

    @dataclass
    class Shown(Message):
        """The profile in one format, or why it cannot be in it."""

        target: str
        written: Written | None
        problem: str = ""

    @dataclass
    class Saved(Message):
        """The export was saved, or what is wrong."""

        path: Path | None
        problem: str = ""

    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self._exporting = profile
        self._targets: dict[str, Target] = {}
        self._shown: dict[str, ExportScreen.Shown] = {}

    def compose(self) -> ComposeResult:
        """Yield the formats, the path, and the text with what it lacks."""
        with Vertical() as box:
            box.border_title = Content(f"Export {one_line(self._exporting.name, 50)}")
            yield ModelTable(COLUMNS, self._cells)
            yield Input(id="path", compact=True, max_length=LINE_LIMIT)
            yield Static(id="problem", markup=False)
            yield TextPane()
            yield Label(Content(_LIST_KEYS))

    def on_mount(self) -> None:
        self.path.cursor_blink = False  # a blink is a drawing, twice a second, also over SSH
        self.table.focus()
        self.background(profile_export_work.targets, self.Listed, group="targets")

    def on_export_screen_listed(self, message: Listed) -> None:
        """List what can be exported to."""
        self._targets = {target.name: target for target in message.targets}
        self.table.styles.height = len(self._targets) + 1
        self.table.show(list(self._targets))

    def _cells(self, name: str) -> Sequence[Cell]:
        return (Content.styled(one_line(self._targets[name].title), "bold"),)

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        """Show the profile in the chosen format."""
        event.stop()
        self._problem("")
        self._show()

    def _show(self) -> None:
        target = self.table.chosen
        if target in self._shown:
            self.pane.show(partial(_drawn, self._shown[target]), top=True)
        elif target:
            self.pane.show(partial(_plain, _WRITING), top=True)
            work = partial(self._write, target)
            self.background(work, _same, group="write", exclusive=True)

    def _write(self, target: str) -> Shown:
        try:
            return self.Shown(target, profile_export_work.write(self._exporting, target))
        except TermaiError as error:
            return self.Shown(target, None, str(error))

    def on_export_screen_shown(self, message: Shown) -> None:
        """Show a format that was chosen meanwhile."""
        self._shown[message.target] = message
        if message.target == self.table.chosen:
            self._show()

    @property
    def written(self) -> Written | None:
        """The profile in the chosen format, None while that is not known or cannot be."""
        shown = self._shown.get(self.table.chosen)
        return shown.written if shown else None

    def on_model_table_picked(self, event: ModelTable.Picked) -> None:
        """Ask where it is to be saved."""
        event.stop()
        if self.written is not None:
            self.path.value = formats.place(self.written.path)
            self._ask(asking=True)

    def _ask(self, *, asking: bool) -> None:
        self.set_class(asking, "-path")
        self._problem("")
        self.query_one(Label).update(Content(_LIST_KEYS))
        if asking:
            self._tell_place()
        self.set_focus(self.path if asking else self.table)
        self.refresh_bindings()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say in full where it would be saved: a long path does not fit the line."""
        event.stop()
        if self.has_class("-path"):
            self._tell_place()

    def _tell_place(self) -> None:
        text = self._typed()
        place = f"{one_line(formats.place(profile_export_work.place(text)))}\n" if text else ""
        self.query_one(Label).update(Content(f"{place}{_PATH_KEYS}"))

    def _typed(self) -> str:
        """Return the path that was typed, with the proposed name behind a directory."""
        text = self.path.value.strip()
        return f"{text}{self.written.path.name}" if self.written and text.endswith("/") else text

    def _problem(self, text: str) -> None:
        shown = self.query_one("#problem", Static)
        shown.update(Content(one_line(text)))
        shown.display = bool(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Save it, after asking where there is a file already."""
        event.stop()
        written, text = self.written, self._typed()
        if written is not None and text:
            self.flow(partial(self._save, written.exported, text), group="save", exclusive=True)

    async def _save(self, exported: Exported, text: str) -> None:
        threads = program(self).threads
        over = await threads.run(profile_export_work.exists, text)
        if over and not await self.app.push_screen_wait(_replacing(text)):
            return
        self.post_message(await threads.run(partial(self._saving, exported, text, over)))

    def _saving(self, exported: Exported, text: str, over: bool) -> Saved:
        try:
            return self.Saved(profile_export_work.save(exported, text, overwrite=over))
        except TermaiError as error:
            return self.Saved(None, str(error))

    def on_export_screen_saved(self, message: Saved) -> None:
        """Close, or say what is wrong with the path."""
        if message.path is None:
            self._problem(message.problem)
        else:
            self.notify(f"Exported to {formats.place(message.path)}", markup=False)
            self.dismiss(message.path)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer copying what is shown."""
        if action == "copy":
            return None if not self.is_mounted or self.written is None else True
        return True

    def action_copy(self) -> None:
        """Copy the text of the chosen format."""
        if self.written is not None:
            self.app.copy_to_clipboard(self.written.exported.text)
            self.notify("Copied the text.")

    def action_back(self) -> None:
        """Go back to the list, or leave."""
        if self.has_class("-path"):
            self._ask(asking=False)
        else:
            self.dismiss(None)


def _replacing(text: str) -> ConfirmLoss:
    return ConfirmLoss("Replace the file?", f"{one_line(text)}\nis there already.")


def _drawn(shown: ExportScreen.Shown, width: int, height: int) -> Content:
    """Return what is left out and noted, then the text."""
    if shown.written is None:
        return Content.styled(printable(shown.problem), "$text-error")
    exported = shown.written.exported
    lines = [Content(one_line(note)) for note in exported.notes]
    if exported.left:
        lines.append(Content.styled(f"Left out: {len(exported.left)}", "bold"))
        lines += [line for left in exported.left for line in left_lines(left)]
    if lines:
        lines.append(Content(""))
    return Content("\n").join([*lines, Content(printable(exported.text))])


def _plain(text: str, width: int, height: int) -> Content:
    return Content(text)


def _same(message: ExportScreen.Shown) -> ExportScreen.Shown:
    return message
