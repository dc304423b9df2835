"""The messages of a conversation: the newest as widgets, the older ones when they are wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from termai.tui.widgets.chat_message import MessageView, Shown

PAGE = 30
"""Messages that are mounted at a time; at most three pages stay mounted at the end."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with the key it is known by."""

    key: int
    shown: Shown


class Transcript(VerticalScroll):
    """Show a conversation of any length with a bounded number of widgets, kept at its end.

    Scrolling to the top mounts the page before. One message can be chosen; what acts on a
    message (copy, retry, thoughts) then acts on that one.
    """

    DEFAULT_CSS = """
    Transcript { height: 1fr; scrollbar-size-vertical: 1; layers: floor default; }
    Transcript > #floor { layer: floor; width: 1; height: 100%; visibility: hidden; }
    Transcript > #hint { color: $text-muted; height: auto; padding: 1 2; display: none; }
    Transcript > #older { color: $text-muted; height: 1; text-align: center; display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "choose(-1)", "Previous", id="chat.previous", tooltip="The message before"),
        Binding("j", "choose(1)", "Next", id="chat.next", tooltip="The message after"),
    ]

    class Chosen(Message):
        """Another message, or none, is chosen."""

        def __init__(self, key: int | None) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._entries: list[Entry] = []
        self._first = 0
        self._loading = False
        self.chosen: int | None = None

    def compose(self) -> ComposeResult:
        """Start with the line that tells of older messages, over a floor as high as the room.

        The floor keeps a short conversation at the top: an anchored container with less content
        than room is scrolled to a negative offset.
        """
        yield Static(id="floor")
        yield Static(id="hint", markup=False)
        yield Static(id="older", markup=False)

    def set_hint(self, text: str) -> None:
        """Show ``text`` as long as there are no messages."""
        hint = self.query_one("#hint", Static)
        hint.update(text)
        hint.display = not self._entries

    @property
    def views(self) -> list[MessageView]:
        """The mounted messages, oldest first."""
        return list(self.query(MessageView))

    @property
    def entries(self) -> Sequence[Entry]:
        """Every message of the conversation, oldest first, mounted or not."""
        return self._entries

    def view(self, key: int) -> MessageView | None:
        """Return the mounted view of message ``key``."""
        return next((view for view in self.views if view.key == key), None)

    async def load(self, entries: Sequence[Entry]) -> None:
        """Show another conversation from its end."""
        self._entries = list(entries)
        self._first = max(0, len(entries) - PAGE)
        self._choose(None)
        with self.app.batch_update():
            await self.query(MessageView).remove()
            await self.mount_all(_views(self._entries[self._first :]))
            self._tell_older()
        self.to_end()

    async def append(self, entry: Entry) -> None:
        """Add a message at the end and go there."""
        self._entries.append(entry)
        self._tell_older()
        await self.mount_all(_views([entry]))
        await self._prune()
        self.to_end()

    def to_end(self) -> None:
        """Go to the end and stay there while the conversation grows."""
        self.anchor()
        self.scroll_end(animate=False)

    def update(self, key: int, shown: Shown, *, new_key: int | None = None) -> None:
        """Show message ``key`` differently, known as ``new_key`` from now on if that is given.

        Nothing happens when the message is not of this conversation.
        """
        known_as = key if new_key is None else new_key
        for index in range(len(self._entries) - 1, -1, -1):
            if self._entries[index].key == key:
                self._entries[index] = Entry(known_as, shown)
                break
        if view := self.view(key):
            view.key = known_as
            view.show(shown)
        if self.chosen == key:
            self.chosen = known_as

    async def cut(self, key: int) -> None:
        """Take message ``key`` and all after it away."""
        keys = [entry.key for entry in self._entries]
        if key not in keys:
            return
        gone = set(keys[keys.index(key) :])
        del self._entries[keys.index(key) :]
        self._first = min(self._first, len(self._entries))
        for view in self.views:
            if view.key in gone:
                await view.remove()
        self._choose(None)

    def action_choose(self, step: int) -> None:
        """Choose the message ``step`` before or after the chosen one; none after the last."""
        keys = [view.key for view in self.views]
        if not keys:
            return
        at = keys.index(self.chosen) if self.chosen in keys else len(keys)
        if at + step >= len(keys):
            self._choose(None)
            self.to_end()
            return
        self._choose(keys[max(0, at + step)])
        if at + step <= 0:
            self._want_older()

    def clear_choice(self) -> None:
        """Choose no message."""
        self._choose(None)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Mount the page before when the top is reached."""
        super().watch_scroll_y(old_value, new_value)
        if new_value <= 0 < old_value:
            self._want_older()

    def _choose(self, key: int | None) -> None:
        if key == self.chosen:
            return
        self.chosen = key
        for view in self.views:
            view.set_class(view.key == key, "-chosen")
            if view.key == key:
                view.scroll_visible(animate=False)
        self.post_message(self.Chosen(key))

    def _want_older(self) -> None:
        if self._first > 0 and not self._loading:
            self._loading = True
            self.run_worker(self._load_older(), group="chat-older")

    async def _load_older(self) -> None:
        first = max(0, self._first - PAGE)
        older = _views(self._entries[first : self._first])
        height = self.virtual_size.height
        self._first = first
        try:
            with self.app.batch_update():
                await self.mount_all(older, after="#older")
                self._tell_older()
        finally:
            self._loading = False
        self.call_after_refresh(self._stay, height)

    def _stay(self, height: int) -> None:
        """Keep what was at the top in place after ``height`` lines became more."""
        grown = self.virtual_size.height - height
        if grown > 0:
            self.scroll_to(y=self.scroll_y + grown, animate=False, immediate=True)

    async def _prune(self) -> None:
        surplus = len(self._entries) - self._first - 3 * PAGE
        if surplus > 0 and self.scroll_y >= self.max_scroll_y:
            gone = self.views[: surplus + PAGE]
            self._first += len(gone)
            with self.app.batch_update():
                for view in gone:
                    await view.remove()
                self._tell_older()

    def _tell_older(self) -> None:
        line = self.query_one("#older", Static)
        line.update(f"▲ {self._first} older messages")
        line.display = self._first > 0
        if self._entries:
            self.query_one("#hint", Static).display = False


def _views(entries: Sequence[Entry]) -> list[MessageView]:
    return [MessageView(entry.shown, key=entry.key) for entry in entries]
