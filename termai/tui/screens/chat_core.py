"""What the chat does without being asked: it shows, follows, keeps and waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static, TextArea

from termai.chat.async_store import AsyncChatStore
from termai.chat.messages import Message, Status
from termai.errors import TermaiError
from termai.tui import work
from termai.tui.background import program
from termai.tui.messages import Failed, ServerStarted
from termai.tui.screens.base import ModeScreen
from termai.tui.screens.chat_book import Book
from termai.tui.screens.chat_notice import hint, notice
from termai.tui.screens.chat_present import context_of, shown
from termai.tui.screens.chat_replies import Replies, ReplyEnded, ReplyStirred
from termai.tui.screens.chat_target import Target, last_profile, pick, target
from termai.tui.widgets.chat_header import ChatHeader, Context
from termai.tui.widgets.chat_list import ConversationList, Row
from termai.tui.widgets.chat_pace import Pace
from termai.tui.widgets.chat_prompt import Prompt
from termai.tui.widgets.chat_transcript import Entry, Transcript

if TYPE_CHECKING:
    from termai.servers.records import Server

DRAFT_AFTER_S = 0.5
STARTING_FOR_S = 20.0
_SEND, _RETRY = "send", "retry"


class ChatCore(ModeScreen):
    """The chat without its keys: the open conversation, its replies, and the server.

    What changes the conversation runs one after the other, in workers, so that typing never
    waits for the disk.
    """

    MODE = "chat"
    DEFAULT_CSS = """
    ChatCore {
        #chat-body { height: 1fr; }
        ToastRack { dock: top; margin-top: 2; }
        #chat-notice { height: auto; max-height: 6; padding: 0 1; color: $text-warning; }
        &.-narrow ConversationList { display: none; }
        &.-narrow.-listed ConversationList { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.store = AsyncChatStore()
        self.book = Book(self.store)
        self.replies = Replies(self, self.store)
        self.pace = Pace()
        self.search = ""
        self._turn = asyncio.Lock()
        self._starting = ("", 0.0)
        self._pending = ""
        self._targets: dict[str, Target] = {}
        self._draft = self._written = ""
        self._drafting: Timer | None = None
        self._drawing: Timer | None = None
        self._ready_server = ""

    def compose_body(self) -> ComposeResult:
        """Yield the list beside the conversation."""
        with Horizontal(id="chat-body"):
            yield ConversationList()
            with Vertical():
                yield ChatHeader()
                yield Transcript()
                yield Static(id="chat-notice", markup=False)
                yield Prompt(placeholder="Write here. Enter sends, ^j begins a new line.")

    def on_mount(self) -> None:
        """Open the last conversation and follow the servers."""
        self.query_one("#chat-notice").display = False
        self.prompt.focus()
        opening = program(self).opening
        if opening.start_profile and program(self).first_start.asked:
            self._starting = (opening.start_profile, time.monotonic())
        self.do(self._open_last())
        self.watch(self.app, "servers", self._servers_changed)
        self.watch(self.app, "chat_server", self._servers_changed, init=False)

    async def on_unmount(self) -> None:
        """Keep what is written and what came, then close the store."""
        with suppress(TermaiError):
            await self.book.save_draft(self._written)
        await self.replies.close()
        with suppress(TermaiError):
            await self.store.close()

    @property
    def prompt(self) -> Prompt:
        """The input."""
        return self.query_one(Prompt)

    @property
    def transcript(self) -> Transcript:
        """The messages."""
        return self.query_one(Transcript)

    @property
    def server(self) -> Server | None:
        """The server that a message goes to, or would go to once it is ready."""
        app = program(self)
        return pick(app.servers, app.chat_server)

    def do(self, change: Coroutine[Any, Any, None]) -> None:
        """Run ``change`` after those before it; a failure becomes a Failed message."""

        async def in_turn() -> None:
            async with self._turn:
                await change

        self.run_worker(in_turn(), group="chat", exit_on_error=False)

    # The conversation

    async def open(self, conversation: int | None) -> None:
        """Show another conversation, or a new one."""
        left = await self.leave()
        await self.book.open(conversation)
        await self.show_book(left)

    async def leave(self) -> str:
        """Keep what is written as the open conversation's draft, and return it."""
        left = self.prompt.text
        await self.book.save_draft(left)
        return left

    async def show_book(self, left: str) -> None:
        """Show the open conversation with its draft, from its end.

        ``left`` is what the input held when the conversation before it was left; what was typed
        since then is meant for this one.
        """
        running = self.replies.of(self.book.id)
        hidden = running.message_id if running else None
        entries = [Entry(m.id, shown(m)) for m in self.book.messages if m.id != hidden]
        if running is not None:
            entries.append(Entry(running.key, running.shown()))
        await self.transcript.load(entries)
        self._draft = await self.book.load_draft()
        self.prompt.set_text(self._draft + self.prompt.text.removeprefix(left))
        self.prompt.earlier = self.book.asked()
        await self.list_again()
        self._draw()

    async def list_again(self) -> None:
        """Show the conversations, newest first, or those that the search finds."""
        found = await self.book.find(self.search)
        rows = [Row(c.id, c.title, self.replies.of(c.id) is not None) for c in found]
        self.query_one(ConversationList).show(rows, self.book.id)
        self._tell()
        self.refresh_bindings()

    async def _open_last(self) -> None:
        await self.book.open_last()
        await self.show_book("")

    # Asking and answering

    async def send(self, text: str) -> None:
        """Ask, or start a server first when none runs."""
        if self.replies.of(self.book.id):
            self.notify("The last answer is still coming; Escape stops it.", markup=False)
            return
        if not text.strip() and self.server is not None:
            return
        if (to := await self.when_ready(_SEND if text.strip() else "")) is None:
            return
        begins = self.book.conversation is None
        if begins:
            await self.book.save_draft("")
        question = await self.book.ask(text, to.system_prompt)
        await self.book.save_draft("")
        self._draft = ""
        if self.prompt.text == text:
            self.prompt.set_text("")
        self.prompt.earlier = self.book.asked()
        await self.transcript.append(Entry(question.id, shown(question)))
        await self._answer(question.id, to)

    async def retry(self) -> None:
        """Answer the last message again, beside the answer it has."""
        if self.replies.of(self.book.id) or not self.book.messages:
            return
        if (to := await self.when_ready(_RETRY)) is None:
            return
        last = self.book.messages[-1].id
        parent = self.book.take_back_reply()
        if parent is None:
            return
        if parent != last:
            await self.transcript.cut(last)
        await self._answer(parent, to)

    async def when_ready(self, pending: str) -> Target | None:
        """Return the server to talk to; without one start it and remember what is to be done."""
        server = self.server
        if server is not None and server.state == "ready":
            self._pending = ""
            return await self._target(server)
        self._pending = pending
        if server is None and not self.starting:
            self._start_server()
        self._tell()
        self.refresh_bindings()
        return None

    async def _answer(self, parent: int, to: Target) -> None:
        assert self.book.id is not None  # noqa: S101 - a message has a conversation
        running = self.replies.start(self.book.id, parent, to)
        await self.transcript.append(Entry(running.key, running.shown()))
        await self.list_again()
        self._draw()

    async def _target(self, server: Server) -> Target:
        known = self._targets.get(server.job.id)
        if known is None:
            known = await program(self).threads.run(target, server)
            self._targets = {server.job.id: known}
        return known

    def on_reply_stirred(self, message: ReplyStirred) -> None:
        """Draw the first piece at once."""
        if message.running.conversation == self.book.id:
            self._draw_now()

    def on_reply_ended(self, message: ReplyEnded) -> None:
        """Show what was kept."""
        self.do(self._settle(message))

    async def _settle(self, ended: ReplyEnded) -> None:
        kept = ended.message
        if kept is not None and kept.status is Status.FAILED:
            program(self).wake.set()
        if ended.running.conversation == self.book.id:
            if kept is None:
                await self.transcript.cut(ended.running.key)
            else:
                self._keep(ended, kept)
        await self.list_again()

    def _keep(self, ended: ReplyEnded, kept: Message) -> None:
        unsaved = ended.running.reply.unsaved if ended.running.reply else ""
        self.book.messages = [m for m in self.book.messages if m.id != kept.id] + [kept]
        view = shown(kept)
        if unsaved:
            view = replace(view, note=f"{view.note} This text is not saved: {unsaved}".strip())
        self.transcript.update(ended.running.key, view, new_key=kept.id)

    # Drawing

    def _draw(self) -> None:
        """Draw the reply that is arriving in the open conversation, now and again."""
        self._draw_now()
        if self.replies.of(self.book.id) is not None:
            self._next_drawing()

    def _next_drawing(self) -> None:
        if self._drawing is not None:
            self._drawing.stop()
        self._drawing = self.set_timer(self.pace.interval, self._draw)

    def _draw_now(self) -> None:
        running = self.replies.of(self.book.id)
        if running is None or not self.is_current:
            return
        began = time.thread_time()
        self.transcript.update(running.key, running.shown())
        self.call_after_refresh(self._drawn, began)

    def _drawn(self, began: float) -> None:
        self.pace.spent(time.thread_time() - began)

    # The server

    @property
    def starting(self) -> str:
        """The profile that was asked for a moment ago and is not listed yet."""
        name, since = self._starting
        return name if time.monotonic() - since < STARTING_FOR_S else ""

    def _start_server(self) -> None:
        app = program(self)
        ended = next((s for s in app.servers if s.name == app.chat_server), None)
        profile = ended.profile if ended else last_profile(app.servers)
        self._starting = (profile, time.monotonic())
        self.background(partial(work.start_profile, profile), ServerStarted, group="chat-start")

    def on_server_started(self, message: ServerStarted) -> None:
        """Talk to the server that was started here."""
        program(self).chat_server = message.server.name

    def on_failed(self, message: Failed) -> None:
        """Stop waiting for a start that failed; the program shows why."""
        self._starting = ("", 0.0)
        self._tell()

    def forget_pending(self) -> bool:
        """Do not send when the server is ready; return whether that was to be done."""
        was, self._pending = bool(self._pending), ""
        self._tell()
        return was

    def _servers_changed(self) -> None:
        server = self.server
        if server is not None:
            self._starting = ("", 0.0)
        self._tell()
        ready = server.job.id if server is not None and server.state == "ready" else ""
        if ready and ready != self._ready_server and server is not None:
            self.do(self._prepare(server))
            if self._pending == _SEND:
                self.do(self.send(self.prompt.text))
            elif self._pending == _RETRY:
                self.do(self.retry())
        self._ready_server = ready

    async def _prepare(self, server: Server) -> None:
        """Open the connection before the first question needs it."""
        to = await self._target(server)
        self.run_worker(self.replies.client(to).prepare(), group="chat-prepare")

    def _tell(self) -> None:
        """Say whom one talks to, how full the context is, and what is missing."""
        app = program(self)
        server = self.server
        line = self.query_one("#chat-notice", Static)
        text = notice(
            app.servers, app.chat_server, starting=self.starting, pending=bool(self._pending)
        )
        line.update(text)
        line.display = bool(text)
        header = self.query_one(ChatHeader)
        header.server = server.name if server else ""
        header.title = self.book.title
        self.transcript.set_hint(hint(server))
        header.context = self._fullness(server)

    def _fullness(self, server: Server | None) -> Context:
        size = (server.facts.slot_context or server.ctx_size) if server else None
        return context_of(self.book.messages, size)

    # Drafts

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Keep the draft a moment after the last key."""
        event.stop()
        self._written = event.text_area.text
        if self._drafting is not None:
            self._drafting.stop()
        self._drafting = self.set_timer(DRAFT_AFTER_S, self._keep_draft)

    def _keep_draft(self) -> None:
        if self.prompt.text != self._draft:
            self.do(self._save_draft())

    async def _save_draft(self) -> None:
        self._draft = self.prompt.text
        await self.book.save_draft(self._draft)
