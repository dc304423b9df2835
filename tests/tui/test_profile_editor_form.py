"""The form alone: every change by keys, typed, stepped, picked or unset, and words find options."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.app import App, ComposeResult
from textual.events import Key
from textual.pilot import Pilot
from textual.widget import Widget

from termai.profiles.profile import Profile
from termai.tui.profile_draft import Draft
from termai.tui.profile_fields import Field
from termai.tui.themes import OUR_VARIABLES
from termai.tui.widgets.profile_form import FieldForm
from termai.tui.widgets.profile_list import FieldList

MINE = Profile(name="mine").with_values(path="model.gguf", ctx_size=4096)


class FormApp(App[None]):
    """Shows the form and does what its owner does: takes changes over and shows them."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[Profile] = []
        self.wrong = ""
        self.left = 0
        self.wanted: list[Field] = []

    def compose(self) -> ComposeResult:
        yield FieldForm(Draft.of(MINE))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return OUR_VARIABLES

    def on_field_form_tried(self, message: FieldForm.Tried) -> None:
        self.tried.append(message.profile)

    def on_field_form_taken(self) -> None:
        self.form.show({})

    def on_field_form_wrong(self, message: FieldForm.Wrong) -> None:
        self.wrong = message.why

    def on_field_form_left(self) -> None:
        self.left += 1

    def on_field_form_wanted(self, message: FieldForm.Wanted) -> None:
        self.wanted.append(message.field)

    @property
    def form(self) -> FieldForm:
        return self.query_one(FieldForm)

    @property
    def draft(self) -> Draft:
        return self.form.draft

    @property
    def chosen(self) -> str:
        return self.form.chosen.identity if self.form.chosen else ""

    def value(self, key: str) -> object:
        return self.draft.profile.value(key)

    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


@asynccontextmanager
async def form(
    at: str = "ctx_size", size: tuple[int, int] = (60, 20)
) -> AsyncIterator[tuple[FormApp, Pilot[None]]]:
    app = FormApp()
    async with app.run_test(size=size) as pilot:
        app.form.choose(at)
        app.form.enter()
        await pilot.pause()
        assert app.chosen == at
        yield app, pilot


async def test_a_value_is_typed_over_the_old_one_and_tried_with_every_key() -> None:
    async with form() as (app, pilot):
        await pilot.press("enter", "1", "6", "k", "enter")
        await pilot.pause()
        tried = dict.fromkeys(p.value("ctx_size") for p in app.tried)
        assert list(tried) == [1, 16, 16_384]
        assert app.value("ctx_size") == 16_384
        assert app.screen.focused is app.form.fields


