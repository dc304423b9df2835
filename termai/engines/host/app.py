"""The routes: OpenAI's, and those of llama-server's that a client asks for facts."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from termai.engines.host.console import say
from termai.engines.host.errors import RequestError, StoppedError, explain
from termai.engines.host.guard import KeyRequired, with_origins
from termai.engines.host.settings import HostSettings

if TYPE_CHECKING:
    from termai.engines.host.model import Model
    from termai.engines.host.requests import Job
    from termai.engines.host.turns import Turns

Endpoint = Callable[[Request], Awaitable[Response]]

BODY_LIMIT = 64 << 20
_LOADING = RequestError(503, "Loading model", "unavailable")


class Service:
    """What the routes share: the settings, and the model once it is there."""

    def __init__(self, settings: HostSettings) -> None:
        self.settings = settings
        self.name = str(settings.option("alias") or Path(settings.model).stem)
        self._turns: Turns | None = None
        self._chat: Callable[..., Any] | None = None

    def ready(self, model: "Model") -> None:
        """Answer requests with ``model`` from now on."""
        from termai.engines.host.model import chat_handler
        from termai.engines.host.turns import Turns

        self._chat = chat_handler(model)
        self._turns = Turns(model)

    def close(self) -> None:
        """Stop what is being answered."""
        if self._turns:
            self._turns.close()

    @property
    def turns(self) -> "Turns":
        """Return the queue for the model; raises RequestError 503 while it is being loaded."""
        if self._turns is None:
            raise _LOADING
        return self._turns

    async def health(self, _request: Request) -> Response:
        """Say whether the model is there."""
        if self._turns is None:
            return _failure(_LOADING)
        return JSONResponse({"status": "ok"})

    async def models(self, _request: Request) -> Response:
        """List the one model, without waiting for it."""
        entry = {"id": self.name, "object": "model", "created": 0, "owned_by": "termai"}
        return JSONResponse({"object": "list", "data": [entry]})

    async def props(self, _request: Request) -> Response:
        """Give the facts that llama-server gives under this name, as far as they exist here."""
        model = self.turns.model
        return JSONResponse(
            {
                "default_generation_settings": {"n_ctx": model.n_ctx()},
                "total_slots": 1,
                "model_alias": self.name,
                "model_path": self.settings.model,
                "chat_template": model.metadata.get("tokenizer.chat_template", ""),
                "build_info": "llama-cpp-python",
            }
        )

    async def chat(self, request: Request) -> Response:
        """Answer a conversation."""
        from termai.engines.host import requests

        turns, handler = self.turns, self._chat
        assert handler is not None  # noqa: S101  set together with the model
        job = requests.chat(await _body(request), self._defaults(), turns.model)
        return await self._answer(
            request, job, lambda **kwargs: handler(llama=turns.model, **kwargs)
        )

    async def completions(self, request: Request) -> Response:
        """Continue a text."""
        from termai.engines.host import requests

        model = self.turns.model
        job = requests.completion(await _body(request), self._defaults(), model)
        return await self._answer(request, job, model.create_completion)

    async def tokenize(self, request: Request) -> Response:
        """Turn a text into tokens; reading the vocabulary needs no turn."""
        from termai.engines.host import requests

        body = await _body(request)
        key = "input" if request.url.path.startswith("/extras") else "content"
        text = requests.text_field(body, key)
        tokens = self.turns.model.tokenize(text.encode(), add_bos=False, special=True)
        if request.url.path.endswith("/count"):
            return JSONResponse({"count": len(tokens)})
        return JSONResponse({"tokens": tokens})

    async def detokenize(self, request: Request) -> Response:
        """Turn tokens into text."""
        from termai.engines.host import requests

        tokens = requests.token_field(await _body(request), "tokens")
        text = self.turns.model.detokenize(tokens, special=True).decode("utf-8", "replace")
        key = "text" if request.url.path.startswith("/extras") else "content"
        return JSONResponse({key: text})

    def _defaults(self) -> dict[str, Any]:
        from termai.engines.host.requests import sampling_defaults

        return {**sampling_defaults(self.settings.options), "model": self.name}

    async def _answer(self, request: Request, job: "Job", work: Callable[..., Any]) -> Response:
        from termai.engines.host import streaming

        turns = self.turns
        if job.stream:
            chunks = turns.stream(lambda: work(**job.arguments, stream=True))
            return await streaming.respond(request, chunks, turns.model, job.include_usage)
        whole = turns.whole(lambda: self._timed(work(**job.arguments, stream=False)))
        answer = await streaming.unless_gone(request, whole)
        return JSONResponse(answer)

    def _timed(self, answer: dict[str, Any]) -> dict[str, Any]:
        tally = self.turns.model.tally
        return {**answer, "usage": tally.usage(), "timings": tally.timings()}


def build(service: Service, keys: Sequence[str]) -> ASGIApp:
    """Return the application: origins first, then the keys, then the routes."""
    routes = [
        *_routes("GET", service.health, "/health", "/v1/health"),
        *_routes("GET", service.models, "/v1/models", "/models"),
        *_routes("GET", service.props, "/props"),
        *_routes("POST", service.chat, "/v1/chat/completions"),
        *_routes("POST", service.completions, "/v1/completions"),
        *_routes("POST", service.tokenize, "/tokenize", "/extras/tokenize"),
        *_routes("POST", service.tokenize, "/extras/tokenize/count"),
        *_routes("POST", service.detokenize, "/detokenize", "/extras/detokenize"),
    ]
    app: ASGIApp = Starlette(routes=routes, exception_handlers={HTTPException: _no_such_route})
    if keys:
        app = KeyRequired(app, keys)
    return with_origins(app, service.settings.option("cors_origins", ("localhost",)))


def _routes(method: str, endpoint: Endpoint, *paths: str) -> list[Route]:
    return [Route(path, _explained(endpoint), methods=[method]) for path in paths]


def _explained(endpoint: Endpoint) -> Endpoint:
    """Return ``endpoint`` with every failure as an error object."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except StoppedError:
            return _failure(RequestError(503, "The request was ended before its answer."))
        except Exception as error:  # noqa: BLE001  whatever it is, the client is told
            refusal = explain(error)
            if refusal.status >= 500 and refusal is not _LOADING:
                say(f"request failed: {refusal.message}")
            return _failure(refusal)

    return answer


def _failure(error: RequestError) -> Response:
    return JSONResponse(error.body(), status_code=error.status)


async def _no_such_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    what = f"{request.method} {request.url.path} is not something the embedded engine answers."
    return _failure(RequestError(status, what))


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise RequestError(413, f"The request is larger than {BODY_LIMIT >> 20} MiB.")
        parts.append(part)
    return b"".join(parts)
