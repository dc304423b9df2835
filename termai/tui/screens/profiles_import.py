"""Importing profiles: a file of another program or a pasted command line, looked at before."""

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
from textual.widgets import ContentSwitcher, Label, Static

from termai.errors import TermaiError
from termai.text import one_line
from termai.tui import formats, import_rows, profile_import_work
from termai.tui.background import Background
from termai.tui.columns import Cell, Column
from termai.tui.profile_import_work import Completed, Saved
from termai.tui.screens.models_ask import AskChecked
from termai.tui.widgets.model_table import ModelTable
from termai.tui.widgets.model_text import TextPane
from termai.tui.widgets.profiles_source import SourceText

if TYPE_CHECKING:
    from termai.profiles.foreign.base import Imported
    from termai.profiles.profile import Profile  # noqa: F401 - in the type of the result

_ASK = (
    "Type the path of a file, or paste a llama-server command line as READMEs and shell histories "
    "have them. Nothing in it is run, and nothing is saved before you have seen it."
)
_ASK_KEYS = "Enter looks what is in it   Tab completes a path   Escape goes back"
_FOUND_KEYS = "Enter looks what is in it   Tab completes   ↓ found files   Escape goes back"
_FOUND = (Column("Found on this machine", 60, flexible=True),)
_REVIEW_KEYS = "Enter imports   Space chooses   m names   Tab scrolls   Escape goes back"
_READING = "Reading …"
_TAKE = "Save the chosen ones as profiles."
_TOGGLE = "Import this one, or do not."
_RENAME = "Give the profile another name."
SHORT_LINES = 16  # of the terminal, below which what is wrong takes the place of what to do
_SHOWN = 400  # characters of the names that a path may go on with


