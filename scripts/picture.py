"""Take the README's picture: the real program at 80x24, chatting with the smoke model.

Run as ``python -m scripts.picture``; writes docs/termai.svg.
"""

import asyncio
import os
import tempfile
from functools import partial
from pathlib import Path

from termai import settings
from termai.files import write_atomic
from termai.servers import manager
from termai.servers.records import Server
from termai.tui import opening
from termai.tui.app import TermaiApp

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "termai.svg"
QUESTIONS = ("What is termai?", "Think first. What is 17 plus 25?")
PATIENCE_S = 60.0


async def _take(server: Server) -> str:
    app = TermaiApp(partial(opening.plan, "", server.name), settings.load())
    async with app.run_test(size=(80, 24)) as pilot, asyncio.timeout(PATIENCE_S):
        for number, question in enumerate(QUESTIONS, 1):
            while "begins" not in app.export_screenshot():
                await pilot.pause(0.1)
            for character in question:
                await pilot.press("space" if character == " " else character)
            await pilot.press("enter")
            while app.export_screenshot().count("t/s") < number:
                await pilot.pause(0.2)
        await pilot.pause(1.0)
        return app.export_screenshot(title="termai")


def main() -> None:
    """Start the smoke model, ask it, and keep what the screen then shows."""
    with tempfile.TemporaryDirectory() as directory:
        for kind in ("CONFIG", "DATA", "STATE"):
            os.environ[f"TERMAI_{kind}_DIR"] = f"{directory}/{kind.lower()}"
        from termai.profiles.store import load_profile

        server = manager.wait_ready(manager.start(load_profile("smoke")))
        try:
            write_atomic(PICTURE, asyncio.run(_take(server)), mode=0o644)
        finally:
            manager.stop(server)


if __name__ == "__main__":
    main()
