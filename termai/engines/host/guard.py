"""Who is let in: the key on every route but /health, and pages of allowed origins only."""

import hmac
from collections.abc import Iterable, Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from termai.engines.host.errors import RequestError

LOCALHOST = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"


class KeyRequired:
    """Lets a request through that carries one of the keys, as Bearer or X-Api-Key."""

    def __init__(self, app: ASGIApp, keys: Sequence[str]) -> None:
        self.app = app
        self._keys = tuple(key.encode() for key in keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 to everything without a key but GET /health."""
        if scope["type"] != "http" or scope["path"] == "/health" or self._carries(scope):
            await self.app(scope, receive, send)
            return
        refusal = RequestError(401, "This server needs its API key.", "invalid_api_key")
        response = JSONResponse(
            refusal.body(), status_code=401, headers={"www-authenticate": "Bearer"}
        )
        await response(scope, receive, send)

    def _carries(self, scope: Scope) -> bool:
        headers = dict(scope["headers"])
        bearer = headers.get(b"authorization", b"")
        scheme, _, token = bearer.partition(b" ")
        given = token.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"")
        matches = [hmac.compare_digest(given, key) for key in self._keys]  # no early end
        return any(matches)


def with_origins(app: ASGIApp, origins: Iterable[str]) -> ASGIApp:
    """Let browsers use the server from these origins, without cookies; see ``cors_origins``."""
    named = tuple(origins)
    return CORSMiddleware(
        app,
        allow_origins=[origin for origin in named if origin != "localhost"],
        allow_origin_regex=LOCALHOST if "localhost" in named else None,
        allow_credentials=False,
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["*"],
    )
