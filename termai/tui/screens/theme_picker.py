"""Choosing a theme: the highlighted one is applied at once."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.theme import Theme
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from termai.text import one_line
from termai.tui.background import Background, program
from termai.tui.messages import Failed


class ThemePicker(ModalScreen[None], Background):
    """Lists the themes; Enter keeps the highlighted one, Escape brings back the one before."""

    DEFAULT_CSS = """
    ThemePicker { align: right top; background: transparent; }
    ThemePicker Vertical {
        width: 37; height: auto; max-height: 90%; margin: 1 1 0 0;
        border: round $primary; background: $surface;
    }
    ThemePicker OptionList, ThemePicker OptionList:focus {
        height: auto; max-height: 100%; border: none; background: $surface;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "restore", "Back", id="theme.restore", tooltip="Keep the old theme."),
    ]

    class Found(Message):
        """The themes were read."""

        def __init__(self, themes: tuple[Theme, ...]) -> None:
            super().__init__()
            self.themes = themes

    def __init__(self, before: str) -> None:
        super().__init__()
        self._before = before

    def compose(self) -> ComposeResult:
        """Yield the list, filled when the themes are read."""
        with Vertical() as box:
            box.border_title = "Theme"
            box.border_subtitle = "Enter keeps  Escape: back"
            yield OptionList()

    def on_mount(self) -> None:
        self.background(self._read, self.Found, group="themes")

    def _read(self) -> tuple[Theme, ...]:
        from termai.tui import themes

        found = themes.load_all()
        problem = themes.unreadable(found.problems)
        if problem:
            self.post_message(Failed(problem.sentence, problem.fix))
        return tuple(found.themes.values())

    def on_theme_picker_found(self, message: Found) -> None:
        """Fill the list and highlight the theme in use."""
        names = [theme.name for theme in message.themes]
        for theme in message.themes:
            self.app.register_theme(theme)
        choices = self.query_one(OptionList)
        choices.add_options([Option(_line(theme), id=theme.name) for theme in message.themes])
        choices.highlighted = names.index(self._before) if self._before in names else 0
        choices.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the program in the highlighted theme."""
        if event.option_id:
            self.app.theme = event.option_id

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Keep the theme, in the settings too."""
        from termai import settings

        name = str(event.option_id)
        program(self).background(partial(settings.save, theme=name), group="settings")
        self.dismiss()

    def action_restore(self) -> None:
        """Bring back the theme there was before."""
        self.app.theme = self._before
        self.dismiss()


def _line(theme: Theme) -> Content:
    kind = "16 colours" if theme.ansi else "dark" if theme.dark else "light"
    return Content.assemble(f"{one_line(theme.name, 20):<21}", (kind, "$muted"))
