"""A profile that somebody else has changed meanwhile: which of the two is to be kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from termai.tui import formats
from termai.tui.screens.dialogs import BOX

if TYPE_CHECKING:
    from typing import Literal

    Side = Literal["ours", "theirs", ""]

_OURS = "Write what you have; theirs stays in the history."
_THEIRS = "Take what is on disk and drop your changes."
_BACK = "Decide later; nothing is written."


class ConflictScreen(ModalScreen["Side"]):
    """Asks which text of ``path`` is to be kept; empty when that is left open.

    theirs: what is on disk now, empty where the file was removed. ours: what a save would write.
    """

    DEFAULT_CSS = f"""
    ConflictScreen {{ {BOX} }}
    ConflictScreen > Vertical {{ width: 90%; max-width: 76; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "keep('ours')", "Ours", id="conflict.ours", tooltip=_OURS),
        Binding("t", "keep('theirs')", "Theirs", id="conflict.theirs", tooltip=_THEIRS),
        Binding("d", "diff", "Diff", id="conflict.diff", tooltip="See what differs."),
        Binding("escape", "keep('')", "Back", id="conflict.back", tooltip=_BACK),
    ]

    def __init__(self, path: Path, ours: str, theirs: str) -> None:
        super().__init__()
        self._path, self._ours, self._theirs = path, ours, theirs

    def compose(self) -> ComposeResult:
        """Yield what has happened and the ways out."""
        with Vertical() as box:
            box.border_title = "Changed meanwhile"
            yield Static(Content(self._told()))
            yield Label(Content(self._keys()), classes="keys")

    def _told(self) -> str:
        place = formats.place(self._path)
        if not self._theirs:
            return f"Somebody has removed {place} since you began. Nothing was written."
        return (
            f"Somebody has changed {place} since you began. Nothing was written yet.\n\n"
            "o  keep yours; theirs stays in the history\n"
            "t  keep theirs; your changes are dropped\n"
            "d  see what differs"
        )

    def _keys(self) -> str:
        if self._theirs:
            return "o ours   t theirs   d diff   Escape goes back"
        return "o writes it again   Escape goes back"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer theirs only where there is one."""
        if action == "diff" or parameters == ("theirs",):
            return bool(self._theirs)
        return True

    def action_keep(self, side: Side) -> None:
        """Return the answer."""
        self.dismiss(side)

    def action_diff(self) -> None:
        """Show what differs between the two."""
        from termai.tui.profile_work import diff_of_texts
        from termai.tui.screens.profiles_diff import DiffScreen

        names = ("theirs", "ours")
        text = diff_of_texts(self._theirs, self._ours, names)
        self.app.push_screen(DiffScreen("Theirs and yours", (), text, names))
