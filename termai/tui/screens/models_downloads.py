"""All downloads: pausing, going on, cancelling, and using what is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static

from termai.tui import download_rows, icons, model_actions, model_work
from termai.tui.background import Background
from termai.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.widget import Widget

    from termai.models.downloads.view import Download

_EMPTY = "Nothing was downloaded yet. In the Hub tab, g gets the chosen variant of a repository."
_TOGGLE = "Pause it, or go on at the byte."
_PAUSABLE = frozenset({"queued", "running", "waiting", "verifying"})
_RESUMABLE = frozenset({"paused", "interrupted", "failed"})


class DownloadsScreen(ModalScreen["Download | None"], Background):
    """Lists the downloads that ``source.downloads``, a reactive, holds.

    Returns a finished download whose model is to be started, None when the list is left.
    """

    DEFAULT_CSS = """
    DownloadsScreen { align: center bottom; }
    DownloadsScreen > Vertical {
        width: 100%; max-width: 110; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    DownloadsScreen RowList, DownloadsScreen RowList:focus {
        height: auto; max-height: 14; background: $surface;
    }
    DownloadsScreen #told { height: auto; max-height: 6; color: $muted; }
    DownloadsScreen #empty { height: auto; padding: 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start", id="downloads.start", tooltip="Start what is done (Enter)."),
        Binding("space", "pause", "Pause/go on", id="downloads.pause", tooltip=_TOGGLE),
        Binding("r", "retry", "Retry", id="downloads.retry", tooltip="Try again, at the byte."),
        Binding("x", "cancel", "Cancel", id="downloads.cancel", tooltip="Stop it for good."),
        Binding("c", "clear", "Clear done", id="downloads.clear", tooltip="Models stay."),
        Binding("escape,w,q", "dismiss", "Close", id="downloads.close", tooltip="Back."),
    ]

    rows = query_one(RowList)

    class Done(Message):
        """What was asked for is done."""

        def __init__(self, _result: object = None) -> None:
            super().__init__()

    def __init__(self, source: Widget, look: Callable[[], None]) -> None:
        super().__init__()
        self._source, self._look = source, look
        self._downloads: dict[str, Download] = {}

    def compose(self) -> ComposeResult:
        """Yield the list, and more about the chosen one."""
        with Vertical() as box:
            box.border_title = "Downloads"
            yield Static(_EMPTY, id="empty", markup=False)
            yield RowList()
            yield Static(id="told", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.watch(self._source, "downloads", self._show)
        self.rows.focus()

    def _show(self, downloads: Sequence[Download]) -> None:
        self._downloads = {download.id: download for download in downloads}
        self.query_one("#empty").display = not downloads
        self.rows.display = bool(downloads)
        self._draw()
        self._tell()

    def _draw(self) -> None:
        """Draw the rows, the chosen one with its sign."""
        rows = (
            (i, partial(_drawn, d, i == self.rows.selected)) for i, d in self._downloads.items()
        )
        self.rows.show(list(rows))

    @property
    def chosen(self) -> Download | None:
        """The download that is chosen."""
        return self._downloads.get(self.rows.selected)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say more about the highlighted one."""
        event.stop()
        self._draw()
        self._tell()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Start what is done."""
        event.stop()
        self.action_start()

    def _tell(self) -> None:
        download = self.chosen
        lines = download_rows.details(download) if download else []
        self.query_one("#told", Static).update(Content("\n").join(lines))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what the chosen download does not offer."""
        status = str(self.chosen.status) if self.chosen else ""
        offered = {
            "start": status == "done",
            "pause": status in _PAUSABLE | _RESUMABLE,
            "retry": status in _RESUMABLE,
            "cancel": status in _PAUSABLE | _RESUMABLE,
            "clear": any(d.status.over for d in self._downloads.values()),
        }
        return (True if offered[action] else None) if action in offered else True

    def action_start(self) -> None:
        """Return the finished download to be started."""
        if self.chosen is not None and str(self.chosen.status) == "done":
            self.dismiss(self.chosen)

    def action_pause(self) -> None:
        """Pause the download, or go on with it."""
        if (download := self.chosen) is not None:
            going = str(download.status) in _PAUSABLE
            self._do(partial(model_work.pause if going else model_work.resume, download))

    def action_retry(self) -> None:
        """Go on with the download."""
        if (download := self.chosen) is not None:
            self._do(partial(model_work.resume, download))

    def action_cancel(self) -> None:
        """Cancel the download, after asking."""
        if (download := self.chosen) is not None:
            asked = model_actions.cancelling(download)
            self.app.push_screen(asked, partial(self._cancel, download))

    def _cancel(self, download: Download, yes: bool | None) -> None:
        if yes:
            self._do(partial(model_work.cancel, download))

    def action_clear(self) -> None:
        """Take what is over off the list."""
        self._do(model_work.clear_downloads)

    def _do(self, work: Callable[[], None]) -> None:
        self.background(work, self.Done, group="downloads")

    def on_downloads_screen_done(self) -> None:
        """Have the downloads looked at again."""
        self._look()


def _drawn(download: Download, chosen: bool, width: int) -> Content:
    sign = f"{icons.sign('chosen')} " if chosen else "  "
    return Content.styled(sign, icons.STYLES["chosen"]) + download_rows.row(download, width - 2)
