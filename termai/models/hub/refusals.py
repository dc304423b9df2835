"""What a refusal of the hub means: missing, private, gated, a wrong token, or no hub at all.

The hub's own words are in X-Error-Code and X-Error-Message; the rules are those of
``hf_raise_for_status`` in huggingface_hub. Without a token 401 stands for what is missing, too.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from termai.errors import AccessError, NotFoundError, TermaiError, UnreachableError, UsageError
from termai.models.hub.place import Place
from termai.models.hub.tokens import VARIABLES, Token
from termai.text import one_line

if TYPE_CHECKING:
    import httpx2

LOGIN = "`termai hub login`"
_WRONG_TOKEN = "Invalid credentials in Authorization header"  # noqa: S105  the hub's words


@dataclass(frozen=True, slots=True)
class Subject:
    """What the hub is asked for, as it is named in messages; empty fields do not matter."""

    repo: str = ""
    revision: str = ""
    path: str = ""
    what: str = ""

    @property
    def name(self) -> str:
        """The most exact name of it."""
        if self.path:
            return f"{one_line(self.path, 120)} of {self.shown}"
        return self.shown or self.what or "the hub"

    @property
    def shown(self) -> str:
        """The repository, on one line."""
        return one_line(self.repo, 120)


def refused_by(
    answer: "httpx2.Response", subject: Subject, place: Place, token: Token | None
) -> TermaiError:
    """Return the error of termai for an answer of the hub that is one."""
    code = answer.headers.get("X-Error-Code", "")
    words = one_line(answer.headers.get("X-Error-Message", ""), 300)
    return refused(answer.status_code, code, words, subject, place, token)


def refused(
    status: int, code: str, words: str, subject: Subject, place: Place, token: Token | None
) -> TermaiError:
    """Return what a status with the hub's own code and words means for who asked."""
    detail = (words,) if words else ()
    if code == "GatedRepo":
        return _gated(status, subject, place, token, detail)
    if status == 401 and token and (code != "RepoNotFound" or words == _WRONG_TOKEN):
        return AccessError(
            f"{place.host} does not accept {token}.",
            fix=f"It may have been revoked or have ended: make a new one at "
            f"{place.page('settings/tokens')}, then {_renew(token)}.",
            detail=detail,
        )
    if code == "RevisionNotFound":
        return NotFoundError(f"{subject.shown} has no revision {one_line(subject.revision, 80)}.")
    if code == "EntryNotFound":
        return NotFoundError(f"{subject.shown} has no file {one_line(subject.path, 120)}.")
    if status == 404 and subject.path and not code:
        return NotFoundError(f"{place.host} has no {subject.name}.")
    if subject.repo and (code == "RepoNotFound" or status in (401, 404)):
        return _missing(subject, place, token)
    if status in (401, 403):
        return _forbidden(subject, place, token, detail)
    if status == 400 and subject.repo:
        return UsageError(f"{place.host} cannot make sense of {subject.name}.", detail=detail)
    return UnreachableError(
        f"{place.host} answers {status} when asked for {subject.name}.",
        fix="Is it a hub? HF_ENDPOINT or hub_endpoint in config.toml names it.",
        detail=detail,
    )


def odd(subject: Subject, place: Place) -> TermaiError:
    """Return that an answer is not one of a hub."""
    return UnreachableError(
        f"{place.host} answers with something that no hub says, when asked for {subject.name}.",
        fix="Is it a hub, or does the network want a login first? HF_ENDPOINT or hub_endpoint in "
        "config.toml names it.",
    )


def _gated(
    status: int, subject: Subject, place: Place, token: Token | None, detail: tuple[str, ...]
) -> AccessError:
    page = place.page(subject.repo)
    message = (
        f"{subject.shown} is gated: its owner wants conditions accepted before files are sent."
    )
    if token is None or status == 401:
        return AccessError(
            message,
            fix=f"Accept them at {page} with your account, then give termai a token of that "
            f"account: {LOGIN}.",
            detail=detail,
        )
    return AccessError(
        f"{message} The account of {token} has not been let in.",
        fix=f"Accept them at {page} with that account. Some owners look at each request first; "
        "a fine-grained token also needs the permission to read gated repositories.",
        detail=detail,
    )


def _missing(subject: Subject, place: Place, token: Token | None) -> NotFoundError:
    if token:
        return NotFoundError(
            f"{place.host} has no repository {subject.shown} that the account of {token} may see.",
            fix="Check the spelling, ORG/NAME; `termai search` finds repositories.",
        )
    return NotFoundError(
        f"{place.host} has no repository {subject.shown} that everybody may see: it does not "
        "exist, or it is private.",
        fix=f"Check the spelling, ORG/NAME; for a private one give your token: {LOGIN}.",
    )


def _forbidden(
    subject: Subject, place: Place, token: Token | None, detail: tuple[str, ...]
) -> AccessError:
    if token is None:
        return AccessError(
            f"{place.host} wants to know who asks for {subject.name}.",
            fix=f"Give your token: {LOGIN}.",
            detail=detail,
        )
    return AccessError(
        f"{place.host} does not let {token} have {subject.name}.",
        fix=f"Look at the token's permissions at {place.page('settings/tokens')}.",
        detail=detail,
    )


def _renew(token: Token) -> str:
    return f"set {token.source} to it" if token.source in VARIABLES else LOGIN
