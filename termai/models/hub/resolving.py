"""Where the bytes of a file are: the address that the hub hands out for it, and its hash."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin

from termai.models.hub.client import asking, headers
from termai.models.hub.files import MOST_SIZE
from termai.models.hub.place import online, same_origin
from termai.models.hub.refusals import Subject

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a file of a commit can be fetched now.

    url: signed for a while when it is on another origin than the hub. headers: to send with it;
    the token is among them only where ``url`` is the hub's own. size: bytes, None where unknown.
    sha256: empty where the hub gives none.
    """

    url: str
    size: int | None = None
    sha256: str = ""
    commit: str = ""
    etag: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)


def resolve(repo: str, commit: str, path: str) -> Resolved:
    """Ask the hub where a file of a commit (or another revision) is.

    Raises NotFoundError, AccessError for gated and private ones, UnreachableError.
    """
    from huggingface_hub import get_hf_file_metadata

    place = online()
    subject = Subject(repo, commit, path)
    with asking(subject, place) as api:
        found = get_hf_file_metadata(
            file_address(place.endpoint, repo, commit, path),
            token=api.token,
            endpoint=place.endpoint,
        )
    etag = found.etag or ""
    url = urljoin(f"{place.endpoint}/", found.location)
    size = found.size if isinstance(found.size, int) and 0 <= found.size < MOST_SIZE else None
    own = headers(url) if same_origin(url, place.endpoint) else {}
    return Resolved(
        url=url,
        size=size,
        sha256=etag.lower() if _SHA256.fullmatch(etag.lower()) else "",
        commit=found.commit_hash or commit,
        etag=etag,
        headers=own,
    )


def file_address(endpoint: str, repo: str, revision: str, path: str) -> str:
    """Return the hub's own address of a file, which leads to where its bytes are."""
    return f"{endpoint}/{quote(repo)}/resolve/{quote(revision, safe='')}/{quote(path)}"
