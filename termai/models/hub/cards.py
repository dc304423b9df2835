"""The model card of a repository: its README as text for the terminal."""

from termai.errors import NotFoundError
from termai.models.hub.client import asking, headers, session
from termai.models.hub.markdown import MOST, readable
from termai.models.hub.place import online
from termai.models.hub.refusals import Subject, refused_by
from termai.models.hub.repositories import checked_name
from termai.models.hub.resolving import file_address
from termai.models.hub.tokens import token

CARD = "README.md"

_MOST_BYTES = 8 * MOST  # front matter and pictures in the text take their part


def card(repo: str, revision: str = "main") -> str:
    """Return a repository's card as Markdown without HTML and pictures, empty where it has none.

    Raises UsageError, NotFoundError for the repository, AccessError, UnreachableError.
    """
    from termai.models.hub.transport import MOST as MOST_OF_ANSWER

    checked_name(repo)
    place = online()
    subject = Subject(repo, revision, CARD)
    address = file_address(place.endpoint, repo, revision, CARD)
    with asking(subject, place):
        http = session()
        asked = http.build_request(
            "GET", address, headers=headers(address), extensions={MOST_OF_ANSWER: _MOST_BYTES}
        )
        answer = http.send(asked)
        if not answer.is_error:
            return readable(answer.content.decode("utf-8", "replace"))
        error = refused_by(answer, subject, place, token())
        if (
            isinstance(error, NotFoundError)
            and answer.headers.get("X-Error-Code") == "EntryNotFound"
        ):
            return ""
        raise error
