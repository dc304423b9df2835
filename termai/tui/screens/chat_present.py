"""How a message of the store is shown: its label, its thoughts, its measurements, its troubles."""

from pathlib import PurePath

from termai.chat.messages import Message, ReplyStats, Role, Status
from termai.text import one_line
from termai.tui import formats
from termai.tui.widgets.chat_header import Context
from termai.tui.widgets.chat_message import Shown

YOU = "you"
RETRY = "^r answers again."


def shown(message: Message) -> Shown:
    """Return the view of a message that is not being written in this program."""
    if message.role is Role.USER:
        return Shown(YOU, message.content, plain=True)
    return Shown(
        who=model_name(message.model),
        content=message.content,
        reasoning=message.reasoning,
        thought=thought(message),
        note=note(message),
        stats=stats_line(message.stats),
    )


def model_name(model: str) -> str:
    """Return a model's name without directories and file ending."""
    name = one_line(model, 80)
    return PurePath(name).name.removesuffix(".gguf") or "model"


def note(message: Message) -> str:
    """Return what to know about a reply that is not whole, and which key helps."""
    if message.status is Status.FAILED:
        return f"{message.error or 'The reply broke off.'} {RETRY}"
    if message.status is Status.STOPPED:
        return f"Cut short; what came is kept. {RETRY}"
    if message.status is Status.STREAMING:
        return "Another termai is receiving this reply."
    return ""


def thought(message: Message) -> str:
    """Return the line under which the thoughts of a finished reply are folded."""
    if not message.reasoning:
        return ""
    stats = message.stats or ReplyStats()
    return thought_line(stats.reasoning_s, stats.reasoning_tokens)


def thought_line(seconds: float | None, tokens: int | None) -> str:
    """Return ``thought for 4 s (120 tokens)`` with what is known of it."""
    line = "thought"
    if seconds is not None and seconds >= 0.1:
        line += f" for {seconds:.0f} s" if seconds >= 1 else f" for {seconds:.1f} s"
    return f"{line} ({tokens} tokens)" if tokens is not None else line


def stats_line(stats: ReplyStats | None) -> str:
    """Return ``0.21 s · 214 tok · 61 t/s``: first token, tokens of the reply, their rate."""
    if stats is None:
        return ""
    parts = []
    if stats.time_to_first_token_s is not None:
        parts.append(f"{stats.time_to_first_token_s:.2f} s")
    if stats.completion_tokens is not None:
        parts.append(f"{stats.completion_tokens} tok")
    if stats.tokens_per_second is not None:
        parts.append(formats.rate(stats.tokens_per_second))
    return " · ".join(parts)


def context_of(messages: list[Message], ctx_size: int | None) -> Context:
    """Return how full the context was after the last reply that was measured."""
    for message in reversed(messages):
        if message.stats is not None and message.stats.context_used is not None:
            return Context(message.stats.context_used, message.stats.ctx_size or ctx_size)
    return Context(None, ctx_size)
