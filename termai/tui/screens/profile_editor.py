"""The editor of a profile: changing it, saving it, starting it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from termai.text import one_line
from termai.tui import icons, profile_actions, profile_edits, profile_fields, profile_look
from termai.tui.background import program
from termai.tui.profile_draft import Draft
from termai.tui.profile_flaws import Flaw, problems, to_mend
from termai.tui.screens.profile_editor_dialogs import AboutScreen, Step
from termai.tui.screens.profile_editor_view import EditorView
from termai.tui.widgets.profile_panes import FieldHelp, PreviewPane

if TYPE_CHECKING:
    from termai.profiles.profile import Profile

_START = "Save, then start it; a running one is restarted after saying what changes."
_FIX = "Mend what is marked with x beside the list."
_COMMAND = "Copy the command that a start runs, and show it."
_DIFF = "What a save would change."
_HISTORY = "Saved versions, which ran well, and going back to one."
_FILE = "Edit the file in your own editor."
_CHECK = "Check its flags against the engine."
_EXPORT = "Write it as a file of another program."
_ABOUT = "All there is to say of the chosen option, and of what is wrong."
_UP = "Up in the memory and what is wrong beside the list, or in the help where that fits."
_DOWN = "Down there."
_REVERT = "As it was saved; u brings the changes back."
_COPIED = "It was copied.  Escape closes"


class ProfileEditor(EditorView):
    """Edits a profile; returns it as it was saved last, None when nothing was saved."""

    HELP = """
