"""Help: what the mode is for and every key that works now."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static


class KeysScreen(ModalScreen[None]):
    """Shows the HELP of a screen and its active bindings with their tooltips."""

    DEFAULT_CSS = """
    KeysScreen { align: center middle; }
    KeysScreen VerticalScroll {
        width: 90%; max-width: 84; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f6,question_mark", "dismiss", "Close", id="keys.close"),
    ]

    def __init__(self, about: Screen[Any]) -> None:
        super().__init__()
        self._purpose = " ".join((about.HELP or "").split())
        self._keys = tuple(about.active_bindings.items())

    def compose(self) -> ComposeResult:
        """Yield the purpose, then one line per key."""
        with VerticalScroll() as scroll:
            scroll.border_title = "Help"
            scroll.border_subtitle = "Escape closes"
            yield Static(Content(f"{self._purpose}\n"))
            yield Static(Content("\n").join(self._lines()))

    def _lines(self) -> list[Content]:
        keys: dict[str, list[str]] = {}
        texts: dict[str, str] = {}
        for key, (_, binding, _, tooltip) in self._keys:
            if binding.id:
                keys.setdefault(binding.id, []).append(self._display(key))
                texts[binding.id] = f"{binding.description}. {tooltip}"
        width = max((len(", ".join(names)) for names in keys.values()), default=0)
        return [
            Content.assemble((f"{', '.join(names):<{width}}  ", "bold $accent"), texts[identity])
            for identity, names in keys.items()
        ]

    def _display(self, key: str) -> str:
        from textual.keys import format_key

        return format_key(key)
