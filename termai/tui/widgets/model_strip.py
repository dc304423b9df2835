"""The downloads at the bottom of Models: up to three lines, none when there is nothing to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from termai.tui import download_rows

if TYPE_CHECKING:
    from termai.models.downloads.view import Download


class DownloadStrip(Widget):
    """Draws ``downloads`` that are not over, what moves first."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    DownloadStrip {
        height: auto; max-height: 3; padding: 0 1; background: $panel; display: none;
    }
    DownloadStrip.-some { display: block; }
    """

    downloads: reactive[tuple[Download, ...]] = reactive((), layout=True)

    def watch_downloads(self) -> None:
        """Take no room when there is nothing to show."""
        self.set_class(bool(download_rows.strip(self.downloads, 80)), "-some")

    def render(self) -> Content:
        """Return the lines."""
        return Content("\n").join(download_rows.strip(self.downloads, self.size.width or 80))
