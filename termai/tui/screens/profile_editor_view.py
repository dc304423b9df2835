"""What the editor of a profile shows: its fields, the memory they take here, what clashes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from time import time
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer

from termai.errors import TermaiError
from termai.text import one_line
from termai.tui import formats, profile_edits, profile_look, profile_memory
from termai.tui.background import Background, program
from termai.tui.messages import Failed
from termai.tui.profile_draft import Draft
from termai.tui.profile_flaws import Flaw, to_mend
from termai.tui.profile_look import Keeper, Look, Looker
from termai.tui.widgets.mode_bar import ModeBar
from termai.tui.widgets.profile_form import FieldForm
from termai.tui.widgets.profile_panes import EditorTitle, FieldHelp, PreviewPane, PreviewStrip

if TYPE_CHECKING:
    from textual.timer import Timer

    from termai.profiles.profile import Profile
    from termai.profiles.unsaved import Unsaved

POLL_S = 2.0  # between two looks at the file, which others may write
KEEP_S = 0.3  # after a change, until it is kept for the case that the terminal goes


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

    @dataclass
    class Looked(Message):
        """What a profile would do on this machine."""

        look: Look

    @dataclass
    class Stored(Message):
        """The profile is on disk like this now."""

        profile: Profile

    @dataclass
    class Left(Message):
        """What somebody left unsaved of this profile, None for nothing."""

        unsaved: Unsaved | None

    @dataclass
    class Newer(Message):
        """What somebody else has made of the profile meanwhile, None for nothing."""

        profile: Profile | None

    @dataclass
    class Changed(Message):
        """A dialog has changed the profile."""

        profile: Profile

    def __init__(self, profile: Profile, field: str = "") -> None:
        super().__init__()
        self.form = FieldForm(Draft.of(profile))
        self.look: Look | None = None
        self._field = field
        self._looker = Looker()
        self._looking = False
        self._keeper = Keeper(lambda: self.draft)
        self._keep_timer: Timer | None = None
        self._wanted = profile  # what is to be looked at: the draft, or what is being typed
        self._saved_as: Profile | None = None
        self._before: int | None = None  # bytes that the profile as it is saved would take
        self._wrong = ""
        self._said = ""  # what a look failed with
        self._newer = ""  # the revision of somebody else's that was told
        self._writing = 0  # how many writes of ours go on
        self._mendable: Flaw | None = None

    def compose(self) -> ComposeResult:
        """Yield title, fields, memory with clashes, and help."""
        yield ModeBar("profiles")
        yield EditorTitle()
        yield PreviewStrip(id="strip")
        with Container(id="body"):
            yield self.form
            yield PreviewPane(id="preview")
            yield FieldHelp(id="help")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._fit_to_size()
        self.watch(self.form, "everything", self._show_title, init=False)
        self.watch(self.form, "count", self._show_title, init=False)
        self.watch(program(self), "servers", self._show_title, init=False)
        self.watch(program(self), "machine", self._machine_seen, init=False)
        self.form.choose(self._field or "path")
        self.form.enter()
        self._show()
        self._ask()
        self.background(partial(profile_look.left, self.draft.saved), self.Left, group="left")
        self.set_interval(POLL_S, self._look_for_newer)

    def _fit_to_size(self) -> None:
        """Lay it out for the terminal at once; Textual does so with the first resize, after it."""
        width, height = self.app.size
        for length, classes in (
            (width, self.HORIZONTAL_BREAKPOINTS),
            (height, self.VERTICAL_BREAKPOINTS),
        ):
            self.add_class(max(one for one in classes if one[0] <= length)[1])

    def on_unmount(self) -> None:
        if self._keep_timer is not None:
            with suppress(TermaiError):
                self._keeper.keep()

    def on_editor_view_left(self, message: Left) -> None:
        """Go on where somebody left the profile without saving it."""
        left = message.unsaved
        if left is not None and left.elsewhere:
            name = one_line(self.draft.saved.name)
            told = f"{name} is open in another termai too, with changes that are not saved there."
            self.notify(told, severity="warning", markup=False)
        elif left is not None and not self.draft.changed:
            self._become(self.draft.to(left.profile))
            when = formats.moment(left.at, time())
            told = f"Changes of {when} that were not saved are here again; r reverts them."
            self.notify(told, markup=False)

    def _keep(self) -> None:
        """Keep what is not saved, in a moment; nothing is lost when the terminal goes."""
        if self._keep_timer is not None:
            self._keep_timer.stop()
        self._keep_timer = self.set_timer(KEEP_S, self._keep_now)

    def _keep_now(self) -> None:
        self._keep_timer = None
        self.background(self._keeper.keep, group="keep")

    def on_screen_resume(self) -> None:
        """Look at the file, the machine and the engines again."""
        self._look_for_newer()
        self._looker.refresh()
        self._ask()

    def _look_for_newer(self) -> None:
        """Look whether somebody else has written the file, unless a question is open."""
        if self.is_current and not self._writing:
            look = partial(profile_look.newer, self.draft.saved)
            self.background(look, self.Newer, group="newer", exclusive=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Take no write that goes on here for somebody else's."""
        self._writing += 1
        try:
            yield
        finally:
            self._writing -= 1

    def on_editor_view_newer(self, message: Newer) -> None:
        """Take over what somebody else has written, unless there are changes of one's own."""
        newer = message.profile
        if newer is not None and not self._writing:
            self.meet(newer)

    def meet(self, newer: Profile) -> None:
        """Take over what somebody else has written, or tell of it once where there are changes."""
        if newer.revision == self.draft.saved.revision:
            return
        told = f"{one_line(newer.name)} was changed by somebody else meanwhile"
        if not self.draft.changed:
            self._before = None
            self._become(self.draft.stored(newer))
            self.notify(f"{told}; this is what it says now.", markup=False)
        elif newer.revision != self._newer:
            self.notify(f"{told}; Ctrl+S asks which to keep.", severity="warning", markup=False)
        self._newer = newer.revision

    # What is looked at: one profile at a time, the newest next.

    def _ask(self) -> None:
        """Look at the wanted profile now, or after the look that goes on."""
        if not self._looking:
            self._looking = True
            self.background(partial(self._look_at, self._wanted), self.Looked, group="look")

    def _machine_seen(self) -> None:
        if self.is_current:
            self._ask()

    def _look_at(self, profile: Profile) -> Look:
        """Return what a profile would do; called in a thread, what goes wrong is told once."""
        try:
            return self._looker.look(profile)
        except Exception as error:  # noqa: BLE001 - a form without numbers is better than none
            if str(error) != self._said:
                self._said = str(error)
                self.post_message(Failed.of(error))
            return Look(profile, None)

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

    def on_field_form_taken(self) -> None:
        """Show what a change does."""
        self._become(self.draft)

    def on_editor_view_changed(self, message: Changed) -> None:
        """Take over what a dialog has changed."""
        self._become(self.draft.to(message.profile))

    def on_editor_view_stored(self, message: Stored) -> None:
        """Take over what is on disk now."""
        self._saved_as = message.profile
        self._before = None
        self._become(self.draft.stored(message.profile))

    def _become(self, draft: Draft) -> None:
        self.form.draft = draft
        self._wanted = draft.profile
        self._keep()
        self._show()
        self._ask()

    # What is shown.

    def _show(self) -> None:
        self._show_look()
        self._show_title()
        self.refresh_bindings()

    def _show_look(self) -> None:
        preview = self.look.preview if self.look else None
        self.form.show(preview.automatic if preview else {}, self.flaws)
        self._show_chosen()

    def _show_chosen(self) -> None:
        """Show what depends on the chosen field."""
        preview = self.look.preview if self.look else None
        first = self.first_to_mend
        if (first is None) != (self._mendable is None):
            self.refresh_bindings()
        self._mendable = first
        self.query_one(PreviewPane).tell(preview, self.flaws, first, self._before)
        self.query_one(PreviewStrip).tell(preview, first or next(iter(self.flaws), None))
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

    @property
    def draft(self) -> Draft:
        """What is edited, with every change that was made."""
        return self.form.draft

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """What is wrong with the profile, problems first."""
        return self.look.flaws if self.look else ()

    @property
    def first_to_mend(self) -> Flaw | None:
        """The flaw that x mends."""
        field = self.form.chosen
        return to_mend(self.flaws, field.identity if field else "")

    def on_field_listing_chosen(self) -> None:
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
