"""hub: finding models on a Hugging Face hub, and reading what is there before it is downloaded."""

from termai.models.hub.client import headers
from termai.models.hub.files import RepoFile
from termai.models.hub.place import OfflineError, endpoint, proxy
from termai.models.hub.repositories import Repository, choose, is_name, repository
from termai.models.hub.resolving import Resolved, resolve
from termai.models.hub.variants import Variant

__all__ = [
    "OfflineError",
    "RepoFile",
    "Repository",
    "Resolved",
    "Variant",
    "choose",
    "endpoint",
    "headers",
    "is_name",
    "proxy",
    "repository",
    "resolve",
]
