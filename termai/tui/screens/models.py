"""The Models mode: what is on this machine, what a hub offers, and what is being downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import ContentSwitcher

from termai.tui import download_rows, model_actions, model_work
from termai.tui.background import program
from termai.tui.screens.base import ModeScreen
from termai.tui.widgets.model_hub import HubPane
from termai.tui.widgets.model_library import LibraryPane
from termai.tui.widgets.model_strip import DownloadStrip
from termai.tui.widgets.model_title import ModelTitle

if TYPE_CHECKING:
    from textual.timer import Timer

    from termai.models.downloads.view import Download

BUSY_S, QUIET_S, AWAY_S = 0.5, 3.0, 10.0  # between looks at downloads: moving, not, other mode
SHORT_LINES = 16  # of the terminal, below which details give way to the list
_DOWNLOADS = "All downloads: pause, go on, cancel, start."
_DONE = "w, then Enter starts it."


class ModelsScreen(ModeScreen):
    """Two tabs, library and hub, above a strip with what is being downloaded."""

    MODE = "models"
    HELP = """
The Library lists the GGUF files of termai and of the other programs on this machine, and how
much of each fits here: ● all layers on the GPU (or all of it in RAM), ◐ some of them, ✖ not.
Enter starts the chosen model with values that fit. The Hub searches Hugging Face, shows which
quantization of a repository fits before anything is downloaded, and gets it; downloads go on
when termai is closed.
"""
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT_LINES, "-tall")]  # noqa: RUF012 - Textual's type
    DEFAULT_CSS = """
    ModelsScreen ContentSwitcher { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1,left", "tab('library')", "Library", id="models.library", tooltip="On disk."),
        Binding("2,right", "tab('hub')", "Hub", id="models.hub", tooltip="Search and download."),
        Binding("w", "downloads", "Downloads", id="models.downloads", tooltip=_DOWNLOADS),
    ]

    title_line = query_one(ModelTitle)
    switcher = query_one(ContentSwitcher)
    library = query_one("#library", LibraryPane)
    hub = query_one("#hub", HubPane)

    downloads: reactive[tuple[Download, ...]] = reactive((), repaint=False)

    @dataclass
    class DownloadsSeen(Message):
        """The downloads were looked at."""

        downloads: tuple[Download, ...]

    def __init__(self) -> None:
        super().__init__()
        self._look: Timer | None = None
        self._looking = False
        self._told: frozenset[str] | None = None  # downloads whose end is known

    def compose_body(self) -> ComposeResult:
        """Yield the tabs' line, the tabs, and the downloads."""
        yield ModelTitle()
        with ContentSwitcher(initial="library"):
            yield LibraryPane(id="library")
            yield HubPane(id="hub")
        yield DownloadStrip()

    def on_mount(self) -> None:
        self.watch(self.library, "count", self._count_library)
        self.watch(self.library, "note", self._note)
        self.watch(self.hub, "count", self._count_hub)
        self.watch(self.hub, "note", self._note)

    def on_screen_resume(self) -> None:
        if self.switcher.current == "library":
            self.library.enter()
        self.look_at_downloads()

    def on_screen_suspend(self) -> None:
        self._look_again()

    def _count_library(self, count: str) -> None:
        self.title_line.count("library", count)

    def _count_hub(self, count: str) -> None:
        self.title_line.count("hub", count)

    def _note(self) -> None:
        here = self.library if self.switcher.current == "library" else self.hub
        self.title_line.note = here.note

    def on_model_title_asked(self, message: ModelTitle.Asked) -> None:
        """Show the tab that was clicked on."""
        self.action_tab(message.tab)

    def action_tab(self, tab: str) -> None:
        """Show a tab."""
        self.switcher.current = tab
        self.title_line.tab = tab
        (self.library if tab == "library" else self.hub).enter()
        self._note()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the tab that is not shown."""
        if action == "tab" and self.is_mounted:
            return parameters != (self.switcher.current,)
        return True

    def look_at_downloads(self) -> None:
        """Look at the downloads now."""
        if not self._looking:
            self._looking = True
            self.background(model_work.downloads, self.DownloadsSeen, group="look")
        self._look_again()

    def _look_again(self) -> None:
        """Plan the next look: soon while something moves, seldom where nobody sees it."""
        if self._look is not None:
            self._look.stop()
        active = any(download.status.active for download in self.downloads)
        pause = QUIET_S if self.is_current else AWAY_S
        if active:
            pause = BUSY_S if self.is_current else QUIET_S
        self._look = self.set_timer(pause, self.look_at_downloads)

    def on_models_screen_downloads_seen(self, message: DownloadsSeen) -> None:
        """Show how far the downloads are; tell of those that ended, and list their models."""
        self._looking = False
        first, self.downloads = self._told is None, message.downloads
        ended = {d.id: d for d in message.downloads if d.status in ("done", "failed")}
        news = [] if first else [d for i, d in ended.items() if i not in (self._told or ())]
        self._told = frozenset(ended)
        for download in news:
            self._tell(download)
        if any(download.status == "done" for download in news):
            self.library.action_reload()
        self._look_again()

    def watch_downloads(self, downloads: Sequence[Download]) -> None:
        """Show them in the strip."""
        self.query_one(DownloadStrip).downloads = tuple(downloads)
        self.library.fill(downloads)

    def _tell(self, download: Download) -> None:
        name = download_rows.name(download)
        if download.status == "done":
            how = _DONE if self.is_current else ""
            self.notify(f"{name} is here, verified. {how}".rstrip(), markup=False)
        else:
            self.notify(f"{name} failed; w tells why.", severity="error", markup=False)

    def action_downloads(self) -> None:
        """List all downloads."""
        from termai.tui.screens.models_downloads import DownloadsScreen

        asked = DownloadsScreen(self, self.look_at_downloads)
        self.app.push_screen(asked, self._use)

    def _use(self, download: Download | None) -> None:
        """Start what was downloaded."""
        if download is not None:
            self.action_tab("library")
            self.library.select(download.path)
            starting = partial(model_actions.start, program(self), download.path, keep=True)
            self.flow(starting, group="start")

    def on_repository_pane_ordered(self) -> None:
        """Show a download in the strip as soon as it has begun."""
        self.look_at_downloads()
