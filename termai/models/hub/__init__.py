"""hub: finding models on a Hugging Face hub, and reading what is there before it is downloaded."""

from termai.models.hub.cards import card
from termai.models.hub.client import headers
from termai.models.hub.files import RepoFile
from termai.models.hub.place import OfflineError, endpoint, proxy
from termai.models.hub.remote import header_of, remote_header, remote_headers
from termai.models.hub.repositories import Repository, choose, is_name, repository
from termai.models.hub.resolving import Resolved, resolve
from termai.models.hub.searching import SORTS, Listed, Sort, search
from termai.models.hub.variants import Variant

__all__ = [
    "SORTS",
    "Listed",
    "OfflineError",
    "RepoFile",
    "Repository",
    "Resolved",
    "Sort",
    "Variant",
    "card",
    "choose",
    "endpoint",
    "header_of",
    "headers",
    "is_name",
    "proxy",
    "remote_header",
    "remote_headers",
    "repository",
    "resolve",
    "search",
]
