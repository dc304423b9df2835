"""Toasts: short, few and soon gone, with all that they said one key away."""

import pytest
from textual.widgets._toast import Toast

from termai.tui.messages import Failed
from termai.tui.screens.keys import KeysScreen
from termai.tui.screens.told import ToldScreen
from termai.tui.toasts import LINES, SECONDS, shortened
from tests.tui.support import SMALL, opened, screen_text, until

SENTENCE = "The model does not fit: " + "it needs more memory than there is, " * 12
FIX = "Choose a smaller one."


@pytest.mark.parametrize("size", [(40, 12), SMALL])
async def test_a_long_failure_takes_three_lines_and_is_read_with_a_key(
    size: tuple[int, int],
) -> None:
    async with opened(size=size) as (app, pilot):
        app.post_message(Failed(SENTENCE, FIX))
        await until(pilot, lambda: "F10 shows all." in screen_text(app))
        toast = app.screen.query_one(Toast)
        assert toast.region.height == LINES
        assert [told.timeout for told in app._notifications] == [SECONDS]
        assert FIX not in screen_text(app)
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, ToldScreen))
        await pilot.press("end")
        words = FIX.split()[-1]
        await until(pilot, lambda: words in screen_text(app), what="the end of it")
        await pilot.press("f10")
        await until(pilot, lambda: not isinstance(app.screen, ToldScreen))


async def test_messages_can_be_read_over_a_dialog_and_newest_first() -> None:
    async with opened() as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))
        app.notify("one [bold]\x1b[2J")
        app.notify("two", severity="error")
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, ToldScreen))
        text = screen_text(app)
        assert text.index("two") < text.index("one [bold]")


async def test_the_palette_finds_the_messages() -> None:
    async with opened() as (app, pilot):
        app.notify("one")
        await pilot.press("ctrl+p", *"messages")
        await until(pilot, lambda: "Read all that messages said" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ToldScreen))


async def test_two_toasts_stand_together_at_most() -> None:
    async with opened() as (app, pilot):
        for text in ("first", "second", "third", "fourth"):
            app.notify(text)
            await pilot.pause()
        await until(pilot, lambda: "fourth" in screen_text(app))
        await until(pilot, lambda: "second" not in screen_text(app))
        assert "third" in screen_text(app)
        assert list(app.told) == ["first", "second", "third", "fourth"]


@pytest.mark.parametrize("columns", [10, 40, 80, 200])
def test_what_is_short_stays_whole(columns: int) -> None:
    assert shortened("Saved.", columns) == "Saved."
    cut = shortened(SENTENCE, columns)
    assert cut.endswith("… F10 shows all.")
    assert len(cut) <= LINES * 60
