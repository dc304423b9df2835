"""Driving the program in tests: open it in a mode, wait for what it should show."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from textual._context import visible_screen_stack
from textual.app import App
from textual.pilot import Pilot

from termai import settings
from termai.tui.app import TermaiApp
from termai.tui.opening import Opening

T = TypeVar("T")
PATIENCE_S = 60.0
SMALL, LARGE = (80, 24), (120, 40)


@asynccontextmanager
async def opened(
    mode: str = "servers", *, size: tuple[int, int] = SMALL, chat_with: str = "", start: str = ""
) -> AsyncIterator[tuple[TermaiApp, Pilot[int]]]:
    """Run the program until ``mode`` is open, and fail on any exception inside it.

    start: the profile that a first start starts.
    """
    first = Opening(mode, chat_with or start, start, first=bool(start))
    app = TermaiApp(lambda: first, settings.load())
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.current_mode == mode)
        await pilot.pause()
        yield app, pilot


async def until(pilot: Pilot[int], condition: Callable[[], T], *, what: str = "") -> T:
    """Let the program run until ``condition`` is true, and keys arrive; return its value.

    A screen that was pushed a moment ago is the screen already, and loses keys until it is mounted.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not ((value := condition()) and pilot.app.screen.is_mounted):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(_not_yet(pilot.app, what or str(condition)))
        await pilot.pause(0.02)
    await pilot.pause(0)
    return value


def _not_yet(app: App[int], what: str) -> str:
    assert isinstance(app, TermaiApp)
    told = f"What was told:\n{toasts(app)}"
    return f"not within {PATIENCE_S} s: {what}\n{screen_text(app)}\n{told}"


def screen_text(app: TermaiApp) -> str:
    """Return what is on the screen as plain lines, with what shows below a dialog."""
    below = visible_screen_stack.set(app._background_screens)  # else a blank is drawn and kept
    try:
        lines = app.screen._compositor.render_strips()
    finally:
        visible_screen_stack.reset(below)
    return "\n".join(strip.text.rstrip() for strip in lines)


def toasts(app: TermaiApp) -> str:
    """Return the whole text of all notifications so far."""
    return "\n".join(app.told)
