"""Taking out of a text what a stranger must not read: users, hosts, paths, addresses, secrets."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from termai.doctor.identities import Identities, is_public

USER, HOST, ADDRESS, SECRET, ID = "<user>", "<host>", "<address>", "<secret>", "<id>"

_INSIDE = 5  # characters from which a name is found inside of longer words, too
_SYSTEM = frozenset(
    {"usr", "bin", "sbin", "lib", "lib64", "etc", "opt", "proc", "sys", "dev", "run", "var"}
    | {"tmp", "nix", "snap", "boot", "Applications", "Library", "System"}
)
_HOMES = re.compile(r"(?<![\w.])((?:/mnt/[a-z])?/(?:home|Users)/)[^/\s'\"`,;:()<>]+")
_PATH = re.compile(r"(?<![\w.~>/])/(?!/)[^\s'\"`,;:()<>]+")
_URL = re.compile(r"\b([a-z][a-z0-9+.-]*://)([^\s/'\"`<>]*@)?([^\s/'\"`<>?#]*)", re.IGNORECASE)
_QUERY = re.compile(r"(://[^\s?'\"`<>]*)\?[^\s'\"`<>]*")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*")
_MAC = re.compile(r"(?<![\w:])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?!\w|:\w)", re.IGNORECASE)
_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\w)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*(?:%\w+)?", re.IGNORECASE)
_TOKENS = re.compile(
    r"\b(?-i:hf_|sk-|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA)[\w-]{8,}"
    r"|(?<=\bBearer )\S+|(?<=\bBasic )\S+"
    r"|(?<![\w/.-])(?=\w*\d)(?=\w*[a-z])\w{24,}(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_WORD = r"(?:api[-_]?key|token|passw(?:or)?d|passphrase|secret|credentials?)"
_VALUE = (
    r"(?:(['\"`])(?!<secret>\3)([^'\"`\n]+)(?=\3)"
    r"|(?!<(?:user|host|address|secret|id)>(?:[\s,;'\"`]|$))([^\s,;'\"`]+))"
)
_NAMED = re.compile(
    rf"(?<![\w-])([\w-]*{_WORD}['\"`]?)(\s*[=:]\s*|\s+(?=\S*[\d_-])){_VALUE}", re.IGNORECASE
)
_FLAG = re.compile(rf"(?<![\w-])(--?[\w-]*{_WORD})(\s+)(?!-){_VALUE}", re.IGNORECASE)
_PROSE = frozenset(
    {"a", "all", "an", "and", "any", "anybody", "anyone", "are", "as", "at", "belongs", "by"}
    | {"can", "do", "does", "each", "every", "everybody", "everyone", "expected", "for", "found"}
    | {"from", "given", "go", "has", "have", "how", "if", "in", "is", "it", "its", "keep", "may"}
    | {"missing", "must", "name", "needs", "no", "nobody", "none", "not", "of", "on", "one"}
    | {"only", "or", "put", "set", "some", "take", "text", "that", "the", "these", "this"}
    | {"those", "to", "unknown", "unset", "use", "was", "were", "what", "when", "where", "which"}
    | {"who", "why", "will", "with", "without", "would", "write"}
)
"""Words that go on with a sentence behind a name, and that are nobody's key."""

_NO_KEYS = frozenset(("true", "false", "none", "null", "0", "1"))


def scrubbed(text: str, who: Identities) -> str:
    """Return ``text`` without the users, hosts and secrets of ``who``, nor what looks like any.

    Of paths outside the system's directories the first and the last part stay. Names of five
    characters and more are found inside of words, shorter ones as words of their own.
    """
    for secret in sorted(who.secrets, key=len, reverse=True):
        text = text.replace(secret, SECRET)
    for step in (_without_tokens, _directories(who), _without_paths, _without_addresses):
        text = step(text)
    return _without(_without(text, who.hosts, HOST), who.users, USER)


def _without_tokens(text: str) -> str:
    text = _QUERY.sub(r"\1", text)
    text = _TOKENS.sub(SECRET, text)
    return _FLAG.sub(_unnamed, _NAMED.sub(_unnamed, text))


def _unnamed(found: "re.Match[str]") -> str:
    """Return what stands in place of a name and its value, which may be the rest of a sentence."""
    name, between, quote, _, value = found.groups()
    word = (value or "").rstrip(".:)").casefold()
    if word in _NO_KEYS or (word in _PROSE and between.strip() != "="):
        return found[0]
    return f"{name}{between}{quote or ''}{SECRET}"


def _directories(who: Identities) -> Callable[[str], str]:
    known = sorted(who.directories.items(), key=lambda item: -len(item[0]))

    def replace(text: str) -> str:
        for path, words in known:
            text = re.sub(rf"{re.escape(path)}(?![\w-]|\.\w)", words, text)
        return text

    return replace


def _without_paths(text: str) -> str:
    return _PATH.sub(lambda found: _short(found[0]), _HOMES.sub(rf"\1{USER}", text))


def _short(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    if len(parts) < 3 or parts[0] in _SYSTEM:
        return path
    return f"/{parts[0]}/…/{parts[-1]}"


def _without_addresses(text: str) -> str:
    text = _URL.sub(lambda found: f"{found[1]}{_host(found[3])}", text)
    text = _MAIL.sub(f"{USER}@{HOST}", text)
    text = _UUID.sub(ID, _MAC.sub(ADDRESS, text))
    return _IPV6.sub(_address, _IPV4.sub(_address, text))


def _host(told: str) -> str:
    """Return the host and port of a URL, the host only where it is nobody's own."""
    try:
        parts = urlsplit(f"//{told}")
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        return HOST
    harmless = is_public(host) or host == "localhost" or _is_loopback(host)
    return told if harmless or not host else f"{HOST}{port}"


def _address(found: "re.Match[str]") -> str:
    told = found[0].rstrip(".:") if "::" not in found[0] else found[0].rstrip(".")
    try:
        ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return found[0]
    return found[0] if _is_loopback(told) else found[0].replace(told, ADDRESS)


def _is_loopback(told: str) -> bool:
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _without(text: str, names: Iterable[str], instead: str) -> str:
    for name in names:
        spelt = "|".join(map(re.escape, dict.fromkeys((name, name.upper(), name.casefold()))))
        inside = f"(?:{spelt})"
        pattern = inside if len(name) >= _INSIDE else rf"(?<![^\W_]){inside}(?![^\W_])"
        text = re.sub(pattern, instead, text, flags=re.IGNORECASE)
    return text
