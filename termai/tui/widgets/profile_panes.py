"""What stands beside and above a profile's fields: its title, its memory, the help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from termai.text import one_line
from termai.tui import profile_lines, profile_memory
from termai.tui.widgets.model_text import TextPane

if TYPE_CHECKING:
    from termai.servers.preview import Preview
    from termai.tui.profile_fields import Field, Shown
    from termai.tui.profile_flaws import Flaw


class EditorTitle(Widget):
    """One line: the profile, whether it is saved, which options are listed, where it runs."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "EditorTitle { height: 1; padding: 0 1; background: $panel; }"

    name_shown: reactive[str] = reactive("")
    state: reactive[str] = reactive("")
    unsaved: reactive[bool] = reactive(False)
    listing: reactive[str] = reactive("")
    runs: reactive[str] = reactive("")

    def render(self) -> Content:
        """Return the line; where there is little room, what runs and the listing give way."""
        room = max(10, self.size.width - 2)
        state_style = "$text-warning bold" if self.unsaved else "$muted"
        left = Content.assemble(
            (one_line(self.name_shown, max(8, room // 3)), "bold"), "  ", (self.state, state_style)
        )
        right = ""
        for part in (self.listing, self.runs):
            longer = f"{part}  {right}".rstrip()
            if part and len(longer) + left.cell_length + 2 <= room:
                right = longer
        gap = max(1, room - left.cell_length - len(right))
        return Content.assemble(left, " " * gap, right)


class PreviewPane(TextPane, can_focus=False):
    """The memory that a profile would take, and what is wrong with it."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.preview: Preview | None = None
        self.flaws: tuple[Flaw, ...] = ()
        self.first: Flaw | None = None
        self.before: int | None = None

    def tell(
        self,
        preview: Preview | None,
        flaws: tuple[Flaw, ...] = (),
        first: Flaw | None = None,
        before: int | None = None,
    ) -> None:
        """Show a preview; ``first`` is the flaw that x mends, ``before`` the saved total."""
        self.preview, self.flaws, self.first, self.before = preview, flaws, first, before
        self.show(self._text)

    def _text(self, width: int, height: int) -> Content:
        memory = profile_memory.lines(self.preview, self.before, width)
        room = height - len(memory)
        told = profile_memory.flaw_lines(self.flaws, self.first, width, height=room)
        advice = profile_memory.advice_lines(self.preview, width)
        spare = height - len(memory) - len(told) - len(advice)
        gaps = [(Content(""),) if part and spare > 1 else () for part in (told, advice)]
        return Content("\n").join((*memory, *gaps[0], *told, *gaps[1], *advice))


class PreviewStrip(Widget):
    """The same in two lines, for a terminal without room beside the fields."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "PreviewStrip { height: 2; padding: 0 1; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._preview: Preview | None = None
        self._first: Flaw | None = None

    def tell(self, preview: Preview | None, first: Flaw | None) -> None:
        """Show a preview; ``first`` is the flaw to name."""
        if (preview, first) != (self._preview, self._first):
            self._preview, self._first = preview, first
            self.refresh()

    def render(self) -> Content:
        """Return the two lines."""
        return profile_memory.strip(self._preview, self._first, max(10, self.size.width - 2))


class FieldHelp(TextPane, can_focus=False):
    """All about the chosen field, below what is wrong with what was typed."""

    def tell(self, field: Field | None, shown: Shown | None, wrong: str = "") -> None:
        """Show the help of a field."""

        def draw(width: int, height: int) -> Content:
            if field is None or shown is None:
                return Content.styled("No option has these words. Escape shows all.", "$muted")
            return profile_lines.about(field, shown, wrong, width, height)

        self.show(draw, top=True)
