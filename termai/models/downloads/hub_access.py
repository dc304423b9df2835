"""The hub as a running download needs it: the token for its own origin, and the proxy."""

from collections.abc import Mapping
from dataclasses import dataclass

import termai
from termai import settings
from termai.errors import UsageError
from termai.models.downloads.plan import Plan


@dataclass(frozen=True, slots=True)
class HubAccess:
    """How the hub is asked; the token is read anew for each request, as it may be changed."""

    proxy_address: str

    def headers(self) -> Mapping[str, str]:
        """Return who asks, and the token from the usual places if there is one."""
        from huggingface_hub import get_token

        token = get_token()
        agent = {"User-Agent": f"termai/{termai.__version__}"}
        return {**agent, "Authorization": f"Bearer {token}"} if token else agent

    def proxy(self) -> str | None:
        """Return the configured proxy, None for what the environment says."""
        return self.proxy_address or None


def access(plan: Plan) -> HubAccess:
    """Return the access to a plan's hub; raises UsageError when hubs are to be left alone."""
    values = settings.load().values
    if values.hub_offline:
        raise UsageError(
            f"{plan.name} cannot be downloaded: hub_offline is set in config.toml.",
            fix="Set it to false, then `termai downloads resume` goes on.",
        )
    return HubAccess(values.proxy)