Every option of the profile, in groups; those you set are bold, and each says where its value
comes from. Enter edits the chosen one, the arrow keys change it step by step, and beside the
list the memory that the model takes on this machine moves along. What does not go together is
named there; x mends it. Nothing is written before Ctrl+S.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", id="editor.save", tooltip="Write the file."),
        Binding("s", "start", "Start", id="editor.start", tooltip=_START),
        Binding("x", "mend", "Fix", id="editor.mend", tooltip=_FIX),
        Binding("u,ctrl+z", "undo", "Undo", id="editor.undo", show=False, tooltip="Step back."),
        Binding("i", "about", "About", id="editor.about", show=False, tooltip=_ABOUT),
        Binding("y,c", "command", "Command", id="editor.command", show=False, tooltip=_COMMAND),
        Binding("d,v", "difference", "Diff", id="editor.diff", show=False, tooltip=_DIFF),
        Binding("r", "revert", "Revert", id="editor.revert", show=False, tooltip=_REVERT),
        Binding("h", "history", "History", id="editor.history", show=False, tooltip=_HISTORY),
        Binding("e", "file", "$EDITOR", id="editor.file", show=False, tooltip=_FILE),
        Binding("f", "check", "Flags", id="editor.check", show=False, tooltip=_CHECK),
        Binding("o", "export", "Export", id="editor.export", show=False, tooltip=_EXPORT),
        Binding("left_square_bracket", "beside(-1)", "Up", id="editor.up", show=False, tooltip=_UP),
        Binding(
            "right_square_bracket", "beside(1)", "Down", id="editor.down", show=False, tooltip=_DOWN
        ),
        Binding("escape,q", "leave", "Back", id="editor.leave", tooltip="To the list."),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what there is nothing to do for."""
        if action == "mend":
            return True if self.is_mounted and self.first_to_mend else None
        if action == "save":
            return True if self.draft.unsaved or self.form.editing else None
        if action == "undo":
            return True if self.draft.past else None
        if action in {"revert", "difference"}:
            return True if self.draft.changed else None
        if action == "history":
            return True if self.draft.saved.path else None
        return True

    def action_mend(self) -> None:
        """Mend the marked flaw."""
        self._mend(self.first_to_mend)

    def _mend(self, flaw: Flaw | None) -> None:
        """Mend a flaw and tell what that changed."""
        if flaw is None or flaw.mended is None:
            return
        before = self.draft.profile
        self._become(self.draft.to(flaw.mended(before)))
        told = profile_edits.changed(before, self.draft.profile)
        self.notify(f"{told}  u undoes it.", markup=False)

    def action_undo(self) -> None:
        """Take the last change back."""
        self._become(self.draft.undone())

    def action_revert(self) -> None:
        """Go back to what is saved, by whomever."""
        self._become(self.draft.reverted())
        self._look_for_newer()

    def action_beside(self, step: int) -> None:
        """Scroll what stands beside the list by half of its height, the help where it all shows."""
        panes = (self.query_one(PreviewPane), self.query_one(FieldHelp))
        pane = next((one for one in panes if one.size and one.max_scroll_y), None)
        if pane is not None:
            pane.scroll_relative(y=step * max(1, pane.size.height // 2), animate=False)

    def action_about(self) -> None:
        """Show all about the chosen field and what is wrong, for a terminal with little room."""
        field = self.form.chosen
        if field is not None:
            wrong = (f"{icons.sign(f.severity)} {f.text} {f.fix_text}" for f in self.flaws)
            told = (field.help, "\n".join(profile_fields.facts(field)), *map(one_line, wrong))
            about = AboutScreen(field.name, "\n\n".join(told), "↑↓ scrolls   Escape closes")
            self.app.push_screen(about)

    def action_save(self) -> None:
        """Write the profile."""

        if self.form.editing and not self.form.finish():
            self.notify("What was typed is no value; it was left out.", severity="warning")

        async def save() -> None:
            await self._save()

        self.flow(save, group="save", exclusive=True)

    async def _save(self) -> Profile | None:
        """Save and return the profile as it is on disk then, None when it was not saved."""
        app = program(self)
        with self.writing():
            theirs = await app.threads.run(profile_look.newer, self.draft.saved)
            if theirs is not None and self.draft.says_the_same(theirs):
                saved: Profile | None = theirs
            else:
                saved = await profile_actions.save(app, self.draft.profile)
        if saved is not None:
            self.post_message(self.Stored(saved))
            app.notify(profile_edits.saved_as(self.draft.saved, saved), markup=False)
        return saved

    def action_start(self) -> None:
        """Save and start the profile, or restart its server with the changes."""
        self.flow(self._start, group="start", exclusive=True)

    async def _start(self) -> None:
        """Ask what there is to ask, then save, and start or restart."""
        app = program(self)
        newer = await app.threads.run(profile_look.newer, self.draft.saved)
        if newer is not None:
            self.meet(newer)
        draft = self.draft
        look = await app.threads.run(self._looker.look, draft.profile)
        step = await profile_edits.next_step(app, draft.profile, look.flaws)
        if step is Step.MEND:
            self._mend(to_mend(problems(look.flaws), ""))
        elif step is not Step.NOTHING:
            profile = await self._save() if draft.unsaved else draft.profile
            if profile is not None:
                await profile_edits.take(app, profile, step)

    def action_leave(self) -> None:
        """Leave the editor; unsaved changes are asked about."""
        if not self.draft.unsaved:
            self._leave(self._saved_as)
            return

        async def leave() -> None:
            from termai.tui.screens.profile_editor_dialogs import LeaveScreen

            asked = LeaveScreen(self.draft.profile.name, new=self.draft.saved.path is None)
            answer = await program(self).push_screen_wait(asked)
            if answer == "save" and (saved := await self._save()) is not None:
                self._leave(saved)
            elif answer == "discard":
                self._leave(self._saved_as)

        self.flow(leave, group="leave", exclusive=True)

    def _leave(self, saved: Profile | None) -> None:
        """Return to the list; what was changed after the last save is forgotten."""
        self._become(Draft.of(saved or self.draft.saved))
        self.dismiss(saved)

    def action_command(self) -> None:
        """Copy and show the command that a start runs."""
        from termai.tui.screens.dialogs import Note

        preview = self.look.preview if self.look else None
        if preview is None or not preview.command:
            why = preview.problem if preview else "It is not known yet."
            self.notify(one_line(why), severity="warning", markup=False)
            return
        text = profile_look.command_text(preview, self.draft.profile.env)
        self.app.copy_to_clipboard(text)
        name = one_line(self.draft.profile.name, 40)
        self.app.push_screen(Note(f"What starting {name} runs", text, _COPIED))

    def action_difference(self) -> None:
        """Show what a save would change."""
        show = partial(
            profile_edits.show_difference, program(self), self.draft.saved, self.draft.profile
        )
        self.flow(show, group="ask", exclusive=True)

    def action_history(self) -> None:
        """Show the saved versions; one that is restored is what is edited then."""
        from termai.tui.screens.profiles_history import HistoryScreen

        self.app.push_screen(HistoryScreen(self.draft.profile.name), self._stored)

    def action_check(self) -> None:
        """Check the flags against the engine; an update is a change like any other."""
        from termai.tui.screens.profiles_check import CheckScreen

        self.app.push_screen(CheckScreen(self.draft.profile), self._updated)

    def action_export(self) -> None:
        """Write the profile as a file of another program."""
        from termai.tui.screens.profiles_export import ExportScreen

        self.app.push_screen(ExportScreen(self.draft.profile))

    def action_file(self) -> None:
        """Edit the file in the user's own editor; unsaved changes are in it."""

        async def edit() -> None:
            with self.writing():
                self._stored(await profile_actions.edit_text(program(self), self.draft.profile))

        self.flow(edit, group="ask", exclusive=True)

    def _stored(self, profile: Profile | None) -> None:
        if profile is not None:
            self.post_message(self.Stored(profile))

    def _updated(self, profile: Profile | None) -> None:
        if profile is not None:
            self.post_message(self.Changed(profile))
