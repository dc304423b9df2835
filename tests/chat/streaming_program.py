"""``python -m tests.chat.streaming_program URL RECEIVED``: receives one reply until it is killed.

What arrives is written at once to the file RECEIVED, a line of time, message and text each, so that
a test knows what the program had when it died.
"""

import asyncio
import json
import os
import sys
import time

from termai.chat.async_store import AsyncChatStore
from termai.chat.client import ChatClient
from termai.chat.endpoint import Endpoint
from termai.chat.generation import Update
from termai.chat.messages import Role
from termai.chat.reply import Reply


async def main(url: str, received: str) -> None:
    """Ask once and note every piece; times are of the machine's monotonic clock."""
    log = os.open(received, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async with AsyncChatStore() as store, ChatClient(Endpoint("box", url, engine="x")) as client:
        talk = await store.create("talk")
        question = await store.add(talk.id, None, Role.USER, "Say something.")
        reply = Reply(client, store, question.id)

        def note(update: Update) -> None:
            assert reply.message
            what = [time.monotonic(), reply.message.id, update.reasoning, update.content]
            os.write(log, f"{json.dumps(what)}\n".encode())

        await reply.run(note)
    os.close(log)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
