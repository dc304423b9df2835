"""The list of profiles: the user's own first, then files that do not read, then termai's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.widgets import Input

from termai.tui import profile_rows
from termai.tui.background import program
from termai.tui.columns import Cell
from termai.tui.profile_work import Broken, Listed
from termai.tui.widgets.model_table import ModelTable

if TYPE_CHECKING:
    from termai.profiles.profile import Profile

_BROKEN = "broken:"
_EDIT = "See and change every option of the profile."


class FilterLine(Input):
    """The line to filter with; Enter is shown among the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "To the list", id="profiles.keep", tooltip="Keep the filter."),
    ]

    def on_mount(self) -> None:
        self.cursor_blink = False  # a blink is a drawing, twice a second, also over SSH


class ProfileList(ModelTable):
    """Lists what was read; ``wanted`` are words that a profile must have to be shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick", "Edit", id="profiles.edit", tooltip=_EDIT),
    ]

    def __init__(
        self,
        *,
        filtering: Callable[[], Input] | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        """``filtering`` shows and focuses the line that filters the list, and returns it."""
        super().__init__(profile_rows.COLUMNS, self._cells_of, id=id)
        self._filtering = filtering
        self._line: Input | None = None
        self._profiles: dict[str, Profile] = {}
        self._problems: dict[str, Broken] = {}
        self._served: frozenset[str] = frozenset()

    def on_mount(self) -> None:
        self.watch(program(self), "servers", self._mark_running)

    def on_key(self, event: Key) -> None:
        """Begin the filter here, not by a binding: keys of the same burst belong to it."""
        if self._filtering and event.key == "slash":
            self._line = self._filtering()
        elif self._line is None or self._line is not self.screen.focused:
            return
        elif event.is_printable and event.character:
            self._line.insert_text_at_cursor(event.character)
        elif event.key == "backspace":
            self._line.action_delete_left()
        else:
            return
        event.stop()
        event.prevent_default()

    @property
    def profile(self) -> Profile | None:
        """The chosen profile, None where none or a broken one is chosen."""
        return self._profiles.get(self.chosen)

    @property
    def problem(self) -> Broken | None:
        """The chosen file that cannot be read, None where another is chosen."""
        return self._problems.get(self.chosen)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all profiles, in the order of the list."""
        return tuple(self._profiles)

    def fill(self, listed: Listed, wanted: str = "") -> None:
        """Show what was read."""
        broken = {f"{_BROKEN}{number}": one for number, one in enumerate(listed.broken)}
        own = {profile.name: profile for profile in listed.own}
        shipped = {profile.name: profile for profile in listed.shipped}
        self._profiles, self._problems = own | shipped, broken
        words = wanted.casefold().split()
        rows = [*own, *broken, *shipped]
        self.show([identity for identity in rows if self._has(identity, words)])
        self.redraw()

    def _has(self, identity: str, words: Sequence[str]) -> bool:
        if identity in self._problems:
            return not words
        profile = self._profiles[identity]
        said = f"{profile.name} {profile.description} {profile_rows.model_of(profile)}".casefold()
        return all(word in said for word in words)

    def _cells_of(self, identity: str) -> Sequence[Cell]:
        if identity in self._problems:
            broken = self._problems[identity]
            return profile_rows.broken_cells(broken.name, broken.error)
        profile = self._profiles[identity]
        return profile_rows.cells(profile, running=profile.name in self._served)

    def _mark_running(self) -> None:
        """Draw again those whose server has started or stopped."""
        before = self._served
        self._served = frozenset(s.profile for s in program(self).servers if s.alive)
        self.redraw(before ^ self._served)
