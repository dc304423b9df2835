"""What the installed engine does not know, or no longer knows, of a profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from termai.errors import TermaiError
from termai.text import one_line
from termai.tui import icons, profile_work
from termai.tui.background import Background
from termai.tui.screens.dialogs import BOX

if TYPE_CHECKING:
    from termai.engines.drift import Drift
    from termai.profiles.profile import Profile
    from termai.tui.profile_work import Checked

_ASKING = "Asks the engine which flags it knows …"
_UPDATE = "Put right what can be; the version before stays in the history."


class CheckScreen(ModalScreen["Profile | None"], Background):
    """Checks a profile against its engine; returns it updated, not saved, None when it is left."""

    DEFAULT_CSS = f"""
    CheckScreen {{ {BOX} }}
    CheckScreen > Vertical {{ width: 90%; max-width: 90; }}
    CheckScreen VerticalScroll {{ height: auto; max-height: 100%; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u,enter", "update", "Update", id="check.update", tooltip=_UPDATE),
        Binding("escape,q,f", "leave", "Close", id="check.close", tooltip="Change nothing."),
    ]

    @dataclass
    class Seen(Message):
        """The profile was checked, or why it could not be."""

        checked: Checked | None
        problem: str = ""

    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self._checked_profile = profile
        self._updated: Profile | None = None

    def compose(self) -> ComposeResult:
        """Yield what was found and the keys."""
        with Vertical() as box:
            box.border_title = Content(f"Flags of {one_line(self._checked_profile.name, 50)}")
            with VerticalScroll():
                yield Static(_ASKING, id="told", markup=False)
            yield Label(Content("Escape closes"), classes="keys")

    def on_mount(self) -> None:
        self.background(self._look, _same, group="check")

    def _look(self) -> Seen:
        try:
            return self.Seen(profile_work.checked(self._checked_profile))
        except TermaiError as error:
            return self.Seen(None, str(error))

    def on_check_screen_seen(self, message: Seen) -> None:
        """Show what was found, and offer to put it right."""
        checked = message.checked
        self._updated = checked.updated if checked else None
        content = Content(message.problem) if checked is None else Content("\n").join(told(checked))
        self.query_one("#told", Static).update(content)
        update = "u updates the profile   " if self._updated is not None else ""
        self.query_one(Label).update(Content(f"{update}Escape closes"))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer updating where something can be put right."""
        return self._updated is not None if action == "update" else True

    def action_update(self) -> None:
        """Return the updated profile."""
        if self._updated is not None:
            self.dismiss(self._updated)

    def action_leave(self) -> None:
        """Return nothing, which closes when there is nothing to put right, too."""
        self.dismiss(None)


def told(checked: Checked) -> Iterator[Content]:
    """Yield the lines that say what an engine does not know of a profile."""
    engine = one_line(checked.engine, 60)
    if not checked.drifts:
        yield Content(f"{engine} knows every flag of it.")
        return
    yield Content.styled(f"{engine} says otherwise:", "$muted")
    for drift in checked.drifts:
        yield from _lines(drift)
    if checked.updated is not None:
        yield Content("")
        yield Content.styled(_UPDATE, "$muted")


def _lines(drift: Drift) -> Iterator[Content]:
    state = "problem" if drift.fatal else "warning"
    sign = ("  ", "") if drift.hint else (f"{icons.sign(state)} ", icons.STYLES[state])
    yield Content.assemble(sign, (one_line(f"{drift.where}  {drift.flag}"), "bold"))
    yield Content(f"  {one_line(drift.problem)}")
    if drift.successor:
        yield Content.assemble("  instead: ", (one_line(drift.successor), "bold"))


def _same(message: CheckScreen.Seen) -> CheckScreen.Seen:
    return message