class ImportScreen(ModalScreen["tuple[Profile, ...]"], Background):
    """Asks what to import, shows what that gives, and saves it; returns what was saved.

    text: what stands there to be read at first.
    """

    DEFAULT_CSS = """
    ImportScreen { align: center middle; }
    ImportScreen > Vertical {
        width: 100%; max-width: 110; height: 95%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ImportScreen ContentSwitcher { height: 1fr; }
    ImportScreen #ask SourceText { margin: 1 0; }
    ImportScreen #about { height: auto; }
    ImportScreen #told { height: auto; max-height: 50%; color: $muted; }
    ImportScreen #told.-problem { color: $text-error; }
    ImportScreen #review { layout: vertical; }
    ImportScreen #found { height: 1fr; margin-top: 1; background: $surface; display: none; }
    ImportScreen #items { height: auto; max-height: 40%; background: $surface; }
    ImportScreen TextPane {
        height: 1fr; background: $surface; border-top: solid $primary 40%;
    }
    ImportScreen Label { color: $muted; width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="import.back", tooltip="A step back."),
        Binding("space", "choose", "Choose", id="import.toggle", tooltip=_TOGGLE),
        Binding("m", "rename", "Name", id="import.rename", tooltip=_RENAME),
        Binding("y,enter", "take", "Import", id="import.take", tooltip=_TAKE),
    ]

    switcher = query_one(ContentSwitcher)
    source = query_one(SourceText)
    table = query_one("#items", ModelTable)
    found = query_one("#found", ModelTable)
    pane = query_one(TextPane)

    @dataclass
    class Read(Message):
        """What the text gives, or why it gives nothing."""

        found: tuple[Imported, ...]
        problem: str = ""

    @dataclass
    class PathCompleted(Message):
        """A path was completed; asked: what it was."""

        asked: str
        completed: Completed

    @dataclass
    class Done(Message):
        """The chosen ones were saved."""

        saved: Saved

    @dataclass
    class Found(Message):
        """Files on this machine that can be imported."""

        paths: tuple[Path, ...]

    @dataclass
    class Formats(Message):
        """What can be imported."""

        titles: tuple[str, ...]

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = text
        self._found: dict[str, Imported] = {}
        self._names: dict[str, str] = {}
        self._chosen: set[str] = set()

    def compose(self) -> ComposeResult:
        """Yield the question, and what came of it."""
        with Vertical() as box:
            box.border_title = "Import"
            with ContentSwitcher(initial="ask"):
                with Vertical(id="ask"):
                    yield Static(_ASK, id="about", markup=False)
                    yield SourceText(self._text, placeholder="~/path/to/file.kcpps")
                    yield Static(id="told", markup=False)
                    yield ModelTable(_FOUND, self._found_cells, id="found")
                with Vertical(id="review"):
                    yield ModelTable(import_rows.COLUMNS, self._cells, id="items")
                    yield TextPane()
            yield Label(Content(_ASK_KEYS))

    def on_mount(self) -> None:
        self.set_focus(self.source)
        self.background(profile_import_work.formats, self.Formats, group="formats")
        self.background(profile_import_work.on_this_machine, self.Found, group="found")
        if self._text:
            self._read()

    def on_import_screen_formats(self, message: Formats) -> None:
        """Say what can be imported."""
        if not self.query_one("#told").has_class("-problem"):
            self._tell(f"Understood are: {', '.join(message.titles)}.")

    def on_import_screen_found(self, message: Found) -> None:
        """List the files that can be imported."""
        self.found.show([str(path) for path in message.paths])
        self.found.display = bool(message.paths)
        if message.paths and self.switcher.current == "ask":
            self.query_one(Label).update(Content(_FOUND_KEYS))

    def _found_cells(self, path: str) -> Sequence[Cell]:
        return (formats.place(Path(path)),)

    def on_source_text_left(self) -> None:
        """Go to the files that were found."""
        if self.found.display:
            self.set_focus(self.found)

    def on_source_text_taken(self) -> None:
        """Look what is in the text."""
        if self.source.text.strip():
            self._read()

    def _read(self) -> None:
        self._tell(_READING)
        self.source.done = self.source.text
        work = partial(self._reading, self.source.text)
        self.background(work, _same, group="read", exclusive=True)

    def _reading(self, text: str) -> Read:
        try:
            return self.Read(profile_import_work.read(text))
        except TermaiError as error:
            return self.Read((), str(error))

    def _tell(self, text: str, *, problem: bool = False) -> None:
        told = self.query_one("#told", Static)
        told.set_class(problem, "-problem")
        told.update(Content(one_line(text)))
        self.query_one("#about").display = not problem or self.size.height >= SHORT_LINES

    def on_import_screen_read(self, message: Read) -> None:
        """Show what came of it, or why nothing did."""
        if message.problem or not message.found:
            self._tell(message.problem or "There is no profile in it.", problem=True)
            return
        self._tell("")
        self._found = {str(number): found for number, found in enumerate(message.found)}
        self._names = {number: found.profile.name for number, found in self._found.items()}
        self._chosen = set(self._found)
        self.table.styles.height = len(self._found) + 1
        self.table.show(list(self._found))
        self.table.redraw()
        self._view("review")

    def _view(self, view: str) -> None:
        self.switcher.current = view
        asking = view == "ask"
        asked = _FOUND_KEYS if self.found.display else _ASK_KEYS
        self.query_one(Label).update(Content(asked if asking else _REVIEW_KEYS))
        self.set_focus(self.source if asking else self.table)
        self.refresh_bindings()

    def _cells(self, number: str) -> Sequence[Cell]:
        chosen = number in self._chosen
        return import_rows.cells(self._found[number], self._names[number], chosen=chosen)

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        """Show all about the chosen one."""
        event.stop()
        if event.table is self.table and (found := self._found.get(event.identity)) is not None:
            content = import_rows.details(found)
            self.pane.show(partial(_drawn, content), top=True)

    def on_source_text_completing(self) -> None:
        """Complete the path."""
        text = self.source.text
        work = partial(profile_import_work.complete, text)
        self.background(work, partial(self.PathCompleted, text), group="path", exclusive=True)

    def on_import_screen_path_completed(self, message: PathCompleted) -> None:
        """Take over what is sure, and say how it may go on."""
        if self.source.text == message.asked:
            self.source.set_text(message.completed.text)
            self._tell(one_line("  ".join(message.completed.names), _SHOWN))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what has to do with what was read while that is shown."""
        if action in {"choose", "rename", "take"}:
            return self.is_mounted and self.switcher.current == "review"
        return True

    def action_choose(self) -> None:
        """Choose a profile, or leave it out."""
        if self.table.chosen:
            self._chosen ^= {self.table.chosen}
            self.table.redraw()

    def action_rename(self) -> None:
        """Ask for another name."""
        number = self.table.chosen
        if number:
            others = [name for other, name in self._names.items() if other != number]
            take = partial(profile_import_work.check_name, taken=others)
            asked = AskChecked(
                "Name of the profile", "How it is listed.", take, value=self._names[number]
            )
            self.app.push_screen(asked, partial(self._rename, number))

    def _rename(self, number: str, name: str | None) -> None:
        if name:
            self._names[number] = name
            self.table.redraw()

    def on_model_table_picked(self, event: ModelTable.Picked) -> None:
        """Import what is chosen, or read the file that was found."""
        event.stop()
        if event.table is self.table:
            self.action_take()
        else:
            self.source.set_text(event.identity)
            self._read()

    def action_take(self) -> None:
        """Save the chosen ones."""
        chosen = [(self._found[n], self._names[n]) for n in self._found if n in self._chosen]
        if chosen:
            work = partial(profile_import_work.save, chosen)
            self.background(work, self.Done, group="save", exclusive=True)
        else:
            self.notify("Nothing is chosen: Space chooses.", severity="warning")

    def on_import_screen_done(self, message: Done) -> None:
        """Return what was saved; say what was not."""
        for problem in message.saved.problems:
            self.notify(one_line(problem), severity="error", timeout=12, markup=False)
        profiles = message.saved.profiles
        if profiles:
            names = ", ".join(one_line(profile.name, 40) for profile in profiles[:4])
            more = f" and {len(profiles) - 4} more" if len(profiles) > 4 else ""
            missing = message.saved.missing
            then = f"Before a start: {one_line(missing, 160)}" if missing else "s starts it."
            self.notify(f"Imported {names}{more}. {then}", markup=False)
            self.dismiss(profiles)

    def action_back(self) -> None:
        """Go back to the question, or leave it."""
        if self.found.has_focus:
            self.set_focus(self.source)
        elif self.switcher.current == "review":
            self._view("ask")
        else:
            self.dismiss(())


def _drawn(content: Content, width: int, height: int) -> Content:
    return content


def _same(message: ImportScreen.Read) -> ImportScreen.Read:
    return message
