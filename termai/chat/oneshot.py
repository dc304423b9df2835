"""One question and its answer, kept nowhere: what the command line asks."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from termai.chat.client import ChatClient, Patience, Waiting
from termai.chat.endpoint import Endpoint
from termai.chat.generation import Generation, Update
from termai.chat.messages import ReplyStats, Role
from termai.chat.sampling import Sampling

_NO_SAMPLING: Final = Sampling()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; ``finish_reason`` is ``length`` when it was cut at a limit."""

    content: str
    reasoning: str
    finish_reason: str
    model: str
    stats: ReplyStats


async def answer(
    endpoint: Endpoint,
    prompt: str | Sequence[Mapping[str, Any]],
    *,
    system: str = "",
    sampling: Sampling = _NO_SAMPLING,
    thinking: bool | None = None,
    on_delta: Callable[[Update], None] | None = None,
    on_wait: Waiting | None = None,
    patience: Patience | None = None,
) -> Answer:
    """Ask ``prompt``, a question or a whole history, and return the answer.

    ``on_delta`` is called with each piece as it comes, ``on_wait`` while the server loads.
    Raises what `ChatClient.stream` raises, after everything that came went to ``on_delta``.
    """
    history = [{"role": Role.USER.value, "content": prompt}] if isinstance(prompt, str) else prompt
    told = [{"role": Role.SYSTEM.value, "content": system}] if system.strip() else []
    async with ChatClient(endpoint, patience) as client:
        generation = Generation(
            client, [*told, *history], sampling, thinking=thinking, on_wait=on_wait
        )
        async with aclosing(generation.updates()) as updates:
            async for update in updates:
                if on_delta is not None:
                    on_delta(update)
    return Answer(
        generation.content,
        generation.reasoning,
        generation.finish_reason,
        generation.model,
        generation.stats,
    )
