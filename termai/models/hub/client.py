"""huggingface_hub's client as termai uses it: quiet, in time, for the hub that is meant now."""

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from termai.errors import TermaiError, UnreachableError
from termai.models.hub import tokens
from termai.models.hub.place import Place, online, same_origin
from termai.models.hub.refusals import Subject, odd, refused_by
from termai.models.hub.tokens import Token

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub import HfApi

_lock = threading.Lock()
_installed: tuple[object, ...] = ()
_MOST_PAGES = 40
_ENVIRONMENT = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)


def session() -> "httpx2.Client":
    """Return the HTTP client that huggingface_hub uses, for the hub in use now.

    Raises OfflineError, UsageError. The client follows redirects and leaves the token behind where
    one leads to another origin; its failures are those of ``transport``.
    """
    return _session_for(online())


def _session_for(place: Place) -> "httpx2.Client":
    from huggingface_hub import constants, get_session, set_client_factory

    global _installed
    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL + 1)  # the screen is not its own
    constants.HF_HUB_DISABLE_TELEMETRY = True  # or it asks huggingface.co who may be driving it
    wanted = (place, *(os.environ.get(each, "") for n in _ENVIRONMENT for each in (n, n.lower())))
    with _lock:
        if wanted != _installed:
            set_client_factory(lambda: _made(place))
            _installed = wanted
    return get_session()


def _made(place: Place) -> "httpx2.Client":
    import httpx2

    from termai.models.hub.transport import HubTransport

    inner = httpx2.Client(proxy=place.proxy or None, trust_env=True)
    return httpx2.Client(
        transport=HubTransport(inner, place), follow_redirects=True, max_redirects=5
    )


def headers(url: str = "") -> dict[str, str]:
    """Return the headers for a request to ``url``, by default the hub: who asks, and the token.

    The token is there only for the hub's own origin, and only when there is one.
    """
    place = online()
    said = {"User-Agent": _user_agent()}
    if (not url or same_origin(url, place.endpoint)) and (found := tokens.token()):
        said["Authorization"] = f"Bearer {found.value}"
    return said


@contextmanager
def asking(subject: Subject, place: Place, given: Token | None = None) -> Iterator["HfApi"]:
    """Give a client for ``place`` and tell in termai's words what goes wrong with it.

    ``given`` is a token to use in place of the one that is kept.
    """
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    _session_for(place)
    token = given or tokens.token()
    api = HfApi(place.endpoint, token=token.value if token else False, library_name="termai")
    try:
        yield api
    except TermaiError:
        raise
    except HfHubHTTPError as error:
        raise refused_by(error.response, subject, place, token) from error
    except httpx2.HTTPError as error:
        raise UnreachableError(
            f"{place.host} leads nowhere: {error}.", fix="Is it a hub?"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise odd(subject, place) from error


def ask(place: Place, subject: Subject, path: str, params: Mapping[str, Any]) -> Any:
    """Return the JSON that the hub's API answers to a GET of ``path``.

    huggingface_hub builds objects from such answers and fails as a whole where one field of one
    entry is odd, as it may be with mirrors; so its session is used, and what is in the answer is
    for the caller to judge.
    """
    return next(pages(place, subject, path, params))


def pages(place: Place, subject: Subject, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the JSON of each page of an answer, as the hub's Link headers lead on; see ``ask``."""
    with asking(subject, place):
        address = f"{place.endpoint}/api/{quote(path, safe='/%')}"
        given: dict[str, Any] | None = dict(params)
        for _ in range(_MOST_PAGES):
            answer = _session_for(place).get(address, params=given, headers=headers(address))
            if answer.is_error:
                raise refused_by(answer, subject, place, tokens.token())
            yield answer.json()
            address, given = answer.links.get("next", {}).get("url", ""), None
            if not address or not same_origin(address, place.endpoint):
                return


def _user_agent() -> str:
    import termai

    return f"termai/{termai.__version__}"
