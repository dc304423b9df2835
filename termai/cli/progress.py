"""How far downloads are, as a person reads it: a line drawn over itself, or plain lines."""

import sys
import time
from typing import TYPE_CHECKING

from termai.cli.drawn import DrawnLine
from termai.cli.model_text import size_text
from termai.cli.style import width, write_error
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.downloads.view import Download

EVERY_S = 10.0  # seconds between plain lines
_NAME = 34  # columns that a name may take in a line of progress
_LEAST_NAME = 4  # columns that a name is given in any case


def duration(seconds: float | None) -> str:
    """Return a time in its two largest units, such as ``1 h 05 min``; empty when unknown."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    hours = whole // 3600
    return f"{hours} h {whole // 60 % 60:02} min" if hours < 100 else f"{hours // 24} days"


def percent(download: "Download") -> str:
    """Return how much of a download is here; 100 % only when all of it is."""
    if not download.bytes_total or download.bytes_done >= download.bytes_total:
        return "100 %"
    return f"{min(99, 100 * download.bytes_done // download.bytes_total)} %"


def sentence(download: "Download", columns: int = 0) -> str:
    """Return one line of how far a download is, which fits into ``columns`` if above 0.

    The name gives way to the numbers, then the problem.
    """
    said = f": {', '.join(_numbers(download))}"
    room = min(_NAME, max(_LEAST_NAME, columns - len(said))) if columns else _NAME
    line = one_line(download.name, room) + said
    if download.problem:
        line += f", {one_line(download.problem)}"
    return one_line(line, columns)


def _numbers(download: "Download") -> list[str]:
    done = f"{percent(download)} of {size_text(download.bytes_total)}"
    words = [str(download.status), done]
    if download.rate:
        words.append(f"{size_text(download.rate)}/s")
        words += [f"{duration(download.eta_s)} left"] if download.eta_s is not None else []
    if download.retry_at and (wait := download.retry_at - time.time()) > 0:
        words.append(f"again in {wait:.0f} s")
    return words


class Live(DrawnLine):
    """Shows a download on standard error while the block runs.

    On a terminal one line is drawn over itself; elsewhere, and on a dumb terminal, a line is
    written when the status changes and now and then, unless ``quiet``.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__()
        self._quiet = quiet
        self._told = ("", "")
        self._at = 0.0

    def show(self, download: "Download") -> None:
        """Show how far a download is by now."""
        if self._drawing:
            self.draw(sentence(download, width(sys.stderr) - 1))
        elif not self._quiet and download.status.active:
            self._tell(download)

    def _tell(self, download: "Download") -> None:
        now = time.monotonic()
        told = (str(download.status), download.problem)
        if told != self._told or now - self._at >= EVERY_S:
            self._told, self._at = told, now
            write_error(sentence(download))
