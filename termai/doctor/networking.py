"""The checks of the network that need to know termai's settings, profiles and servers."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from termai.engines.served import is_file
from termai.environment import hub as of_hub
from termai.environment import ports as of_ports
from termai.environment.hub import Hub
from termai.environment.ports import Wanted
from termai.environment.running import Check
from termai.errors import UsageError
from termai.models.hub import tokens
from termai.models.hub.place import OfflineError, Place, online, place
from termai.models.hub.refusals import Subject, odd, refused_by
from termai.models.hub.tokens import Token
from termai.models.hub.unreachable import proxy_for
from termai.profiles.store import list_profiles
from termai.servers import registry

if TYPE_CHECKING:
    from termai.models.hub.transport import Patience

_WHOLE_S = 2.0  # below the limit of a check, so that the reason is told


def checks() -> tuple[Check, ...]:
    """Return the checks of hub, token and ports."""
    return (
        *of_hub.checks(hub),
        Check("Ports", of_hub.GROUP, lambda: of_ports.ports(wanted, running)),
    )


def hub() -> Hub:
    """Return the hub of the settings and how it is asked; raises UsageError, InvalidFileError."""
    try:
        there = online()
    except OfflineError as error:
        return Hub(place().host, _nothing, str, offline=error.message)
    return Hub(
        host=there.host,
        reach=lambda: _reach(there),
        taken=lambda: _taken(there, tokens.token(renew=False)),
        proxy=proxy_for(there.endpoint, there),
        token=_source(),
    )


def _source() -> str:
    """Return where the token comes from, whatever it is; empty without one."""
    try:
        token = tokens.token(renew=False)
    except UsageError as error:
        return error.message
    return token.source if token else ""


def wanted() -> Sequence[Wanted]:
    """Return the ports of the user's own profiles, and the one that the others have."""
    own = [one for one in list_profiles().profiles if not one.shipped and is_file(one.engine)]
    return (
        *of_ports.by_default(),
        *(
            Wanted(
                int(one.value("port")),
                str(one.value("host")),
                one.name,
                bool(one.value("port_strict")),
            )
            for one in own
        ),
    )


def running() -> Mapping[int, str]:
    """Return the names of termai's living servers by the port they listen on."""
    return {one.port: one.name for one in registry.list_servers(past=False) if is_file(one.engine)}


def _nothing() -> None:
    return None


def _reach(there: Place) -> None:
    """Ask for one entry of the list of models, without a token; raises TermaiError."""
    subject = Subject(what="its list of models")
    if not isinstance(_asked(there, "models?limit=1", subject, None), list):
        raise odd(subject, there)


def _taken(there: Place, token: Token | None) -> str:
    """Return what the token may do, as the hub says (``whoami-v2``); raises TermaiError."""
    subject = Subject(what="the account")
    said = _asked(there, "whoami-v2", subject, token)
    if not isinstance(said, dict) or not isinstance(said.get("name"), str):
        raise odd(subject, there)
    auth = said.get("auth")
    access = auth.get("accessToken") if isinstance(auth, dict) else None
    role = access.get("role") if isinstance(access, dict) else None
    return role if isinstance(role, str) else ""


def _asked(there: Place, path: str, subject: Subject, token: Token | None) -> Any:
    """Return the JSON of one short answer; nothing is tried twice."""
    import httpx2

    from termai.models.hub.transport import HubTransport

    said = {"Authorization": f"Bearer {token.value}"} if token else {}
    with httpx2.Client(proxy=there.proxy or None, trust_env=True) as inner:
        transport = HubTransport(inner, there, _patience())
        with httpx2.Client(transport=transport, follow_redirects=True, max_redirects=3) as client:
            answer = client.get(f"{there.endpoint}/api/{path}", headers=said)
    if answer.is_error:
        raise refused_by(answer, subject, there, token)
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        raise odd(subject, there) from None


def _patience() -> "Patience":
    from termai.models.hub.transport import Patience

    return Patience(connect_s=_WHOLE_S, read_s=_WHOLE_S, whole_s=_WHOLE_S, pauses=())
