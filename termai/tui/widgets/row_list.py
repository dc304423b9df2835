"""A list whose rows are drawn for its width and change in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.widgets import OptionList
from textual.widgets.option_list import Option

Row = tuple[str, Callable[[int], Content]]


class RowList(OptionList):
    """Keeps the highlighted row highlighted, by its identity, while rows come, change and go.

    A row is an identity and a function from the width in cells to what is shown.
    """

    DEFAULT_CSS = """
    RowList, RowList:focus {
        border: none; padding: 0; background: $background; scrollbar-size-horizontal: 0;
    }
    RowList > .option-list--option-highlighted,
    RowList:focus > .option-list--option-highlighted {
        background: $row-background; color: $foreground; text-style: none;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", id="list.down", show=False, tooltip="Next row."),
        Binding("k", "cursor_up", "Up", id="list.up", show=False, tooltip="Row before."),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self._rows: dict[str, Callable[[int], Content]] = {}
        self._shown: dict[str, Content] = {}
        self._wanted = ""

    @property
    def selected(self) -> str:
        """The identity of the highlighted row, empty when there is none."""
        option = self.highlighted_option
        return option.id or "" if option else ""

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows; those that are there already are redrawn only where they differ."""
        self._rows = dict(rows)
        if list(self._rows) == list(self._shown):
            self._redraw()
            return
        self._rebuild(self._wanted or self.selected)

    def select(self, identity: str) -> None:
        """Highlight a row, now or as soon as it is there."""
        self._wanted = identity
        if identity in self._shown:
            self.highlighted = list(self._shown).index(identity)
            self._wanted = ""

    def on_resize(self) -> None:
        self._redraw()

    def on_click(self, event: Click) -> None:
        """Highlight the row that was clicked on; only a second click does what Enter does."""
        event.prevent_default()
        row = event.style.meta.get("option")
        if row is not None and row == self.highlighted:
            self.action_select()
        elif row is not None:
            self.highlighted = row

    def _rebuild(self, select: str) -> None:
        before = self.highlighted
        self._shown = {identity: draw(self._room) for identity, draw in self._rows.items()}
        self.set_options([Option(shown, id=identity) for identity, shown in self._shown.items()])
        names = list(self._shown)
        if select in self._shown:
            self.highlighted = names.index(select)
            self._wanted = "" if select == self._wanted else self._wanted
        elif names:
            self.highlighted = min(before or 0, len(names) - 1)

    def _redraw(self) -> None:
        changed = False
        for identity, draw in self._rows.items():
            drawn = draw(self._room)
            if drawn != self._shown.get(identity):
                self._shown[identity] = drawn
                self.replace_option_prompt(identity, drawn)
                changed = True
        if changed:
            self.refresh(layout=True)

    @property
    def _room(self) -> int:
        """Cells between the padding that OptionList gives each row."""
        return max(20, self.size.width - 2)
