"""Everything a model's header says: metadata, tensors, and the chat template on a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import ContentSwitcher, Input, Label, Static

from termai.text import one_line, printable
from termai.tui import formats, model_work
from termai.tui.background import Background
from termai.tui.columns import Cell, Column
from termai.tui.widgets.mode_bar import HERE
from termai.tui.widgets.model_table import ModelTable

if TYPE_CHECKING:
    from termai.gguf.header import Tensor
    from termai.models.model_file import ModelFile
    from termai.tui.model_work import Inspected

VIEWS = ("metadata", "tensors", "template")
_METADATA = (Column("Key", 40), Column("Value", 30, flexible=True))
_TENSORS = (
    Column("Tensor", 30, flexible=True),
    Column("Type", 8),
    Column("Shape", 24, 1),
    Column("Size", 6, right=True),
)
_TEMPLATE = "The chat template on a sample."
_VALUE_CHARACTERS = 4000
_KEYS = "1 2 3 or Tab: view   / filter   y copy   Escape closes"


class InspectScreen(ModalScreen[None], Background):
    """Shows the header of one model in three views, each with a filter."""

    DEFAULT_CSS = """
    InspectScreen { align: center middle; }
    InspectScreen > Vertical {
        width: 100%; max-width: 120; height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    InspectScreen #views { height: 1; }
    InspectScreen #filter { display: none; height: 1; border: none; padding: 0; }
    InspectScreen.-filtering #filter { display: block; }
    InspectScreen ContentSwitcher { height: 1fr; }
    InspectScreen ModelTable { background: $surface; }
    InspectScreen #value { height: auto; max-height: 6; color: $muted; }
    InspectScreen Label { color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Close", id="inspect.close", tooltip="Back to the list."),
        Binding("1", "view('metadata')", "Metadata", id="inspect.metadata", tooltip="All keys."),
        Binding("2", "view('tensors')", "Tensors", id="inspect.tensors", tooltip="All tensors."),
        Binding("3", "view('template')", "Template", id="inspect.template", tooltip=_TEMPLATE),
        Binding("tab", "next", "Next view", id="inspect.next", tooltip="The next view."),
        Binding("slash", "filter", "Filter", id="inspect.filter", tooltip="Type words to find."),
        Binding("y", "copy", "Copy", id="inspect.copy", tooltip="Copy what is chosen."),
    ]

    switcher = query_one(ContentSwitcher)

    @dataclass
    class Read(Message):
        """The header was read."""

        inspected: Inspected

    def __init__(self, model: ModelFile) -> None:
        super().__init__()
        self._model = model
        self._values: Mapping[str, str] = {}
        self._tensors: Mapping[str, Tensor] = {}
        self._template = ""

    def compose(self) -> ComposeResult:
        """Yield the views' names, the filter, the views, and the chosen value whole."""
        with Vertical() as box:
            box.border_title = Content(formats.place(self._model.path))
            yield Static(id="views", markup=False)
            yield Input(placeholder="words to find", id="filter", compact=True)
            with ContentSwitcher(initial="metadata"):
                yield ModelTable(_METADATA, self._metadata_cells, id="metadata")
                yield ModelTable(_TENSORS, self._tensor_cells, id="tensors")
                with VerticalScroll(id="template"):
                    yield Static("reading …", markup=False)
            yield Static(id="value", markup=False)
            yield Label(Content(_KEYS))

    def on_mount(self) -> None:
        self._title_views()
        self.query_one("#metadata").focus()
        self.background(partial(model_work.inspect, self._model), self.Read, group="inspect")

    def on_inspect_screen_read(self, message: Read) -> None:
        """Take over what the header says."""
        inspected = message.inspected
        self._values = dict(inspected.values)
        self._tensors = {tensor.name: tensor for tensor in inspected.tensors}
        self._template = printable(inspected.template)
        self._list()

    def _list(self) -> None:
        words = self.query_one("#filter", Input).value.casefold().split()
        values = [k for k, v in self._values.items() if _has(words, k, v)]
        tensors = [n for n, t in self._tensors.items() if _has(words, n, t.type.name)]
        self.query_one("#metadata", ModelTable).show(values)
        self.query_one("#tensors", ModelTable).show(tensors)
        lines = [line for line in self._template.splitlines() if _has(words, line)]
        self.query_one("#template Static", Static).update(Content("\n".join(lines)))
        self._title_views()

    def _title_views(self) -> None:
        here = self.switcher.current
        counts = {"metadata": len(self._values), "tensors": len(self._tensors), "template": ""}
        parts = []
        for number, view in enumerate(VIEWS, 1):
            words = f"{number} {view} {counts[view]}".rstrip()
            shown = f"[{words}]" if view == here else f" {words} "
            parts.append(Content.styled(shown, f"{HERE} bold" if view == here else ""))
        self.query_one("#views", Static).update(Content(" ").join(parts))

    def _metadata_cells(self, key: str) -> Sequence[Cell]:
        return Content.styled(one_line(key), "bold"), one_line(self._values[key][:200])

    def _tensor_cells(self, name: str) -> Sequence[Cell]:
        tensor = self._tensors[name]
        shape = " x ".join(str(length) for length in tensor.shape)
        bold = Content.styled(one_line(name), "bold")
        return bold, tensor.type.name, shape, formats.size(tensor.size)

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        """Show the chosen value whole."""
        event.stop()
        self._show_value()

    def _show_value(self) -> None:
        self.query_one("#value", Static).update(Content(printable(self._chosen())))

    def _chosen(self) -> str:
        """Return what is chosen in this view: a value, a tensor's name, or the template."""
        view = self.switcher.current
        if view == "template":
            return ""
        chosen = self.query_one(f"#{view}", ModelTable).chosen
        if view == "metadata" and chosen:
            return self._values[chosen][:_VALUE_CHARACTERS]
        return chosen

    def action_view(self, view: str) -> None:
        """Show one of the views."""
        self.switcher.current = view
        self.query_one(f"#{view}").focus()
        self._title_views()
        self._show_value()

    def action_next(self) -> None:
        """Show the view after this one."""
        here = VIEWS.index(str(self.switcher.current))
        self.action_view(VIEWS[(here + 1) % len(VIEWS)])

    def action_filter(self) -> None:
        """Type words to find."""
        self.add_class("-filtering")
        self.query_one("#filter").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what has every word that is typed."""
        event.stop()
        self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on in the view."""
        event.stop()
        self.query_one(f"#{self.switcher.current}").focus()

    def action_back(self) -> None:
        """Take the filter away, or close."""
        box = self.query_one("#filter", Input)
        if self.has_class("-filtering"):
            box.value = ""
            self.remove_class("-filtering")
            self.query_one(f"#{self.switcher.current}").focus()
        else:
            self.dismiss()

    def action_copy(self) -> None:
        """Copy the chosen value or name, or the template."""
        text = self._chosen() or self._template
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied {one_line(text, 60)}", markup=False)


def _has(words: Sequence[str], *texts: str) -> bool:
    said = " ".join(texts).casefold()
    return all(word in said for word in words)
