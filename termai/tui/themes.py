"""Colour themes from TOML files: every value checked before Textual sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import App
from textual.color import Color, ColorParseError
from textual.theme import Theme

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError, TermaiError
from termai.paths import shipped_dir, themes_dir
from termai.settings import Settings

FALLBACK = "termai-dark"
COLOURS = (
    *("primary", "secondary", "accent", "foreground", "background", "surface", "panel", "boost"),
    *("warning", "error", "success"),
)
OUR_VARIABLES = {"row-background": "#1e2a30", "muted": "#8f979f"}  # themes may set them
_STYLES = {"none", "bold", "dim", "italic", "reverse", "underline", "b", "i", "u", "r", "strike"}
_TOP = {"schema", "description", "dark", "ansi", "colors", "variables"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the themes, in one sentence, and what to do."""

    sentence: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Themes:
    """The themes that can be used, by name, and the errors of those that cannot."""

    themes: Mapping[str, Theme]
    problems: tuple[TermaiError, ...] = ()


def apply(app: App[Any], name: str) -> Problem | None:
    """Give ``app`` the theme called ``name``, or the fallback; return what was wrong.

    On a terminal with 16 colours the default theme gives way to ``ansi``.
    """
    if app.console.color_system == "standard" and name == Settings().theme:
        name = "ansi"
    try:
        theme, problem = load(name), None
    except TermaiError as error:
        theme = load(FALLBACK)
        problem = Problem(f"{error.message} {FALLBACK} is used.", error.fix)
    app.register_theme(theme)
    app.theme = theme.name
    return problem


def load(name: str) -> Theme:
    """Read one theme by name, the user's before the shipped one.

    Raises NotFoundError naming the themes there are, and InvalidFileError.
    """
    for directory in (themes_dir(), shipped_dir("themes")):
        path = directory / f"{name}.toml"
        if "/" not in name and path.is_file():
            return read(path)
    raise NotFoundError(
        f"There is no theme {name}.", fix=f"There are {', '.join(sorted(dict(_files())))}."
    )


def load_all() -> Themes:
    """Read every theme; a broken one is reported and left out."""
    found: dict[str, Theme] = {}
    problems: list[TermaiError] = []
    for name, path in sorted(_files()):
        try:
            found[name] = read(path)
        except TermaiError as error:
            problems.append(error)
    return Themes(found, tuple(problems))


def read(path: Path) -> Theme:
    """Read and check a theme file; raises InvalidFileError with file, line and what is expected."""
    document = tomlfile.read(path)
    _check_keys(document, (), document.data, _TOP)
    colours = _table(document, "colors")
    _check_keys(document, ("colors",), colours, set(COLOURS))
    if "primary" not in colours:
        raise document.wrong(("colors",), "expected at least the colour primary")
    for key, value in colours.items():
        _check_colour(document, ("colors", key), value)
    variables = _table(document, "variables")
    for key, value in variables.items():
        _check_variable(document, ("variables", key), value)
    return Theme(
        name=path.stem,
        dark=_switch(document, "dark", True),
        ansi=_switch(document, "ansi", False),
        variables={**_our_variables(colours), **variables},
        **colours,
    )


def _our_variables(colours: Mapping[str, str]) -> dict[str, str]:
    """Return the colours of the selected row, where states keep theirs, and of lesser text."""
    background = Color.parse(colours.get("background", "#121212"))
    foreground = Color.parse(colours.get("foreground", background.inverse.hex))
    return {
        "row-background": background.blend(Color.parse(colours["primary"]), 0.2).hex,
        "muted": foreground.blend(background, 0.35).hex,
    }


def _files() -> Iterator[tuple[str, Path]]:
    seen: set[str] = set()
    for directory in (themes_dir(), shipped_dir("themes")):
        for path in sorted(directory.glob("*.toml")):
            if path.stem not in seen:
                seen.add(path.stem)
                yield path.stem, path


def _table(document: tomlfile.Document, key: str) -> dict[str, Any]:
    value = document.data.get(key, {})
    if not isinstance(value, dict):
        raise document.wrong((key,), "expected a table")
    return value


def _switch(document: tomlfile.Document, key: str, default: bool) -> bool:
    value = document.data.get(key, default)
    if not isinstance(value, bool):
        raise document.wrong((key,), f"expected true or false, found {value!r}")
    return value


def _check_keys(
    document: tomlfile.Document, table: tomlfile.Key, found: Mapping[str, Any], known: set[str]
) -> None:
    for key in found:
        if key not in known:
            expected = ", ".join(sorted(known))
            raise document.wrong((*table, key), f"unknown, expected one of {expected}")


def _check_colour(document: tomlfile.Document, key: tomlfile.Key, value: Any) -> None:
    try:
        if not isinstance(value, str):
            raise ColorParseError("not text")
        Color.parse(value)
    except ColorParseError as error:
        raise document.wrong(
            key, f"expected a colour such as #0178d4, teal or ansi_blue, found {value!r}"
        ) from error


def _check_variable(document: tomlfile.Document, key: tomlfile.Key, value: Any) -> None:
    """Check one of Textual's theme variables: a text style, or a colour with ``NN%`` or without."""
    if not isinstance(value, str):
        raise document.wrong(key, f"expected text, found {value!r}")
    if not all(c.isalnum() or c == "-" for c in key[-1]):
        raise document.wrong(key, "expected a name of letters, digits and hyphens")
    if key[-1].endswith("style"):
        unknown = [word for word in value.split() if word not in _STYLES]
        if unknown or not value.split():
            raise document.wrong(key, f"expected styles such as bold, found {value!r}")
        return
    colour, _, percent = value.partition(" ")
    if percent and not (percent.endswith("%") and percent[:-1].isdigit()):
        raise document.wrong(key, f"expected a colour, perhaps with a percentage, found {value!r}")
    _check_colour(document, key, colour)


def unreadable(problems: tuple[TermaiError, ...]) -> Problem | None:
    """Sum up broken themes in one sentence for one toast, None when there are none."""
    if not problems:
        return None
    first = problems[0]
    more = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
    fix = first.fix if isinstance(first, InvalidFileError) else ""
    return Problem(f"{first.message}{more}", fix)
