"""Themes: all that are shipped work, none that is broken does harm, each can be tried."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.color import Color

from termai import settings as user_settings
from termai.errors import InvalidFileError, NotFoundError
from termai.paths import shipped_dir, themes_dir
from termai.tui import themes
from tests.tui.support import opened, screen_text, toasts, until

SHIPPED = sorted(path.stem for path in shipped_dir("themes").glob("*.toml"))


def write(name: str, text: str) -> Path:
    themes_dir().mkdir(parents=True, exist_ok=True)
    path = themes_dir() / f"{name}.toml"
    path.write_text(text)
    return path


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized
    ]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def test_there_are_enough_themes_for_every_terminal() -> None:
    assert len(SHIPPED) >= 7
    assert {"termai-dark", "termai-light", "high-contrast", "ansi"} <= set(SHIPPED)
    assert themes.load("ansi").ansi
    assert not themes.load("termai-light").dark


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_themes_are_valid_and_readable(name: str) -> None:
    theme = themes.load(name)
    if theme.ansi:
        return
    background = Color.parse(str(theme.background))
    floor = 7 if name == "high-contrast" else 4.5
    for words in (theme.foreground, theme.error, theme.success, theme.accent):
        assert contrast(Color.parse(str(words)), background) >= floor
    row = Color.parse(theme.variables["row-background"])
    assert contrast(Color.parse(str(theme.foreground)), row) >= 4.5


@pytest.mark.parametrize("name", SHIPPED)
async def test_the_program_runs_in_every_shipped_theme(name: str) -> None:
    user_settings.save(theme=name)
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: "Python" in screen_text(app))
        assert app.theme == name
        assert toasts(app) == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[colors]\nprimary = "blurple"\n', r"line 2: colors\.primary: expected a colour"),
        ("[colors]\nprimary = 3\n", "expected a colour"),
        ("[colors]\n", "at least the colour primary"),
        ('[colors]\nprimary = "red"\nprimry = "red"\n', r"line 3: colors\.primry: unknown"),
        ('dark = "yes"\n[colors]\nprimary = "red"\n', "true or false"),
        ('[colors]\nprimary = "red"\n[variables]\nborder = "nope"\n', "expected a colour"),
        ('[colors]\nprimary = "red"\n[variables]\nborder = "red 30"\n', "percentage"),
        ('[colors]\nprimary = "red"\n[variables]\nlink-style = "loud"\n', "expected styles"),
        ('[colors]\nprimary = "red"\n[variables]\n"a;b" = "red"\n', "letters, digits and hyphens"),
        ("colors = 3\n", "expected a table"),
        ("[colors\n", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(InvalidFileError, match=says):
        themes.read(write("mine", text))


_WORDS = st.sampled_from(
    ["red", "#12345", "#abcdef", "ansi_blue", "auto", "rgb(1,2", "bold", "{", ""]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    colours=st.dictionaries(st.sampled_from(themes.COLOURS), _WORDS),
    variables=st.dictionaries(
        st.sampled_from(["border", "link-style", "text-muted", "a b", "block-cursor-text-style"]),
        st.one_of(_WORDS, _WORDS.map(lambda word: f"{word} 30%")),
    ),
)
def test_what_is_accepted_makes_colours_that_textual_can_draw(
    colours: dict[str, str], variables: dict[str, str]
) -> None:
    lines = ["[colors]", *(f'{k} = "{v}"' for k, v in colours.items())]
    lines += ["[variables]", *(f'"{k}" = "{v}"' for k, v in variables.items())]
    try:
        theme = themes.read(write("mine", "\n".join(lines)))
    except InvalidFileError:
        return
    generated = theme.to_color_system().generate()
    assert generated["primary"]
    for name in {*colours, *variables}:
        if not name.endswith("style"):
            Color.parse(re.sub(r" \d+%$", "", generated[name]))


def test_the_example_in_the_documentation_is_a_theme() -> None:
    page = Path(__file__).parents[2] / "docs/themes.md"
    example = page.read_text().partition("```toml\n")[2].partition("```")[0]
    assert themes.read(write("mine", example)).variables["row-background"] == "#1a3538"


def test_a_users_theme_comes_before_a_shipped_one() -> None:
    write("nord", '[colors]\nprimary = "#010203"\n')
    assert themes.load("nord").primary == "#010203"


@pytest.mark.parametrize("name", ["no-such", "../../etc/passwd", ""])
def test_a_theme_that_is_not_there_names_those_that_are(name: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        themes.load(name)
    assert "termai-dark" in caught.value.fix


async def test_a_broken_theme_is_one_toast_and_the_fallback() -> None:
    write("mine", '[colors]\nprimary = "blurple"\n')
    user_settings.save(theme="mine")
    async with opened() as (app, pilot):
        await until(pilot, lambda: "blurple" in toasts(app))
        assert app.theme == "termai-dark"
        assert len(list(app._notifications)) == 1


async def test_several_broken_themes_are_one_toast_when_choosing() -> None:
    write("one", "[colors]\n")
    write("two", "[colors]\n")
    async with opened() as (app, pilot):
        await pilot.press("f8")
        await until(pilot, lambda: "And 1 more." in toasts(app))
        assert len(list(app._notifications)) == 1
        await until(pilot, lambda: "solarized-light" in screen_text(app))


async def test_highlighting_applies_and_escape_restores() -> None:
    async with opened() as (app, pilot):
        await pilot.press("f8")
        await until(pilot, lambda: "solarized-light" in screen_text(app))
        await pilot.press("home")
        await until(pilot, lambda: app.theme == SHIPPED[0])
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "termai-dark")
        assert user_settings.load().values.theme == "termai-dark"


async def test_enter_keeps_the_theme_for_the_next_start() -> None:
    async with opened() as (app, pilot):
        await pilot.press("f8")
        await until(pilot, lambda: "solarized-light" in screen_text(app))
        await pilot.press("end", "enter")
        await until(pilot, lambda: user_settings.load().values.theme == SHIPPED[-1])
        assert not app.screen.is_modal
    async with opened() as (app, _):
        assert app.theme == SHIPPED[-1]


async def test_sixteen_colours_get_the_terminals_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    monkeypatch.delenv("COLORTERM")
    async with opened() as (app, _):
        assert app.theme == "ansi"
