"""One message is one widget, whatever it holds; it folds, grows and can be selected."""

from dataclasses import replace

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Offset
from textual.selection import SELECT_ALL, Selection

from termai.tui.widgets.chat_message import MessageView, Shown

REPLY = Shown(
    who="smoke",
    content="The **capital** of France is Paris.",
    reasoning="France.\nIts capital.",
    thought="thought for 4 s (120 tokens)",
    stats="0.21 s · 214 tok · 61 t/s",
)


class Harness(App[None]):
    """Shows messages and nothing else."""

    def __init__(self, *shown: Shown) -> None:
        super().__init__()
        self._shown = shown

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            for key, shown in enumerate(self._shown):
                yield MessageView(shown, key=key)


def drawn(view: MessageView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def test_a_message_is_one_widget_with_label_text_and_measurements() -> None:
    app = Harness(REPLY)
    async with app.run_test(size=(60, 20)):
        view = app.query_one(MessageView)
        assert not view.children
        assert drawn(view) == [
            "smoke ▸ thought for 4 s (120 tokens)",
            "The capital of France is Paris.",
            "                                 0.21 s · 214 tok · 61 t/s",
            "",
        ]


async def test_thoughts_open_and_fold_by_click() -> None:
    app = Harness(REPLY)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.query_one(MessageView)
        await pilot.click(view, offset=(3, 0))
        assert drawn(view)[:5] == [
            "smoke ▾ thought for 4 s (120 tokens)",
            "France.",
            "Its capital.",
            "",
            "The capital of France is Paris.",
        ]
        await pilot.click(view, offset=(3, 0))
        assert "France." not in drawn(view)


async def test_a_click_on_the_text_leaves_the_thoughts_folded() -> None:
    app = Harness(REPLY)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.click(app.query_one(MessageView), offset=(3, 1))
        assert not app.query_one(MessageView).thought_open


async def test_a_person_s_text_is_not_markdown() -> None:
    app = Harness(Shown("you", "# not *a* heading\n  [b]x[/b]", plain=True))
    async with app.run_test(size=(60, 20)):
        assert drawn(app.query_one(MessageView))[1:3] == ["# not *a* heading", "  [b]x[/b]"]


async def test_while_thinking_the_newest_thought_shows_on_one_line() -> None:
    app = Harness(Shown("smoke", "", reasoning="first\n" * 40 + "and then Paris", live=True))
    async with app.run_test(size=(40, 20)):
        shown = drawn(app.query_one(MessageView))
        assert len(shown) == 3
        assert shown[1].startswith("…")
        assert shown[1].endswith("and then Paris")


async def test_a_live_message_grows_and_ends_as_a_finished_one() -> None:
    text = "One\n\n- two\n- three\n\n```\nfour\n```\nfive **six**"
    app = Harness(Shown("smoke", "", live=True), Shown("smoke", text))
    async with app.run_test(size=(40, 40)) as pilot:
        live, finished = app.query(MessageView)
        for end in range(1, len(text), 3):
            live.show(Shown("smoke", text[:end], live=True))
            await pilot.pause()
        live.show(Shown("smoke", text))
        await pilot.pause()
        assert drawn(live) == drawn(finished)
        assert live.size.height == len(drawn(finished))


async def test_escape_sequences_never_reach_the_terminal() -> None:
    evil = "a\x1b]52;c;aGk=\x07b\x1b[2Jc\x9b31md\u202ee\x00"
    shown = Shown(evil, evil, reasoning=evil, thought=evil, note=evil, stats=evil)
    app = Harness(shown, replace(shown, plain=True), replace(shown, live=True))
    async with app.run_test(size=(40, 40)):
        for view in app.query(MessageView):
            view.toggle_thought()
            text = "".join(view.render_line(y).text for y in range(12))
            assert text.replace(" ", "").isprintable() or all(c.isprintable() for c in text)
            assert "52;c" not in text


async def test_selected_text_is_what_is_drawn() -> None:
    app = Harness(REPLY)
    async with app.run_test(size=(60, 20)):
        view = app.query_one(MessageView)
        part = Selection.from_offsets(Offset(4, 1), Offset(11, 1))
        assert view.get_selection(part) == ("capital", "\n")
        far = Selection.from_offsets(Offset(0, 50), Offset(3, 50))
        assert view.get_selection(far) == ("", "\n")
        everything = view.get_selection(SELECT_ALL)
        assert everything is not None
        assert everything[0].startswith("smoke ▸")


async def test_text_is_selected_with_the_mouse() -> None:
    app = Harness(REPLY)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.query_one(MessageView)
        await pilot.mouse_down(view, offset=(5, 1))
        await pilot.hover(view, offset=(11, 1))
        await pilot.mouse_up(view, offset=(11, 1))
        assert app.screen.get_selected_text() == "capital"
        before, selected, after = view.render_line(1)
        assert selected.text == "capital"
        assert before.style
        assert selected.style
        assert after.style
        assert selected.style.bgcolor != before.style.bgcolor == after.style.bgcolor


async def test_a_narrower_screen_wraps_again() -> None:
    app = Harness(REPLY)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.resize_terminal(20, 20)
        await pilot.pause()
        assert drawn(app.query_one(MessageView))[1:3] == ["The capital of", "France is Paris."]


async def test_another_theme_draws_with_its_colours() -> None:
    app = Harness(REPLY)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.query_one(MessageView)
        before = [segment.style for segment in view.render_line(0)]
        app.theme = "textual-light"
        await pilot.pause()
        assert [segment.style for segment in view.render_line(0)] != before
