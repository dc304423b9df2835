"""Requests for a file, their answers checked before anything of them is taken."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from termai.errors import UnreachableError
from termai.models.downloads.answers import bytes_to_skip
from termai.models.downloads.failures import PassingError, WrongContentError
from termai.models.downloads.limit import Limit
from termai.models.downloads.partial import Partial
from termai.models.downloads.patience import Patience
from termai.models.downloads.plan import Plan, PlannedFile
from termai.models.hub.place import Place, same_origin
from termai.models.hub.unreachable import explained
from termai.text import one_line

if TYPE_CHECKING:
    import httpx2

REDIRECTS = 5


class Hub(Protocol):
    """What the transfer needs of the hub's client."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers for the hub's own origin: who asks, and the token if there is one."""

    def proxy(self) -> str | None:
        """Return the address of the proxy, None for what the environment says."""


def client(hub: Hub, patience: Patience) -> "httpx2.Client":
    """Return an HTTP client that leaves the token behind where it is sent to another origin."""
    import httpx2

    timeout = httpx2.Timeout(patience.stall_s, connect=patience.connect_s)
    return httpx2.Client(
        timeout=timeout,
        follow_redirects=True,
        max_redirects=REDIRECTS,
        proxy=hub.proxy(),
        trust_env=True,
    )


class Transfer:
    """Requests for one file: the rest of it as a stream, or a piece of it.

    ``place``: where the hub led to last, empty until it did and when that may be over.
    """

    def __init__(
        self, http: "httpx2.Client", hub: Hub, limit: Limit, plan: Plan, file: PlannedFile
    ) -> None:
        self.plan, self.file, self.limit = plan, file, limit
        self.place = ""
        self._http, self._hub = http, hub

    def stream(
        self,
        partial: Partial,
        grown: Callable[[int], None],
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        """Ask the hub for what is missing and append it until it is whole or ``enough``.

        ``grown`` is told the new size after each read. It begins at the hub, so that a signed
        address is fresh. Raises PassingError when it broke off, WrongContentError when what
        comes is not what is there, StorageError, and what ``bytes_to_skip`` raises.
        """
        self.place = ""
        headers = {**self._hub.headers(), "Accept-Encoding": "identity"}
        if partial.size:
            headers["Range"] = f"bytes={partial.size}-"
        with self._answer(self._address(), headers) as answer:
            skip = bytes_to_skip(answer, self.plan, self.file, partial.size)
            self.place = "" if skip else str(answer.url)
            whole = self._append(answer, partial, skip, grown, enough)
        if not whole and partial.size < self.file.size:
            raise PassingError("The answer ended before the file did.")

    def piece(self, start: int, end: int, given_up: Callable[[], bool]) -> bytearray:
        """Return the bytes from ``start`` to before ``end`` from where the hub led to last.

        Safe in several threads. Raises PassingError, also when it is ``given_up``.
        """
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={start}-{end - 1}"}
        if same_origin(self.place, self.plan.endpoint):
            headers |= self._hub.headers()
        data = bytearray()
        with self._answer(self.place, headers) as answer:
            if bytes_to_skip(answer, self.plan, self.file, start):
                raise PassingError("The whole file was sent in place of a piece.")
            for read in answer.iter_raw():
                self.limit.take(len(read))
                data += read
                if len(data) >= end - start or given_up():
                    break
        if len(data) < end - start:
            raise PassingError("The answer ended before the piece did.")
        del data[end - start :]
        return data

    def _address(self) -> str:
        """Return where the hub hands out the file of the pinned commit."""
        plan = self.plan
        path = f"resolve/{quote(plan.commit)}/{quote(self.file.path)}"
        return f"{plan.endpoint}/{plan.repo}/{path}"

    @contextmanager
    def _answer(self, address: str, headers: Mapping[str, str]) -> Iterator["httpx2.Response"]:
        import httpx2

        try:
            with self._http.stream("GET", address, headers=headers) as answer:
                yield answer
        except httpx2.HTTPError as error:
            raise _broken(error, self.plan) from error
        except (httpx2.InvalidURL, httpx2.StreamError, UnicodeError) as error:
            what = one_line(str(error), 200)
            raise PassingError(f"The hub's answer makes no sense: {what}.") from error

    def _append(
        self,
        answer: "httpx2.Response",
        partial: Partial,
        skip: int,
        grown: Callable[[int], None],
        enough: Callable[[], bool],
    ) -> bool:
        """Append the body behind the ``skip`` bytes that are there; whether it may end there."""
        seen = 0
        for data in answer.iter_raw():
            self.limit.take(len(data))
            known = data[: max(0, skip - seen)]
            if known and not partial.same(seen, known):
                raise WrongContentError("The whole file was sent and begins otherwise than ours.")
            seen += len(data)
            partial.append(data[len(known) :][: self.file.size - partial.size])
            grown(partial.size)
            if seen >= skip and (partial.size == self.file.size or (not skip and enough())):
                return True
        return False


def _broken(error: "httpx2.HTTPError", plan: Plan) -> UnreachableError:
    """Return what a broken request means; only what no new try can heal is final."""
    import httpx2

    if not isinstance(error, httpx2.TransportError):
        return PassingError(f"The hub leads nowhere: {one_line(str(error), 200)}.")
    try:
        address = str(error.request.url)
    except RuntimeError:
        address = plan.endpoint
    found = explained(error, address, Place(plan.endpoint))
    heals = isinstance(error, httpx2.TimeoutException | httpx2.ProxyError)
    return PassingError(found.message) if heals or not found.final else found
