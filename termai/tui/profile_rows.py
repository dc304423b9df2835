"""What the list of profiles says of each, and every value of one with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.profiles.option import REMOTE
from termai.text import one_line, printable
from termai.tui import formats, icons
from termai.tui.columns import Cell, Column

if TYPE_CHECKING:
    from termai.errors import InvalidFileError
    from termai.profiles.option import Option
    from termai.profiles.profile import Profile

SET, DEFAULT = "profile", "default"
COLUMNS = (
    Column("Name", 26),
    Column("Model", 24, 2, flexible=True),
    Column("Context", 7, 3, right=True),
    Column("Whose", 8, 1),
)
_KEY = 20  # cells of the keys' column
_NO_MODEL = "asks when it is started"


def cells(profile: Profile, *, running: bool = False) -> Sequence[Cell]:
    """Return what the columns say of a profile; ``running``: whether a server of it runs."""
    sign = f"{icons.sign('ready')} " if running else ""
    name = Content.assemble((sign, icons.STYLES["ready"]), (one_line(profile.name), "bold"))
    context = profile.values.get("ctx_size")
    return (
        name,
        _model(profile),
        formats.tokens(context) if isinstance(context, int) and context else "-",
        Content.styled("termai's" if profile.shipped else "yours", "$muted"),
    )


def broken_cells(name: str, error: InvalidFileError) -> Sequence[Cell]:
    """Return what the columns say of a file that cannot be read."""
    sign = Content.styled(f"{icons.sign('problem')} broken", icons.STYLES["problem"])
    shown = Content.assemble(sign, f" {one_line(name)}")
    return shown, one_line(error.message), "-", Content.styled("yours", "$muted")


def row(profile: Profile, width: int, *, running: bool = False) -> Content:
    """Return one line about a profile: name, whose it is, and what it is for."""
    from termai.profiles.kept import masked_value

    sign = icons.sign("ready") if running else " "
    whose = "termai's" if profile.shipped else "yours"
    rest = max(10, width - 33)
    return Content.assemble(
        (f"{sign} ", icons.STYLES["ready"]),
        (f"{one_line(profile.name, 20):<20} ", "bold"),
        (f"{whose:<9} ", "$muted"),
        one_line(masked_value(profile.description or model_of(profile)), rest),
    )


def model_of(profile: Profile) -> str:
    """Return the model that a profile names, or that it names none."""
    return profile.served or "asks for the model when it is started"


def _model(profile: Profile) -> Content:
    """Return the file's name without its ending: a column has no room for directories."""
    reference = one_line(profile.served)
    if not reference:
        return Content.styled(_NO_MODEL, "$muted")
    if profile.engine == REMOTE:
        return Content(reference)
    return Content(reference.rpartition("/")[2].removesuffix(".gguf"))


def details(profile: Profile, width: int = 80) -> Content:
    """Return all values in lines of ``width`` cells: those that the profile sets, then the common
    ones that it leaves.
    """
    from termai.profiles.kept import masked
    from termai.profiles.schema import OPTIONS

    kept = profile.kept
    profile = masked(profile, kept=False)
    chosen = [option for option in OPTIONS if profile.is_set(option.key)]
    left = [option for option in OPTIONS if option.basic and not profile.is_set(option.key)]
    values = [
        ("engine", profile.engine, SET if profile.engine != "auto" else DEFAULT),
        *(_value(profile, option, SET) for option in chosen),
        *((f"args.{k}", " ".join(v), SET) for k, v in profile.args.items()),
        *((f"env.{k}", v, SET) for k, v in profile.env.items()),
        *((f"kept.{k}", _kept(len(v)), SET) for k, v in kept.items()),
        *(_value(profile, option, DEFAULT) for option in left),
    ]
    head = [
        Content.styled(printable(profile.description or profile.name), "bold"),
        Content.styled(_file(profile), "$muted"),
    ]
    return Content("\n").join([*head, *(_line(*value, width) for value in values)])


def broken_details(error: InvalidFileError) -> Content:
    """Return what is wrong with a profile and what to do."""
    return Content("\n\n").join(Content(part) for part in _parts(error))


def _parts(error: InvalidFileError) -> Iterator[str]:
    yield printable(error.message)
    if error.fix:
        yield printable(error.fix)
    if error.detail:
        yield printable("\n".join(error.detail))
    yield "The file was left as it is; every other profile works. e opens it in your editor."


def _value(profile: Profile, option: Option, origin: str) -> tuple[str, str, str]:
    from termai.profiles.values import format_value

    value = profile.value(option.key)
    empty = value in (None, "", ())
    shown = "-" if empty else format_value(option, value)
    counted = isinstance(value, int | float) and not isinstance(value, bool)
    return option.key, f"{shown} {option.unit if counted else ''}", origin


def _kept(count: int) -> str:
    return f"{count} {'key' if count == 1 else 'keys'} for an export"


def _line(key: str, value: str, origin: str, width: int) -> Content:
    """Return key, value and where it comes from; of a long value its end, as a path's tells."""
    flat = one_line(value)
    room = max(8, width - _KEY - len(DEFAULT) - 2)
    shown = flat if len(flat) <= room else f"…{flat[1 - room :]}"
    style = "bold" if origin == SET else "$muted"
    pad = min(24, room)
    return Content.assemble(f"{key:<{_KEY}} ", (f"{shown:<{pad}} ", style), (origin, "$muted"))


def _file(profile: Profile) -> str:
    if profile.shipped:
        return "comes with termai; what you change is saved as a copy of your own"
    return formats.place(profile.path) if profile.path else "not saved"
