"""A conversation of any length keeps a bounded number of widgets and its place."""

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.pilot import Pilot

from termai.tui.widgets.chat_message import MessageView, Shown
from termai.tui.widgets.chat_transcript import PAGE, Entry, Transcript


class Harness(App[None]):
    """Shows one transcript."""

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Transcript()

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)


def entries(count: int, start: int = 0) -> list[Entry]:
    return [Entry(key, Shown("smoke", f"reply {key}")) for key in range(start, start + count)]


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(4):
        await pilot.pause()


async def test_of_500_messages_only_the_newest_page_is_mounted() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.transcript.load(entries(500))
        await settle(pilot)
        assert [view.key for view in app.transcript.views] == list(range(500 - PAGE, 500))
        assert len(list(app.query("*"))) < PAGE + 20
        assert app.transcript.scroll_y == app.transcript.max_scroll_y
        assert "470 older messages" in str(app.transcript.query_one("#older").render())


async def test_scrolling_to_the_top_mounts_the_page_before_and_stays_in_place() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.transcript.load(entries(100))
        await settle(pilot)
        app.transcript.scroll_home(animate=False)
        await settle(pilot)
        await app.workers.wait_for_complete()
        await settle(pilot)
        transcript = app.transcript
        assert len(transcript.views) == 2 * PAGE
        first_before = transcript.view(100 - PAGE)
        assert first_before is not None
        assert abs(first_before.region.y - transcript.region.y) <= 1


async def test_appending_goes_to_the_end_and_drops_widgets_far_above() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.transcript.load([])
        for entry in entries(5 * PAGE):
            await app.transcript.append(entry)
        await settle(pilot)
        assert len(app.transcript.views) <= 3 * PAGE
        assert app.transcript.views[-1].key == 5 * PAGE - 1
        assert app.transcript.scroll_y == app.transcript.max_scroll_y
        assert len(app.transcript.entries) == 5 * PAGE


async def test_a_growing_message_is_followed_until_one_scrolls_up() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.transcript.load([Entry(1, Shown("smoke", "", live=True))])
        for lines in range(1, 60, 10):
            app.transcript.update(1, Shown("smoke", "a\n\n" * lines, live=True))
            await settle(pilot)
            assert app.transcript.scroll_y == app.transcript.max_scroll_y
        app.transcript.scroll_to(y=5, animate=False)
        await settle(pilot)
        app.transcript.update(1, Shown("smoke", "a\n\n" * 90, live=True))
        await settle(pilot)
        assert app.transcript.scroll_y == 5
        app.transcript.scroll_end(animate=False)
        await settle(pilot)
        app.transcript.update(1, Shown("smoke", "a\n\n" * 99, live=True))
        await settle(pilot)
        assert app.transcript.scroll_y == app.transcript.max_scroll_y


async def test_choosing_walks_from_the_newest_up_and_back() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.transcript.load(entries(20))
        app.transcript.focus()
        await pilot.press("k", "k")
        assert app.transcript.chosen == 18
        chosen = app.query(".-chosen")
        assert [view.key for view in chosen.results(MessageView)] == [18]
        await pilot.press("j", "j")
        assert app.transcript.chosen is None


async def test_choosing_above_the_first_widget_mounts_older_ones() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.transcript.load(entries(PAGE + 5))
        app.transcript.focus()
        for _ in range(PAGE + 3):
            await pilot.press("k")
            await app.workers.wait_for_complete()
            await pilot.pause()
        assert app.transcript.chosen == 2


async def test_cutting_takes_a_message_and_all_after_it_away() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.transcript.load(entries(6))
        await app.transcript.cut(3)
        await pilot.pause()
        assert [view.key for view in app.transcript.views] == [0, 1, 2]
        assert [entry.key for entry in app.transcript.entries] == [0, 1, 2]
        await app.transcript.cut(99)
        assert len(app.transcript.views) == 3


async def test_an_update_of_a_message_that_is_not_mounted_is_kept() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)):
        await app.transcript.load(entries(200))
        app.transcript.update(3, Shown("smoke", "changed"))
        assert app.transcript.entries[3].shown.content == "changed"
