"""The hub as a running download needs it: the token for its own origin, and the proxy."""

from collections.abc import Mapping
from dataclasses import dataclass

from termai.models.downloads.plan import Plan


@dataclass(frozen=True, slots=True)
class HubAccess:
    """How the hub is asked; the token is read anew for each request, as it may be changed."""

    endpoint: str
    proxy_address: str

    def headers(self) -> Mapping[str, str]:
        """Return who asks, and the token if there is one."""
        from termai.models.hub.client import headers

        return headers(self.endpoint)

    def proxy(self) -> str | None:
        """Return the configured proxy, None for what the environment says."""
        return self.proxy_address or None


def access(plan: Plan) -> HubAccess:
    """Return the access to a plan's hub; raises OfflineError when hubs are to be left alone."""
    from termai.models.hub.place import online

    return HubAccess(plan.endpoint, online().proxy)
