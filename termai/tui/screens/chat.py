"""The Chat mode: its keys, and what they do."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from termai.chat.messages import Role
from termai.errors import UsageError
from termai.files import write_atomic
from termai.text import one_line
from termai.tui import formats
from termai.tui.background import program
from termai.tui.screens.chat_core import ChatCore
from termai.tui.screens.chat_replies import Running
from termai.tui.screens.dialogs import Choice, Confirm, Pick
from termai.tui.status import ALIVE
from termai.tui.widgets.chat_dialogs import AskLine
from termai.tui.widgets.chat_list import ConversationList, ConversationOptions
from termai.tui.widgets.chat_prompt import Prompt

_TITLE_CELLS = 40


def _binding(key: str, action: str, label: str, tooltip: str, *, show: bool = True) -> Binding:
    name = action.partition("(")[0]
    return Binding(key, action, label, id=f"chat.{name}", tooltip=tooltip, show=show, priority=True)


class ChatScreen(ChatCore):
    """Conversations with a server, kept while they are being said."""

    HELP = (
        "Chat: talk to a server. Every word is kept as it comes, also when the program is killed. "
        "Shift+Tab goes to the messages, where k and j choose one; copy, save and thoughts then "
        "mean that one. Page Up and Page Down scroll."
    )
    DEFAULT_CSS = "ChatScreen { layout: vertical; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        _binding("escape", "stop", "Stop", "Stop the answer; what came is kept"),
        Binding("escape", "leave", "Back", id="chat.leave", show=False, tooltip="Back to writing"),
        _binding("ctrl+r", "retry", "Retry", "Answer the last message again"),
        _binding("ctrl+y", "copy", "Copy", "Copy the reply, or the chosen message (OSC 52)"),
        _binding("ctrl+o", "thought", "Think", "Open or fold the thoughts"),
        _binding("ctrl+n", "new", "New", "Begin a new conversation"),
        _binding("ctrl+l", "list", "List", "Show the conversations"),
        _binding("ctrl+g", "server", "Server", "Choose the server to talk to"),
        _binding("ctrl+s", "save", "Save", "Save the reply to a file", show=False),
        _binding("ctrl+t", "title", "Title", "Rename the conversation", show=False),
        _binding("f9", "delete", "Delete", "Delete the conversation", show=False),
        _binding("f7", "undelete", "Undelete", "Bring back what was deleted", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._deleted: list[int] = []

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only the keys that have something to act on where one is."""
        busy = self.replies.of(self.book.id) is not None
        listing = isinstance(self.focused, ConversationOptions)
        reading = bool(self.book.messages) and not listing
        offered = {
            "stop": busy and not listing,
            "retry": reading and not busy,
            "copy": reading,
            "save": reading,
            "thought": reading and self._has_thoughts(),
            "server": not listing,
            "title": self.book.id is not None,
            "delete": self.book.id is not None,
            "undelete": bool(self._deleted),
        }
        return offered.get(action, True)

    def _has_thoughts(self) -> bool:
        return any(entry.shown.reasoning for entry in self.transcript.entries)

    # Writing and moving

    def on_prompt_sent(self, event: Prompt.Sent) -> None:
        """Ask."""
        self.transcript.clear_choice()
        self.do(self.send(event.text))

    def on_prompt_paged(self, event: Prompt.Paged) -> None:
        """Scroll the conversation from the input."""
        if event.step < 0:
            self.transcript.action_page_up()
        else:
            self.transcript.action_page_down()

    def action_stop(self) -> None:
        """Stop the answer that is arriving."""
        if running := self.replies.of(self.book.id):
            running.stop()

    def action_leave(self) -> None:
        """Take back what waits for a server, forget the choice, and go back to the input."""
        self.forget_pending()
        self.transcript.clear_choice()
        self.remove_class("-listed")
        self.prompt.focus()

    def action_retry(self) -> None:
        """Answer the last message again."""
        self.do(self.retry())

    # Messages

    def action_thought(self) -> None:
        """Open or fold the thoughts of the chosen message, else of the newest that has some."""
        views = self.transcript.views
        chosen = [view for view in views if view.key == self.transcript.chosen]
        for view in chosen or reversed(views):
            if view.toggle_thought():
                return

    def action_copy(self) -> None:
        """Copy the selected text, else the chosen message or the last reply as it was written."""
        text = self.get_selected_text() or self._meant()
        self.app.copy_to_clipboard(text.encode("utf-8", "replace").decode())
        self.notify(
            f"Copied {len(text)} characters, if this terminal allows it. ^s saves to a file.",
            markup=False,
        )

    def action_save(self) -> None:
        """Ask for a file and write the chosen message or the last reply to it."""
        text = self._meant()
        words = "".join(c if c.isalnum() else "-" for c in self.book.title.lower())
        path = Path.home() / f"{words[:_TITLE_CELLS].strip('-') or 'reply'}.md"

        def save(answer: str | None) -> None:
            if answer:
                self.background(lambda: _write(Path(answer).expanduser(), text), group="chat-save")

        self.app.push_screen(AskLine("Save this message to", str(path)), save)

    def _meant(self) -> str:
        """Return the raw text of the chosen message, else of the last reply."""
        chosen = self.transcript.chosen
        running = self.replies.of(self.book.id)
        if running is not None and chosen in (None, running.key):
            return _text(running)
        messages = [m for m in self.book.messages if m.id == chosen] or [
            m for m in self.book.messages if m.role is Role.ASSISTANT
        ]
        last = (messages or self.book.messages)[-1:]
        return last[0].content if last else ""

    # Conversations

    def action_new(self) -> None:
        """Begin a new conversation; the one that is open stays as it is."""
        self.do(self._open_and_write(None))

    def action_list(self) -> None:
        """Go to the conversations, and from there back."""
        rows = self.query_one(ConversationOptions)
        if rows.has_focus:
            self.action_leave()
            return
        self.add_class("-listed")
        self.query_one(ConversationList).focus_rows()

    def on_conversation_list_opened(self, event: ConversationList.Opened) -> None:
        """Open a conversation."""
        self.do(self._open_and_write(event.key))

    def on_conversation_list_searched(self, event: ConversationList.Searched) -> None:
        """Show what the search finds."""
        self.search = event.text
        self.run_worker(self.list_again(), group="chat-search", exclusive=True, exit_on_error=False)

    def on_conversation_options_wanted(self, event: ConversationOptions.Wanted) -> None:
        """Do what the list asks for."""
        if event.what == "delete" and event.key is not None:
            self._ask_to_delete(event.key, event.title)
        elif event.what == "undo":
            self.action_undelete()

    def action_title(self) -> None:
        """Ask for another title."""

        def rename(title: str | None) -> None:
            if title:
                self.do(self._rename(title))

        self.app.push_screen(AskLine("Title of this conversation", self.book.title), rename)

    def action_delete(self) -> None:
        """Delete the open conversation after a question."""
        if self.book.id is not None:
            self._ask_to_delete(self.book.id, self.book.title)

    def action_undelete(self) -> None:
        """Bring the conversation that was deleted last back."""
        if self._deleted:
            self.do(self._undelete(self._deleted.pop()))
            self.query_one(ConversationOptions).can_undo = bool(self._deleted)

    def _ask_to_delete(self, conversation: int, title: str) -> None:
        def delete(yes: bool | None) -> None:
            if yes:
                self.do(self._delete(conversation))

        text = f"“{one_line(title, _TITLE_CELLS)}” can be brought back with F7."
        self.app.push_screen(Confirm("Delete this conversation?", text), delete)

    async def _open_and_write(self, conversation: int | None) -> None:
        await self.open(conversation)
        self.action_leave()

    async def _rename(self, title: str) -> None:
        await self.book.rename(title)
        await self.list_again()

    async def _delete(self, conversation: int) -> None:
        if running := self.replies.of(conversation):
            running.stop()
        was_open, left = self.book.id == conversation, self.prompt.text
        await self.book.delete(conversation)
        self._deleted.append(conversation)
        self.query_one(ConversationOptions).can_undo = True
        await (self.show_book(left) if was_open else self.list_again())
        self.notify("Deleted. F7 brings it back.", markup=False)

    async def _undelete(self, conversation: int) -> None:
        left = await self.leave()
        await self.book.undelete(conversation)
        await self.show_book(left)

    # The server

    def action_server(self) -> None:
        """Choose among the servers that live; Enter on an empty input starts one."""
        app = program(self)
        alive = [server for server in app.servers if server.state in ALIVE]
        choices = [
            Choice(
                Content(
                    f"{one_line(s.name, 24):<24} {s.state:<8} :{s.port}  {_context(s.ctx_size)}"
                ),
                s.name,
            )
            for s in alive
        ]

        def choose(name: str | None) -> None:
            if name:
                app.chat_server = name

        empty = "No server is running. Enter in the chat starts one."
        current = self.server.name if self.server else ""
        self.app.push_screen(Pick("Talk to which server?", choices, empty, current), choose)


def _context(size: int | None) -> str:
    return f"ctx {formats.tokens(size)}" if size else ""


def _text(running: Running) -> str:
    return running.reply.content if running.reply else ""


def _write(path: Path, text: str) -> None:
    """Write a message to a new file. Raises UsageError when there is a file of that name."""
    if path.exists():
        raise UsageError(f"{path} is there already.", fix="Give another name.")
    write_atomic(path, text.encode("utf-8", "replace"))
