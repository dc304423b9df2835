"""Parts of a file on the hub, asked for by range at the address that the hub hands out."""

import re
import time
from urllib.parse import urlsplit

from termai.errors import InvalidFileError, TermaiError, UnreachableError
from termai.models.hub.client import asking, session
from termai.models.hub.place import online, same_origin
from termai.models.hub.refusals import Subject, refused_by
from termai.models.hub.resolving import Resolved, resolve
from termai.models.hub.tokens import token
from termai.models.hub.unreachable import too_long
from termai.text import one_line

HEADER_LIMIT = 64 << 20

_EXPIRED = frozenset({400, 401, 403, 404, 410})
_PATIENCE_S = 120.0
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


class Ranges:
    """The beginning of one file of a commit; ``fetch`` is what a RangedSource asks.

    ``size`` is what the hub says it is. ``pieces`` keeps what came, by offset, where ``keep`` is
    set. ``requests`` and ``fetched`` (bytes) keep count.
    """

    def __init__(self, repo: str, commit: str, path: str, size: int, *, keep: bool = False) -> None:
        self.repo, self.commit, self.path, self.size = repo, commit, path, size
        self.pieces: dict[int, bytes] = {}
        self.requests = self.fetched = 0
        self._keep = keep
        self._resolved: Resolved | None = None
        self._deadline = time.monotonic() + _PATIENCE_S

    def fetch(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``, fewer where the file ends.

        Raises InvalidFileError for a header of more than HEADER_LIMIT, UnreachableError, and what
        ``resolve`` raises.
        """
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        if offset + length > HEADER_LIMIT:
            raise InvalidFileError(
                f"The header of {one_line(self.path, 120)} is longer than "
                f"{HEADER_LIMIT >> 20} MiB, the most that is read from afar."
            )
        if time.monotonic() > self._deadline:
            raise too_long(self._resolved.url if self._resolved else online().endpoint)
        data = self._got(offset, length)
        self.requests += 1
        self.fetched += len(data)
        if self._keep:
            self.pieces[offset] = data
        return data

    def _got(self, offset: int, length: int) -> bytes:
        for again in (True, False):
            resolved = self._resolved or resolve(self.repo, self.commit, self.path)
            self._resolved = resolved
            status, data = _asked(resolved, self._subject, offset, length)
            if status in (200, 206):
                return data
            self._resolved = None  # a signed address may have expired
            if not again or status not in _EXPIRED:
                raise _not_sent(resolved.url, status, self.path)
        raise AssertionError("the second try returns or raises")

    @property
    def _subject(self) -> Subject:
        return Subject(self.repo, self.commit, self.path)


def _asked(resolved: Resolved, subject: Subject, offset: int, length: int) -> tuple[int, bytes]:
    """Return the status and the bytes; raises what a refusal by the hub itself means."""
    from termai.models.hub.transport import MOST

    place = online()
    headers = {**resolved.headers, "Range": f"bytes={offset}-{offset + length - 1}"}
    with asking(subject, place):
        http = session()
        asked = http.build_request("GET", resolved.url, headers=headers, extensions={MOST: length})
        answer = http.send(asked)
    url = str(answer.request.url)
    if answer.status_code == 206:
        _check_range(answer.headers.get("Content-Range", ""), offset, url)
    elif answer.status_code == 200 and offset:
        raise UnreachableError(
            f"{_host(url)} does not send parts of files, so the header cannot be read from afar.",
            fix="Judge by the size, or download it.",
        )
    elif answer.is_error and same_origin(url, place.endpoint):
        raise refused_by(answer, subject, place, token())
    return answer.status_code, answer.content


def _check_range(said: str, offset: int, url: str) -> None:
    found = _CONTENT_RANGE.fullmatch(said.strip())
    if not found or int(found[1]) != offset:
        raise UnreachableError(f"{_host(url)} sends another part of the file than was asked for.")


def _not_sent(url: str, status: int, path: str) -> TermaiError:
    return UnreachableError(
        f"{_host(url)} answers {status} when asked for {one_line(path, 120)}.", fix="Try again."
    )


def _host(url: str) -> str:
    return one_line(urlsplit(url).netloc.rpartition("@")[2], 120)
