"""What the list of profiles says of each, and every value of one with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line, printable
from termai.tui import formats, icons

if TYPE_CHECKING:
    from termai.errors import InvalidFileError
    from termai.profiles.option import Option
    from termai.profiles.profile import Profile

SET, DEFAULT = "profile", "default"


def row(profile: Profile, width: int, *, running: bool = False) -> Content:
    """Return one line about a profile: name, whose it is, and what it is for."""
    sign = icons.sign("ready") if running else " "
    whose = "termai's" if profile.shipped else "yours"
    rest = max(10, width - 33)
    return Content.assemble(
        (f"{sign} ", icons.STYLES["ready"]),
        (f"{one_line(profile.name, 20):<20} ", "bold"),
        (f"{whose:<9} ", "$muted"),
        one_line(profile.description or model_of(profile), rest),
    )


def broken_row(error: InvalidFileError, width: int) -> Content:
    """Return one line about a profile that cannot be read."""
    text = one_line(error.message, max(20, width - 10))
    return Content.styled(f"{icons.sign('problem')} broken  {text}", icons.STYLES["problem"])


def model_of(profile: Profile) -> str:
    """Return the model that a profile names, or that it names none."""
    return str(profile.values.get("path", "")) or "asks for the model when it is started"


def details(profile: Profile) -> Content:
    """Return all values: those that the profile sets, then the common ones that it leaves."""
    from termai.profiles.schema import OPTIONS

    chosen = [option for option in OPTIONS if profile.is_set(option.key)]
    left = [option for option in OPTIONS if option.basic and not profile.is_set(option.key)]
    lines = [
        Content.styled(printable(profile.description or profile.name), "bold"),
        Content.styled(_file(profile), "$muted"),
        _line("engine", profile.engine, "", SET if profile.engine != "auto" else DEFAULT),
        *(_value(profile, option, SET) for option in chosen),
        *(_line(f"args.{k}", " ".join(v), "", SET) for k, v in profile.args.items()),
        *(_line(f"env.{k}", v, "", SET) for k, v in profile.env.items()),
        *(_value(profile, option, DEFAULT) for option in left),
    ]
    return Content("\n").join(lines)


def broken_details(error: InvalidFileError) -> Content:
    """Return what is wrong with a profile and what to do."""
    return Content("\n\n").join(Content(part) for part in _parts(error))


def _parts(error: InvalidFileError) -> Iterator[str]:
    yield printable(error.message)
    if error.fix:
        yield printable(error.fix)
    yield "The file was left as it is; every other profile works."


def _value(profile: Profile, option: Option, origin: str) -> Content:
    from termai.profiles.values import format_value

    value = profile.value(option.key)
    empty = value in (None, "", ())
    shown = "-" if empty else format_value(option, value)
    counted = isinstance(value, int | float) and not isinstance(value, bool)
    return _line(option.key, shown, option.unit if counted else "", origin)


def _line(key: str, value: str, unit: str, origin: str) -> Content:
    text = one_line(f"{value} {unit}".strip(), 60)
    style = "bold" if origin == SET else "$muted"
    return Content.assemble(f"{key:<20} ", (f"{text:<24} ", style), (origin, "$muted"))


def _file(profile: Profile) -> str:
    if profile.shipped:
        return "comes with termai"
    return formats.place(profile.path) if profile.path else "not saved"
