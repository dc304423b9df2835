"""The Models mode: the model files on this machine, and starting one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import OptionList, Static

from termai.text import one_line
from termai.tui import formats, model_rows, work
from termai.tui.background import program
from termai.tui.screens.base import ModeScreen
from termai.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from termai.models.library import ModelFile


class ModelsScreen(ModeScreen):
    """Lists the model files that termai finds, its own and other programs'."""

    MODE = "models"
    HELP = """
GGUF files that termai, LM Studio, Hugging Face and llama.cpp keep on this machine, and those in
the directories that model_dirs in config.toml names. Enter starts a server for the selected one
with the engine's defaults; make a profile to choose context, GPU layers and more.
"""
    DEFAULT_CSS = """
    ModelsScreen #title { height: 1; padding: 0 1; background: $panel; }
    ModelsScreen #list { height: 1fr; }
    ModelsScreen #path { height: auto; max-height: 12; padding: 0 1; color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start", id="models.start", tooltip="Start the model (Enter)."),
        Binding("y", "copy_path", "Copy path", id="models.copy", tooltip="Copy the file's path."),
        Binding("r", "reload", "Look again", id="models.reload", tooltip="Look for files again."),
    ]

    models = query_one("#list", RowList)

    @dataclass
    class Listed(Message):
        """The stores were looked through: the models in them, and where was looked."""

        models: tuple[ModelFile, ...]
        looked_in: tuple[str, ...]

    def compose_body(self) -> ComposeResult:
        """Yield the number of models, the list, and the path of the selected one."""
        yield Static("MODELS  looking …", id="title", markup=False)
        yield RowList(id="list")
        yield Static(id="path", markup=False)

    def on_mount(self) -> None:
        self._by_path: dict[str, ModelFile] = {}
        self._looked_in: tuple[str, ...] = ()
        self.models.focus()

    def on_screen_resume(self) -> None:
        self.action_reload()

    def on_models_screen_listed(self, message: Listed) -> None:
        """Take over what was found."""
        self._by_path = {str(model.path): model for model in message.models}
        self._looked_in = message.looked_in
        size = formats.size(sum(model.size for model in message.models))
        count = len(message.models)
        title = f"{count} model{'s' * (count != 1)}, {size}"
        self.query_one("#title", Static).update(Content.assemble(("MODELS  ", "bold"), title))
        self.models.show([(path, partial(model_rows.row, m)) for path, m in self._by_path.items()])
        self._show_path()
        self.refresh_bindings()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show where the highlighted model lies."""
        event.stop()
        self._show_path()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Start the model."""
        event.stop()
        self.action_start()

    def _show_path(self) -> None:
        model = self._by_path.get(self.models.selected)
        if model is not None:
            text = formats.place(model.path)
        else:
            places = "\n".join(f"  {formats.place(Path(place))}" for place in self._looked_in)
            text = f"No model files were found in\n{places}" if places else ""
        self.query_one("#path", Static).update(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what needs a model, and starting one that is not whole."""
        model = self._by_path.get(self.models.selected)
        if action == "start":
            return True if model is not None and not model.missing else None
        if action == "copy_path":
            return True if model is not None else None
        return True

    def action_start(self) -> None:
        """Start a server for the selected model."""
        from termai.tui.starting import start_model

        model = self._by_path.get(self.models.selected)
        if model is not None and not model.missing:
            starting = partial(start_model, program(self), model.path)
            self.flow(starting, group="start")

    def action_copy_path(self) -> None:
        """Copy the path of the selected model."""
        if self.models.selected:
            self.app.copy_to_clipboard(self.models.selected)
            self.notify(f"Copied {one_line(self.models.selected)}", markup=False)

    def action_reload(self) -> None:
        """Look through the stores again."""
        self.background(work.library, _listed, group="models", exclusive=True)


def _listed(found: tuple[tuple[ModelFile, ...], tuple[str, ...]]) -> ModelsScreen.Listed:
    return ModelsScreen.Listed(*found)
