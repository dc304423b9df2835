"""The list of conversations, newest first, searched while typing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from termai.text import one_line
from termai.tui.widgets.chat_text import steady

TITLE_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation in the list; ``busy`` while a reply is arriving in it."""

    id: int
    title: str
    busy: bool = False


class ConversationOptions(OptionList):
    """The rows; its keys act on the highlighted conversation."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="chats.open", tooltip="Open the conversation"),
        Binding(
            "d,delete",
            "conversation('delete')",
            "Delete",
            id="chats.delete",
            key_display="d",
            tooltip="Delete the conversation after a question",
        ),
        Binding(
            "u,ctrl+z",
            "conversation('undo')",
            "Undo",
            id="chats.undo",
            key_display="u",
            tooltip="Bring the conversation that was deleted last back",
        ),
        Binding(
            "slash",
            "conversation('search')",
            "Search",
            id="chats.search",
            tooltip="Find conversations by the words in them",
        ),
    ]

    can_undo = False

    class Wanted(Message):
        """``what`` (delete, undo, search) is wanted, for conversation ``key`` if there is one."""

        def __init__(self, what: str, key: int | None, title: str) -> None:
            super().__init__()
            self.what = what
            self.key = key
            self.title = title

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer Undo when something was deleted."""
        return self.can_undo if parameters == ("undo",) else True

    def action_conversation(self, what: str) -> None:
        """Post what is wanted for the highlighted conversation."""
        option = self.highlighted_option
        key = int(option.id) if option is not None and option.id else None
        title = str(option.prompt).strip() if option is not None else ""
        self.post_message(self.Wanted(what, key, title))


class ConversationList(Vertical):
    """A search line over the conversations; posts Opened and Searched."""

    DEFAULT_CSS = """
    ConversationList {
        width: 26;
        border-right: solid $foreground 25%;
        & > #chats-title { color: $text-muted; padding: 0 1; height: 1; }
        & > Input { border: none; padding: 0 1; height: 1; background: $background; }
        & > Input:focus { border: none; background: $surface; }
        & > OptionList {
            border: none; padding: 0; height: 1fr; background: $background;
            scrollbar-size-vertical: 1; text-wrap: nowrap; text-overflow: ellipsis;
        }
    }
    """

    class Opened(Message):
        """A conversation was chosen."""

        def __init__(self, key: int) -> None:
            super().__init__()
            self.key = key

    class Searched(Message):
        """The search text changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def compose(self) -> ComposeResult:
        """Put the search line above the rows."""
        yield Static("CHATS", id="chats-title", markup=False)
        yield Input(placeholder="search", id="chats-search")
        yield ConversationOptions(id="chats-rows", markup=False, compact=True)

    def show(self, rows: Sequence[Row], current: int | None) -> None:
        """Show ``rows`` in their order with ``current`` highlighted."""
        options = self.query_one(ConversationOptions)
        options.set_options(Option(_line(row), id=str(row.id)) for row in rows)
        keys = [row.id for row in rows]
        options.highlighted = keys.index(current) if current in keys else (0 if rows else None)

    def focus_rows(self) -> None:
        """Give the rows the focus."""
        self.query_one(ConversationOptions).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the search on."""
        event.stop()
        self.post_message(self.Searched(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go from the search line to what it found."""
        event.stop()
        self.focus_rows()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the conversation."""
        event.stop()
        if event.option_id:
            self.post_message(self.Opened(int(event.option_id)))

    def on_conversation_options_wanted(self, event: ConversationOptions.Wanted) -> None:
        """Go to the search line; the rest is the screen's."""
        if event.what == "search":
            event.stop()
            self.query_one(Input).focus()


def _line(row: Row) -> Content:
    title = one_line(steady(row.title), TITLE_LIMIT) or "untitled"
    return Content(f"{'●' if row.busy else ' '} {title}")
