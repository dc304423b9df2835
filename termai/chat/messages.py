"""What a conversation is made of: values that the store keeps and the screens show."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Status(StrEnum):
    """How far a message has come.

    COMPLETE: all of it is there. STREAMING: it is being written by a living program.
    STOPPED: the person stopped it, or the program that wrote it was killed. FAILED: the server
    broke off or refused; ``Message.error`` says why.
    """

    COMPLETE = "complete"
    STREAMING = "streaming"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ReplyStats:
    """What was measured of one reply; None where nothing is known.

    Tokens, seconds, and tokens per second of generation. ``context_used`` counts prompt and
    reply together, against ``ctx_size``. The reasoning before the answer took
    ``reasoning_tokens`` (a part of ``completion_tokens``) and ``reasoning_s``.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    time_to_first_token_s: float | None = None
    tokens_per_second: float | None = None
    context_used: int | None = None
    ctx_size: int | None = None
    reasoning_tokens: int | None = None
    reasoning_s: float | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One node of a conversation's tree.

    ``parent`` is None for a first message. ``created_at`` is in seconds since 1970. ``error`` is
    one sentence when the status is FAILED. ``model`` is what the server called itself.
    """

    id: int
    conversation: int
    parent: int | None
    role: Role
    content: str
    reasoning: str
    status: Status
    created_at: float
    stats: ReplyStats | None
    model: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A tree of messages, of which the path from ``active_leaf`` up to the root is shown.

    Times are in seconds since 1970; ``deleted_at`` is None unless it was deleted, which can be
    undone until it is purged.
    """

    id: int
    title: str
    system_prompt: str
    created_at: float
    updated_at: float
    active_leaf: int | None
    deleted_at: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation found by search: in its title (``message`` None) or in a message.

    ``snippet`` is the text around the first match.
    """

    conversation: Conversation
    message: int | None
    snippet: str
