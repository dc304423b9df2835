"""One request for the rest of a file, its answer checked and appended to the partial file."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from termai.errors import UnreachableError
from termai.models.downloads.answers import bytes_to_skip
from termai.models.downloads.failures import PassingError, WrongContentError
from termai.models.downloads.limit import Limit
from termai.models.downloads.partial import Partial
from termai.models.downloads.patience import Patience
from termai.models.downloads.plan import Plan, PlannedFile
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


def address(plan: Plan, file: PlannedFile) -> str:
    """Return where the hub hands out a file of the pinned commit."""
    return f"{plan.endpoint}/{plan.repo}/resolve/{quote(plan.commit)}/{quote(file.path)}"


def receive(
    http: "httpx2.Client",
    hub: Hub,
    plan: Plan,
    file: PlannedFile,
    partial: Partial,
    limit: Limit,
    grown: Callable[[int], None],
) -> None:
    """Ask for what is missing and append it; ``grown`` is told the new size after each piece.

    Every request begins at the hub, so that a signed address is always fresh. Raises
    PassingError when it broke off, WrongContentError when what comes is not what is there,
    StorageError, and what ``bytes_to_skip`` raises.
    """
    import httpx2

    headers = {**hub.headers(), "Accept-Encoding": "identity"}
    if partial.size:
        headers["Range"] = f"bytes={partial.size}-"
    try:
        with http.stream("GET", address(plan, file), headers=headers) as answer:
            skip = bytes_to_skip(answer, plan, file, partial.size)
            _append(answer, file, partial, skip, limit, grown)
    except httpx2.HTTPError as error:
        raise _explained(error, plan) from error
    except (httpx2.InvalidURL, httpx2.StreamError, UnicodeError) as error:
        raise PassingError(
            f"The hub's answer makes no sense: {one_line(str(error), 200)}."
        ) from error
    if partial.size < file.size:
        raise PassingError("The answer ended before the file did.")


def _append(
    answer: "httpx2.Response",
    file: PlannedFile,
    partial: Partial,
    skip: int,
    limit: Limit,
    grown: Callable[[int], None],
) -> None:
    seen = 0
    for data in answer.iter_raw():
        limit.take(len(data))
        known = data[: max(0, skip - seen)]
        if known and not partial.same(seen, known):
            raise WrongContentError("The whole file was sent, and it begins otherwise than ours.")
        seen += len(data)
        partial.append(data[len(known) :][: file.size - partial.size])
        grown(partial.size)
        if partial.size == file.size and seen >= file.size:
            return


def _explained(error: "httpx2.HTTPError", plan: Plan) -> UnreachableError:
    """Return what a broken request means; only what no new try can heal is final."""
    import httpx2

    from termai.models.hub.place import Place
    from termai.models.hub.unreachable import explained

    if not isinstance(error, httpx2.TransportError):
        return PassingError(f"The hub leads nowhere: {one_line(str(error), 200)}.")
    try:
        address = str(error.request.url)
    except RuntimeError:
        address = plan.endpoint
    found = explained(error, address, Place(plan.endpoint))
    heals = isinstance(error, httpx2.TimeoutException | httpx2.ProxyError)
    return PassingError(found.message) if heals or not found.final else found
