"""What the editor of a profile asks: a text of several lines, whether to leave, how to restart."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static, TextArea

from termai.profiles.values import format_value
from termai.text import one_line
from termai.tui import icons
from termai.tui.screens.dialogs import BOX, Note

if TYPE_CHECKING:
    from termai.profiles.diff import Difference
    from termai.servers.changes import Changes
    from termai.tui.profile_flaws import Flaw

_TAKE = "Use what is typed."
_FLAW = 400  # characters of what is wrong


class ProseScreen(ModalScreen["str | None"]):
    """Edits a text of any length; returns it, None when it is left as it was."""

    DEFAULT_CSS = """
    ProseScreen { align: center middle; }
    ProseScreen > Vertical {
        width: 100%; max-width: 100; height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ProseScreen TextArea { height: 1fr; border: none; padding: 0; background: $surface; }
    ProseScreen Label { color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take", "Take it", id="prose.take", priority=True, tooltip=_TAKE),
        Binding("escape", "leave", "Leave it", id="prose.leave", tooltip="As it was before."),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """Yield the text and the keys."""
        with Vertical() as box:
            box.border_title = Content(one_line(self._title))
            yield TextArea(self._text, soft_wrap=True, tab_behavior="indent", compact=True)
            yield Label(Content("Ctrl+S takes it   Escape leaves it as it was"))

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        self.set_focus(area)
        area.move_cursor(area.document.end)

    def action_take(self) -> None:
        """Return the text."""
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        """Return nothing."""
        self.dismiss(None)


class AboutScreen(Note):
    """Shows a text that may be longer than the window; it scrolls."""

    DEFAULT_CSS = """
    AboutScreen > Vertical { width: 90%; max-width: 84; }
    AboutScreen VerticalScroll { height: auto; max-height: 55vh; }
    """

    def compose(self) -> ComposeResult:
        """Yield the text and the key to leave it."""
        with Vertical() as box:
            box.border_title = Content(self._title)
            with VerticalScroll():
                yield Static(Content(self._text))
            yield Label(Content(self._keys), classes="keys")


class LeaveScreen(ModalScreen[str]):
    """Asks what to do with unsaved changes: returns save, discard, or nothing to go on."""

    DEFAULT_CSS = f"LeaveScreen {{ {BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,enter", "answer('save')", "Save", id="leave.save", tooltip="Save, then leave."),
        Binding("d", "answer('discard')", "Discard", id="leave.discard", tooltip="Forget them."),
        Binding("escape,n", "answer('')", "Go on", id="leave.stay", tooltip="Go on editing."),
    ]

    def __init__(self, name: str, *, new: bool) -> None:
        super().__init__()
        self._text = (
            f"{one_line(name, 60)} is not saved."
            if new
            else f"{one_line(name, 60)} has changes that are not saved."
        )

    def compose(self) -> ComposeResult:
        """Yield the question and its keys."""
        with Vertical() as box:
            box.border_title = Content("Leave the editor")
            yield Static(Content(self._text))
            yield Label(Content("s save   d discard   Escape goes on editing"), classes="keys")

    def action_answer(self, answer: str) -> None:
        """Return the answer."""
        self.dismiss(answer)


class Step(StrEnum):
    """What follows when a profile is to be started."""

    NOTHING = ""
    MEND = "mend"
    SAVE = "save"  # it runs, and what was changed needs no restart
    START = "start"
    RESTART = "restart"


class RestartScreen(ModalScreen[Step]):
    """Says what a restart would change in a running server, and asks whether to do it.

    changes: None where nothing runs. wrong: the problems of the profile, said first; with one at
    which the engine ends there is no question.
    """

    DEFAULT_CSS = f"""
    RestartScreen {{ {BOX} }}
    RestartScreen > Vertical {{ width: 90%; max-width: 84; }}
    RestartScreen VerticalScroll {{ height: auto; max-height: 45vh; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "restart", "Restart", id="restart.yes", tooltip="Restart it."),
        Binding("x", "mend", "Fix", id="restart.mend", tooltip="Mend what is wrong first."),
        Binding("enter", "enter", "Go on", id="restart.enter", tooltip="Restart what is sound."),
        Binding("n,escape", "leave", "Not now", id="restart.no", tooltip="Leave it."),
    ]

    def __init__(self, name: str, changes: Changes | None, wrong: Sequence[Flaw] = ()) -> None:
        super().__init__()
        self._name, self._changes, self._wrong = one_line(name, 60), changes, tuple(wrong)
        self._stops = changes is None or any(flaw.stops for flaw in wrong)

    def compose(self) -> ComposeResult:
        """Yield what is wrong, what changes with a restart, what without, and the keys."""
        with Vertical() as box:
            title = "cannot be started like this" if self._changes is None else "runs"
            box.border_title = Content(f"{self._name} {title}")
            with VerticalScroll():
                yield Static(_told(self._changes, self._wrong, stops=self._stops))
            yield Static(Content(self._keys()), classes="keys")

    def _keys(self) -> str:
        mendable = sum(flaw.mended is not None for flaw in self._wrong)
        mend = f"x mends {'the first' if mendable > 1 else 'it'}   " if mendable else ""
        if self._stops:
            return f"{mend}Escape goes back to it"
        again = "y restart it all the same" if self._wrong else "y restart it now"
        return f"{mend}{again}   n leave it running as it is"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no restart that cannot succeed, and mending only where that can be done."""
        if action == "mend":
            return any(flaw.mended is not None for flaw in self._wrong)
        return not self._stops if action == "restart" else True

    def action_restart(self) -> None:
        """Restart it."""
        self.dismiss(Step.RESTART)

    def action_mend(self) -> None:
        """Mend it first."""
        self.dismiss(Step.MEND)

    def action_enter(self) -> None:
        """Restart what is sound, else do nothing."""
        self.dismiss(Step.NOTHING if self._wrong or self._stops else Step.RESTART)

    def action_leave(self) -> None:
        """Leave it as it is."""
        self.dismiss(Step.NOTHING)


def _told(changes: Changes | None, wrong: Sequence[Flaw], *, stops: bool) -> Content:
    parts = [_flaw(flaw) for flaw in wrong if flaw.stops or not stops]
    if changes is None or stops:
        return Content("\n\n").join(parts)
    if not changes:
        parts.append(Content("It runs with these very values already. Restart it all the same?"))
    if changes.restart:
        parts.append(_list("A restart is needed for", changes.restart))
    if changes.live:
        parts.append(_list("Used from the next message on, without a restart", changes.live))
    if changes.later:
        parts.append(_list("Matters at a start only", changes.later))
    return Content("\n\n").join(parts)


def _flaw(flaw: Flaw) -> Content:
    sign = Content.styled(f"{icons.sign(flaw.severity)} ", icons.STYLES[flaw.severity])
    told = Content(one_line(f"{flaw.text} {flaw.fix_text}".rstrip(), _FLAW))
    return Content.assemble(sign, told)


def _list(title: str, differences: Sequence[Difference]) -> Content:
    lines = [Content.styled(title, "bold")]
    for difference in differences:
        before = value_of_text(difference, difference.before)
        after = value_of_text(difference, difference.after)
        lines.append(Content(one_line(f"  {difference.key}: {before} → {after}", 76)))
    return Content("\n").join(lines)


def value_of_text(difference: Difference, text: str | None) -> str:
    """Return a side of a difference; where it is not set, the default that is in force then."""
    if text:
        return one_line(text, 40)
    option = difference.option
    default = format_value(option, option.default) if option else ""
    return f"{one_line(default, 24)}, the default" if default else "unset"
