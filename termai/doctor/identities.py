"""Who and what a text for strangers must not name: users, hosts, directories, secrets."""

import os
import pwd
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from termai import settings
from termai.errors import TermaiError
from termai.files import read_text
from termai.models.hub.tokens import token_path
from termai.paths import config_dir, data_dir, state_dir
from termai.profiles.kept import is_secret_name
from termai.profiles.store import list_profiles

GENERIC = frozenset(
    {"root", "user", "admin", "ubuntu", "debian", "fedora", "arch", "alpine", "pi", "vagrant"}
    | {"ec2-user", "opc", "azureuser", "nobody", "localhost", "localdomain", "local", "home"}
    | {"host", "gpu", "cuda", "node", "server", "linux", "default", "cluster", "svc", "desktop"}
    | {"laptop", "workstation", "vm", "termai"}
)
"""Names that name nobody, and that would take facts out of a report such as the distribution."""

PUBLIC = ("huggingface.co", "hf.co", "github.com", "pypi.org", "python.org", "nodejs.org")
"""Hosts of the public; so are those below them."""

_FIRST_PERSON = 1000  # user ids from here on are people's (login.defs(5), UID_MIN)
_PEOPLE = 1000  # accounts that are taken over at most
_SHORTEST_SECRET = 6
_SHORTEST_PART = 3  # letters of a part of a full name


@dataclass(frozen=True, slots=True)
class Identities:
    """What is replaced, without doubles and empty texts.

    directories: path by the words that stand for it.
    """

    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    directories: Mapping[str, str] = field(default_factory=dict)


def here() -> Identities:
    """Return those of this machine and this user; never raises."""
    homes = [home for home in _homes() if home.strip("/")]
    return Identities(
        users=_distinct((*_users(), *(Path(home).name for home in homes))),
        hosts=_distinct(_hosts()),
        secrets=tuple({" ".join(one.split()) for one in _secrets() if _is_long(one)}),
        directories={**_own_directories(), **dict.fromkeys(homes, "~")},
    )


def _distinct(names: Iterator[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Return names once each, the longest first, without those that name nobody."""
    kept = {name.strip() for name in names}
    kept = {name for name in kept if name and name.casefold() not in GENERIC}
    return tuple(sorted(kept, key=lambda name: (-len(name), name)))


def _homes() -> Iterator[str]:
    for home in (os.environ.get("HOME", ""), _entry_home()):
        if home:
            yield home.rstrip("/")
            yield os.path.realpath(home)


def _entry_home() -> str:
    with suppress(KeyError, OSError):
        return pwd.getpwuid(os.getuid()).pw_dir
    return ""


def _users() -> Iterator[str]:
    for variable in ("USER", "LOGNAME", "USERNAME", "SUDO_USER", "MAIL"):
        yield os.environ.get(variable, "").rpartition("/")[2]
    for line in _lines(Path("/etc/passwd"))[:_PEOPLE]:
        name, _, number, _, told = (*line.split(":"), "", "", "", "", "")[:5]
        if number.isdecimal() and (int(number) >= _FIRST_PERSON or int(number) == os.getuid()):
            yield name
            full = told.partition(",")[0]
            yield full
            yield from (part for part in full.split() if len(part) >= _SHORTEST_PART)


def _hosts() -> Iterator[str]:
    own = [socket.gethostname(), os.environ.get("HOSTNAME", "")]
    yield from own
    yield from (name.partition(".")[0] for name in own)
    values = settings.load().values
    for address in (values.hub_endpoint, values.proxy, *_proxies()):
        host = _host_of(address).strip(".")
        if not is_public(host):
            yield host
    yield from (domain.strip(".") for domain in _domains())


def is_public(host: str) -> bool:
    """Tell whether a host names nobody's own machine."""
    return any(host == known or host.endswith(f".{known}") for known in PUBLIC)


def _domains() -> Iterator[str]:
    """Yield the domains that this machine is in, by resolv.conf(5)."""
    for line in _lines(Path("/etc/resolv.conf")):
        word, *domains = line.split()[:8] or [""]
        if word in ("search", "domain"):
            yield from domains


def _host_of(address: str) -> str:
    with suppress(ValueError):
        return urlsplit(address if "://" in address else f"//{address}").hostname or ""
    return ""


def _proxies() -> Iterator[str]:
    for name, value in os.environ.items():
        if name.lower().endswith("_proxy") or name == "HF_ENDPOINT":
            yield from value.split(",")


def _secrets() -> Iterator[str]:
    yield from _secret_values(os.environ)
    for profile in list_profiles().profiles:
        yield from _secret_values(profile.env)
    with suppress(TermaiError):
        yield read_text(token_path(), limit=1 << 16).strip()


def _secret_values(values: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of what is a secret by its name; a path such as that of PWD is none."""
    for name, value in values.items():
        if is_secret_name(name) and not os.path.exists(value):  # noqa: PTH110
            yield value
            yield from value.splitlines()


def _is_long(secret: str) -> bool:
    return len(secret.strip()) >= _SHORTEST_SECRET


def _own_directories() -> dict[str, str]:
    return {
        str(config_dir()): "<config>",
        str(data_dir()): "<data>",
        str(state_dir()): "<state>",
    }


def _lines(path: Path) -> list[str]:
    try:
        return read_text(path, limit=1 << 20).splitlines()
    except TermaiError:
        return []