async def test_the_line_lies_over_the_value_of_its_row_also_after_a_resize() -> None:
    async with form() as (app, pilot):
        await pilot.press("enter", *"77")
        for size in ((60, 20), (40, 9), (120, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            line = next(line for line in app.lines() if "ctx_size" in line)
            assert line.index("77") == 22


async def test_a_digit_begins_to_type() -> None:
    async with form() as (app, pilot):
        await pilot.press("8", "k", "enter")
        await pilot.pause()
        assert app.value("ctx_size") == 8192


async def test_what_is_no_value_is_said_and_stays_on_the_line() -> None:
    async with form() as (app, pilot):
        await pilot.press("enter", *"much", "enter")
        await pilot.pause()
        assert app.wrong.startswith("expected a whole number from 0 to 100000000")
        assert app.form.editing
        assert app.draft.profile == MINE
        await pilot.press("escape")
        await pilot.pause()
        assert app.wrong == ""
        assert app.left == 1
        assert not app.form.editing
        assert app.draft.profile == MINE


async def test_up_and_down_take_what_is_typed_and_go_on() -> None:
    async with form("top_k") as (app, pilot):
        await pilot.press("enter", "5", "down")
        await pilot.pause()
        assert app.value("top_k") == 5
        assert app.chosen == "top_p"
        await pilot.press("enter", *"0.5", "up")
        await pilot.pause()
        assert app.value("top_p") == 0.5
        assert app.chosen == "top_k"


async def test_an_empty_line_backspace_and_delete_unset() -> None:
    async with form() as (app, pilot):
        await pilot.press("enter", "delete", "enter")
        await pilot.pause()
        assert not app.draft.profile.is_set("ctx_size")
        for key in ("backspace", "delete"):
            await pilot.press("9", "enter")
            await pilot.pause()
            assert app.value("ctx_size") == 9
            await pilot.press(key)
            await pilot.pause()
            assert not app.draft.profile.is_set("ctx_size")


async def test_arrows_step_and_space_turns_a_switch_over() -> None:
    async with form() as (app, pilot):
        await pilot.press("right", "right", "left", "right")
        await pilot.pause()
        assert app.value("ctx_size") == 16_384
        app.form.choose("mmap")
        await pilot.press("space")
        await pilot.pause()
        assert app.value("mmap") is False
        await pilot.press("enter")
        await pilot.pause()
        assert app.value("mmap") is True


async def test_choices_texts_and_models_are_asked_for() -> None:
    async with form("flash_attn") as (app, pilot):
        for key in ("flash_attn", "system_prompt", "path"):
            app.form.choose(key)
            await pilot.press("enter")
        await pilot.pause()
        assert [f.identity for f in app.wanted] == ["flash_attn", "system_prompt", "path"]


async def test_words_find_an_option_and_escape_shows_all_with_it_chosen() -> None:
    async with form() as (app, pilot):
        await pilot.press("slash", *"numa")
        await pilot.pause()
        assert app.chosen == "numa"
        assert app.form.count == "1 found"
        await pilot.press("enter", "space")
        await pilot.pause()
        assert app.value("numa") == "distribute"
        await pilot.press("escape")
        await pilot.pause()
        assert app.chosen == "numa"
        assert app.form.count == ""


async def test_the_usual_options_are_listed_again_after_a_search_with_what_it_found() -> None:
    async with form() as (app, pilot):
        usual = len(app.form.fields._fields)
        await pilot.press("slash", *"numa", "enter", "escape")
        await pilot.pause()
        assert not app.form.everything
        assert app.chosen == "numa"
        assert len(app.form.fields._fields) == usual + 1
        await pilot.press("a", "a")
        await pilot.pause()
        assert len(app.form.fields._fields) == usual


async def test_the_chosen_row_is_marked_by_a_sign_too() -> None:
    async with form() as (app, pilot):
        await pilot.press("down")
        await pilot.pause()
        marked = [line for line in app.lines() if line.startswith("▸")]
        assert len(marked) == 1
        assert app.chosen in marked[0]


async def test_words_that_nothing_has_leave_nothing_to_change() -> None:
    async with form() as (app, pilot):
        await pilot.press("slash", *"xyzzy", "enter", "enter", "space", "delete", "left", "1")
        await pilot.pause()
        assert app.chosen == ""
        assert app.draft.profile == MINE
        await pilot.press("escape")
        await pilot.pause()
        assert app.chosen != ""


async def test_tab_goes_from_group_to_group_and_round() -> None:
    async with form("description") as (app, pilot):
        await pilot.press("tab")
        assert app.chosen == "path"
        await pilot.press("tab")
        assert app.chosen == "ctx_size"
        await pilot.press("shift+tab", "shift+tab", "shift+tab")
        assert app.form.chosen
        assert app.form.chosen.group == "Server"


async def test_all_options_are_one_key_away_and_the_chosen_one_stays() -> None:
    async with form() as (app, pilot):
        assert not any("numa" in line for line in app.lines())
        await pilot.press("a")
        await pilot.pause()
        assert app.chosen == "ctx_size"
        await pilot.press("end")
        await pilot.pause()
        assert app.chosen == "env."
        assert any("numa" in line for line in app.lines())


async def test_arguments_and_variables_are_typed() -> None:
    async with form("args.llama-server") as (app, pilot):
        await pilot.press("enter", *"--slots 'a b'", "enter")
        app.form.choose("env.")
        await pilot.press("enter", *"A=1", "enter")
        await pilot.pause()
        assert app.draft.profile.args == {"llama-server": ("--slots", "a b")}
        assert app.draft.profile.env == {"A": "1"}
        await pilot.press("enter", *"no name=1", "enter")
        await pilot.pause()
        assert "expected the name of a variable" in app.wrong


async def test_a_value_of_several_lines_is_never_squeezed_into_one() -> None:
    async with form("system_prompt") as (app, pilot):
        app.form.draft = app.draft.to(MINE.with_values(system_prompt="a\nb"))
        app.form.show({})
        await pilot.press("t")
        await pilot.pause()
        assert [f.identity for f in app.wanted] == ["system_prompt"]
        assert not app.form.editing


async def test_a_click_chooses_a_second_one_edits_and_one_elsewhere_takes_it() -> None:
    async with form() as (app, pilot):
        row = next(n for n, line in enumerate(app.lines()) if "n_cpu_moe" in line)
        await pilot.click(FieldList, offset=(5, row))
        assert app.chosen == "n_cpu_moe"
        await pilot.click(FieldList, offset=(5, row))
        await pilot.pause()
        assert app.form.editing
        await pilot.press("7")
        await pilot.click(FieldList, offset=(5, row + 2))
        await pilot.pause()
        assert not app.form.editing
        assert app.value("n_cpu_moe") == 7


async def test_a_field_costs_no_widget() -> None:
    async with form() as (app, pilot):
        await pilot.press("a")
        await pilot.pause()
        assert len(app.screen.query(Widget)) < 12


def burst(app: FormApp, *keys: str) -> None:
    """Send keys as one read of the terminal brings them, without a pause to handle any."""
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))


@pytest.mark.parametrize(
    ("keys", "context", "chosen"),
    [
        (["enter", *"16k", "enter"], 16_384, "ctx_size"),
        ([*"16k", "enter", "down", "up", "right"], 32_768, "ctx_size"),
        (["enter", *"16k", "down", "left"], 16_384, "n_gpu_layers"),
        (["enter", *"16k", "escape", "right"], 8192, "ctx_size"),
        (["slash", *"ctx", "enter", *"8k", "enter", "right"], 16_384, "ctx_size"),
        (
            ["enter", *"12k", "left", "backspace", *"6", "end", *"x", "backspace", "enter"],
            16_384,
            "ctx_size",
        ),
        (["slash", *"gpu", *["backspace"] * 3, *"ctx", "enter", *"8k", "enter"], 8192, "ctx_size"),
        (["slash", *"ctx", "enter", "enter", *"8k", "enter", "escape"], 8192, "ctx_size"),
    ],
)
async def test_keys_that_come_all_at_once_mean_the_same(
    keys: list[str], context: int, chosen: str
) -> None:
    async with form() as (app, pilot):
        burst(app, *keys)
        for _ in range(20):
            await pilot.pause()
        assert app.value("ctx_size") == context
        assert app.chosen == chosen
        assert app.screen.focused is app.form.fields


@pytest.mark.parametrize("size", [(20, 4), (30, 3), (200, 60)])
async def test_any_size_of_terminal_will_do(size: tuple[int, int]) -> None:
    async with form(size=size) as (app, pilot):
        await pilot.press("end", "home", "pagedown", "pageup", "enter")
        await pilot.press(*"12", "enter")
        await pilot.pause()
        assert app.lines()
