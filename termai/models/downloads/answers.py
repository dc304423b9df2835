"""What an HTTP answer to a request for (the rest of) a file means; RFC 9110."""

import email.utils
import re
import time
from typing import TYPE_CHECKING

from termai.errors import NotFoundError, TermaiError
from termai.models.downloads.failures import OtherContentError, PassingError
from termai.models.downloads.plan import Plan, PlannedFile
from termai.text import one_line

if TYPE_CHECKING:
    import httpx2

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_PASSING = frozenset({408, 409, 421, 423, 425, 429})
_EXPIRED = frozenset({400, 401, 403, 404, 410})  # at the address that the hub signed


def bytes_to_skip(answer: "httpx2.Response", plan: Plan, file: PlannedFile, offset: int) -> int:
    """Return how many bytes of the body are there already: 0, or ``offset`` when all was sent.

    Raises PassingError for what may be better at a next try, of which OtherContentError is for
    an answer about another content, and what ``_refused`` makes of a refusal.
    """
    if answer.status_code not in (200, 206):
        raise _not_sent(answer, plan, file)
    encoding = answer.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("", "identity"):
        raise PassingError(f"The answer is encoded as {one_line(encoding, 20)}, not as asked.")
    if answer.status_code == 206:
        _check_range(answer, file, offset)
        return 0
    if _is_page(answer) and not file.path.endswith((".html", ".htm")):
        raise PassingError(
            f"{answer.url.host} answers with a page; the network may want a login first."
        )
    length = answer.headers.get("Content-Length", "")
    if length.isascii() and length.isdecimal() and int(length[:18]) != file.size:
        raise _other_size(file, length)
    return offset


def retry_after(answer: "httpx2.Response") -> float:
    """Return the seconds that Retry-After asks for, as seconds or as a date; 0 without one."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        at = email.utils.parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return max(0.0, at - time.time())


def _is_page(answer: "httpx2.Response") -> bool:
    return bool(answer.headers.get("Content-Type", "").lower().startswith("text/html"))


def _check_range(answer: "httpx2.Response", file: PlannedFile, offset: int) -> None:
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    if not found:
        raise PassingError("The answer is a part of the file and does not say which.")
    if found[3] != "*" and int(found[3]) != file.size:
        raise _other_size(file, found[3])
    if int(found[1]) != offset:
        raise PassingError(f"The answer begins at byte {found[1]}; {offset} was asked for.")


def _other_size(file: PlannedFile, size: str) -> OtherContentError:
    return OtherContentError(
        f"The hub sends {one_line(file.path, 120)} with {size[:18]} bytes, "
        f"not the {file.size} that it announced."
    )


def _not_sent(answer: "httpx2.Response", plan: Plan, file: PlannedFile) -> TermaiError:
    status = answer.status_code
    words = f"{answer.url.host} answered {status} {one_line(answer.reason_phrase, 40)}".rstrip()
    if status == 416:
        return OtherContentError(f"{words}: the file there is shorter than announced.")
    if status in _PASSING or status >= 500:
        return PassingError(f"{words}.", after_s=retry_after(answer))
    if str(answer.url).startswith(f"{plan.endpoint}/"):
        return _refused(answer, plan, file)
    if status in _EXPIRED:
        return PassingError(f"{words}: the signed address is not valid any more.", at_once=True)
    return PassingError(f"{words}, which is not expected.")


def _refused(answer: "httpx2.Response", plan: Plan, file: PlannedFile) -> TermaiError:
    """Return what a refusal by the hub itself means."""
    from termai.models.hub import tokens
    from termai.models.hub.place import Place
    from termai.models.hub.refusals import Subject, refused

    code = answer.headers.get("X-Error-Code", "")
    if code == "RevisionNotFound":
        return NotFoundError(
            f"The commit {plan.commit[:12]} of {plan.repo} is not on the hub any more.",
            fix="Cancel this download and pull the repository as it is now.",
        )
    words = one_line(answer.headers.get("X-Error-Message", ""), 300)
    subject = Subject(plan.repo, plan.commit, file.path)
    return refused(answer.status_code, code, words, subject, Place(plan.endpoint), tokens.token())
