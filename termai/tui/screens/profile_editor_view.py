"""What the editor of a profile shows: its fields, the memory they take here, what clashes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.getters import query_one
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer

from termai.tui import profile_edits, profile_memory
from termai.tui.background import Background, program
from termai.tui.profile_draft import Draft
from termai.tui.profile_look import Look, Looker
from termai.tui.widgets.mode_bar import ModeBar
from termai.tui.widgets.profile_form import FieldForm
from termai.tui.widgets.profile_panes import EditorTitle, FieldHelp, PreviewPane, PreviewStrip

if TYPE_CHECKING:
    from termai.profiles.clashes import Clash
    from termai.profiles.profile import Profile


class EditorView(Screen["Profile | None"], Background):
    """Shows a draft and looks at what it would do here, one profile at a time, the newest next.

    field: the identity of the field to begin with.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (66, "-beside"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall")]  # noqa: RUF012 - Textual's type
    DEFAULT_CSS = """
    EditorView { layout: vertical; }
    EditorView #strip { display: none; }
    EditorView #body {
        height: 1fr; layout: grid; grid-size: 2 2; grid-columns: 1fr 32; grid-rows: 1fr 7;
    }
    EditorView #preview { height: 100%; border-left: solid $primary 40%; padding: 0 1; }
    EditorView #help {
        column-span: 2; height: 100%; border-top: solid $primary 40%; padding: 0 1;
    }
    EditorView.-slim #strip, EditorView.-short #strip { display: block; }
    EditorView.-slim #preview, EditorView.-short #preview { display: none; }
    EditorView.-slim #body, EditorView.-short #body {
        grid-size: 1 2; grid-columns: 1fr; grid-rows: 1fr 3;
    }
    EditorView.-slim #help, EditorView.-short #help {
        column-span: 1; border-top: none;
    }
    EditorView.-slim.-tall #body { grid-rows: 1fr 8; }
    EditorView.-wide #strip { display: none; }
    EditorView.-wide #preview { display: block; }
    EditorView.-wide #body {
        grid-size: 2 2; grid-columns: 1fr 42%; grid-rows: 1fr 12;
    }
    EditorView.-wide FieldForm { row-span: 2; }
    EditorView.-wide #help {
        column-span: 1; border-top: solid $primary 40%; border-left: solid $primary 40%;
    }
    """
    form = query_one(FieldForm)

    @dataclass
    class Looked(Message):
        """What a profile would do on this machine."""

        look: Look

    @dataclass
    class Stored(Message):
        """The profile is on disk like this now."""

        profile: Profile

    @dataclass
    class Changed(Message):
        """A dialog has changed the profile."""

        profile: Profile

    def __init__(self, profile: Profile, field: str = "") -> None:
        super().__init__()
        self.draft = Draft.of(profile)
        self.look: Look | None = None
        self._field = field
        self._looker = Looker()
        self._looking = False
        self._wanted = profile  # what is to be looked at: the draft, or what is being typed
        self._saved_as: Profile | None = None
        self._before: int | None = None  # bytes that the profile as it is saved would take
        self._wrong = ""
        self._mendable: Clash | None = None

    def compose(self) -> ComposeResult:
        """Yield title, fields, memory with clashes, and help."""
        yield ModeBar("profiles")
        yield EditorTitle()
        yield PreviewStrip(id="strip")
        with Container(id="body"):
            yield FieldForm(self.draft)
            yield PreviewPane(id="preview")
            yield FieldHelp(id="help")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.watch(self.form, "everything", self._show_title, init=False)
        self.watch(self.form, "count", self._show_title, init=False)
        self.watch(program(self), "servers", self._show_title, init=False)
        self.watch(program(self), "machine", self._ask, init=False)
        self.form.choose(self._field or "path")
        self.form.enter()
        self._show()
        self._ask()

    # What is looked at: one profile at a time, the newest next.

    def _ask(self) -> None:
        """Look at the wanted profile now, or after the look that goes on."""
        if not self._looking:
            self._looking = True
            self.background(partial(self._looker.look, self._wanted), self.Looked, group="look")

    def on_editor_view_looked(self, message: Looked) -> None:
        """Show what the profile would do; look again where it has changed meanwhile."""
        self._looking = False
        self.look = message.look
        if message.look.profile == self.draft.saved and message.look.preview is not None:
            self._before = profile_memory.total(message.look.preview)
        if message.look.profile is not self._wanted:
            self._ask()
        self._show_look()

    def on_field_form_tried(self, message: FieldForm.Tried) -> None:
        """Look at what is being typed."""
        self._wanted = message.profile
        self._ask()

    def on_field_form_left(self) -> None:
        """Go back to what was there before something was typed."""
        self._wanted = self.draft.profile
        self._ask()

    def on_field_form_taken(self, message: FieldForm.Taken) -> None:
        """Take over a change."""
        self._become(self.draft.to(message.profile))

    def on_editor_view_changed(self, message: Changed) -> None:
        """Take over what a dialog has changed."""
        self._become(self.draft.to(message.profile))

    def on_editor_view_stored(self, message: Stored) -> None:
        """Take over what is on disk now."""
        self._saved_as = message.profile
        self._before = None
        self._become(self.draft.stored(message.profile))

    def _become(self, draft: Draft) -> None:
        self.draft = draft
        self._wanted = draft.profile
        self._show()
        self._ask()

    # What is shown.

    def _show(self) -> None:
        self._show_look()
        self._show_title()
        self.refresh_bindings()

    def _show_look(self) -> None:
        preview = self.look.preview if self.look else None
        clashes = preview.clashes if preview else ()
        self.form.show(self.draft, preview.automatic if preview else {}, clashes)
        self._show_chosen()

    def _show_chosen(self) -> None:
        """Show what depends on the chosen field."""
        preview = self.look.preview if self.look else None
        first = self._first_to_mend()
        if (first is None) != (self._mendable is None):
            self.refresh_bindings()
        self._mendable = first
        self.query_one(PreviewPane).tell(preview, first, self._before)
        shown = first or next(iter(preview.clashes if preview else ()), None)
        self.query_one(PreviewStrip).tell(preview, shown)
        self._show_help()

    def _show_help(self) -> None:
        field = self.form.chosen
        shown = self.form.shown(field) if field else None
        self.query_one(FieldHelp).tell(field, shown, self._wrong)

    def _show_title(self) -> None:
        title = self.query_one(EditorTitle)
        profile, app = self.draft.profile, program(self)
        title.name_shown = profile.name
        title.unsaved = self.draft.unsaved
        title.state = self._state()
        title.listing = self.form.count or (
            "all options" if self.form.everything else "usual options"
        )
        server = profile_edits.running(app, profile)
        title.runs = f"runs on :{server.port}" if server else ""

    def _state(self) -> str:
        if self.draft.saved.path is None:
            return "• not saved yet"
        if self.draft.changed:
            return "• changed"
        return "comes with termai" if self.draft.saved.shipped else "saved"

    def _first_to_mend(self) -> Clash | None:
        preview = self.look.preview if self.look else None
        field = self.form.chosen
        return profile_memory.to_mend(
            preview.clashes if preview else (), field.identity if field else ""
        )

    def on_field_form_chosen(self, message: FieldForm.Chosen) -> None:
        """Say all about another field."""
        self._show_chosen()

    def on_field_form_wrong(self, message: FieldForm.Wrong) -> None:
        """Say what is wrong with what is typed, or that it is no longer."""
        if message.why != self._wrong:
            self._wrong = message.why
            self._show_help()

    def on_field_form_wanted(self, message: FieldForm.Wanted) -> None:
        """Ask for a value that needs more than a line."""

        async def ask() -> None:
            app = program(self)
            after = await profile_edits.value_of(app, self.draft.profile, message.field)
            if after is not None:
                self.post_message(self.Changed(after))

        self.flow(ask, group="ask", exclusive=True)
