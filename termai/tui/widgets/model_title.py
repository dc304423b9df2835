"""The title of Models: its two tabs, what the list shows, and the memory that is free."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from termai.tui import formats
from termai.tui.background import program
from termai.tui.widgets.mode_bar import HERE

if TYPE_CHECKING:
    from termai.hardware import Snapshot


class Tab(NamedTuple):
    """A tab: its name, and the word that is shown for it."""

    name: str
    title: str


TABS = (Tab("library", "Library"), Tab("hub", "Hub"))


class ModelTitle(Widget):
    """One line; the chosen tab stands in brackets, so that it shows without colours too.

    tab: the name of the chosen tab. counts: what stands after a tab's title. note: how the list
    is sorted or filtered. free: free memory of the machine, in words.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "ModelTitle { height: 1; padding: 0 1; background: $panel; }"

    tab: reactive[str] = reactive("library")
    counts: reactive[dict[str, str]] = reactive(dict)
    note: reactive[str] = reactive("")
    free: reactive[str] = reactive("")

    class Asked(Message):
        """A tab was clicked on."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def on_mount(self) -> None:
        self.watch(program(self), "machine", self._look)

    def _look(self) -> None:
        self.free = free_memory(program(self).machine)

    def count(self, tab: str, text: str) -> None:
        """Say what stands after a tab's title."""
        self.counts = {**self.counts, tab: text}

    def render(self) -> Content:
        """Return the line; the note gives way first, then the free memory."""
        tabs = Content("").join(self._tab(tab) for tab in TABS)
        room = self.size.width - tabs.cell_length
        free = self.free if len(self.free) < room else ""
        note = self.note if len(self.note) + len(free) + 3 < room else ""
        gap = max(1, room - len(note) - len(free) - 2)
        return Content.assemble(tabs, (f"  {note}", "$muted"), " " * gap, free)

    def _tab(self, tab: Tab) -> Content:
        here = tab.name == self.tab
        count = self.counts.get(tab.name, "")
        words = f"{tab.title} {count}".strip()
        shown = f"[{words}]" if here else f" {words} "
        return Content.assemble((shown, f"{HERE} bold" if here else ""), " ")

    def on_click(self, event: Click) -> None:
        """Ask for the tab that was clicked on."""
        end = self.styles.padding.left
        for tab in TABS:
            end += self._tab(tab).cell_length
            if event.x < end:
                self.post_message(self.Asked(tab.name))
                return


def free_memory(machine: Snapshot | None) -> str:
    """Return ``free 5.8G VRAM 41G RAM``, empty where the machine does not tell."""
    if machine is None:
        return ""
    known = [
        (gpu.memory_total - gpu.memory_used)
        for gpu in machine.gpus
        if gpu.memory_total and gpu.memory_used is not None
    ]
    words = [f"{formats.size(sum(known))} VRAM"] if known else []
    if machine.ram_total and machine.ram_used is not None:
        words.append(f"{formats.size(machine.ram_total - machine.ram_used)} RAM")
    return f"free {' '.join(words)}" if words else ""
