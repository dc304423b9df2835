"""What is sent to the model for a conversation, and what a conversation is called."""

from collections.abc import Iterable
from typing import Final

from termai.chat.messages import Message, Role
from termai.text import one_line, printable

TITLE_WIDTH: Final = 60

RequestMessage = dict[str, str]


def build(
    path: Iterable[Message], *, system_prompt: str = "", with_reasoning: bool = False
) -> list[RequestMessage]:
    """Return the messages of a request: the system prompt, then the path from the root down.

    Messages without text, such as a reply that failed before its first word, are left out, and
    neighbours of one role are joined with an empty line, because many chat templates insist on
    alternating roles. ``with_reasoning`` sends earlier reasoning back as ``reasoning_content``,
    which some models' templates render.
    """
    request: list[RequestMessage] = []
    if system_prompt.strip():
        request.append({"role": Role.SYSTEM.value, "content": system_prompt})
    for message in path:
        reasoning = message.reasoning if with_reasoning else ""
        if not (message.content.strip() or reasoning):
            continue
        if request and request[-1]["role"] == message.role:
            _join(request[-1], message.content, reasoning)
        else:
            request.append(_request_message(message, reasoning))
    return request


def suggest_title(text: str) -> str:
    """Return a title for a conversation that begins with ``text``: its first line, cut."""
    lines = (one_line(line) for line in printable(text).split("\n"))
    first = next((line for line in lines if line), "")
    if len(first) <= TITLE_WIDTH:
        return first
    cut, _, _ = first[:TITLE_WIDTH].rpartition(" ")
    return f"{cut if len(cut) > TITLE_WIDTH // 2 else first[: TITLE_WIDTH - 1]}…"


def _request_message(message: Message, reasoning: str) -> RequestMessage:
    request = {"role": message.role.value, "content": message.content}
    if reasoning:
        request["reasoning_content"] = reasoning
    return request


def _join(request: RequestMessage, content: str, reasoning: str) -> None:
    request["content"] = "\n\n".join(part for part in (request["content"], content) if part)
    if reasoning:
        earlier = request.get("reasoning_content", "")
        request["reasoning_content"] = "\n\n".join(p for p in (earlier, reasoning) if p)
