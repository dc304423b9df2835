"""Whose token it is: asked of the hub, also before a token is kept."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from termai.errors import AccessError
from termai.models.hub import tokens
from termai.models.hub.client import asking
from termai.models.hub.fields import text
from termai.models.hub.place import online
from termai.models.hub.refusals import LOGIN, Subject, odd
from termai.models.hub.tokens import Token


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the hub takes the bearer of a token for.

    host: of the hub. token_name, role: as the token's owner called it, and what it may do (read,
    write, fineGrained), empty where the hub does not say. source: the variable or file of the
    token. shadowed_by: the variable that holds another token in this shell, which wins.
    """

    name: str
    host: str
    token_name: str = ""
    role: str = ""
    source: str = ""
    shadowed_by: str = ""


def whoami() -> Account:
    """Ask the hub whose token is in use; raises AccessError for none or a wrong one."""
    found = tokens.token()
    if found is None:
        raise AccessError("No token is kept here.", fix=f"{LOGIN} asks for one.")
    return _account(found)


def login(value: str) -> Account:
    """Ask the hub whether a token is good, then keep it for every program of this user.

    Raises UsageError for what cannot be a token, AccessError for one that the hub does not take,
    UnreachableError, StorageError; then nothing was changed.
    """
    given = Token(tokens.checked(value.strip(), "the input"), "the input")
    account = _account(given)
    path = tokens.store(given.value)
    shadow = next((name for name in tokens.VARIABLES if os.environ.get(name)), "")
    return Account(account.name, account.host, account.token_name, account.role, str(path), shadow)


def logout() -> Path | None:
    """Delete the token that is kept; see ``tokens.forget``. The hub is not asked."""
    return tokens.forget()


def _account(token: Token) -> Account:
    place = online()
    subject = Subject(what="the account")
    with asking(subject, place, token) as api:
        said = api.whoami(token.value)
    if not isinstance(said, Mapping) or not (name := text(said.get("name"), 100)):
        raise odd(subject, place)
    auth = said.get("auth")
    access = auth.get("accessToken") if isinstance(auth, Mapping) else None
    about = access if isinstance(access, Mapping) else {}
    return Account(
        name,
        place.host,
        text(about.get("displayName"), 100),
        text(about.get("role"), 40),
        token.source,
    )
