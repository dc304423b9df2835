"""Asking an OpenAI-compatible server, and hearing its answer as it comes."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, Self

from termai.chat import failures
from termai.chat.connection import Connection, Patience, Waiting
from termai.chat.deltas import ChunkReader, Delta
from termai.chat.endpoint import EMBEDDED_ENGINE, NATIVE_ENGINE, Endpoint
from termai.chat.sampling import Sampling
from termai.chat.sse import Event, SseParser
from termai.errors import TermaiError

if TYPE_CHECKING:
    import httpx2

_CHAT: Final = "/v1/chat/completions"
_FIELD_REFUSED: Final = (400, 422, 500)  # 500 is how llama-cpp-python refuses a field
_NEED_NO_MODEL: Final = (NATIVE_ENGINE, EMBEDDED_ENGINE)
_NO_SAMPLING: Final = Sampling()

__all__ = ["ChatClient", "Patience", "Waiting"]


class ChatClient:
    """A connection to one server, used within one event loop.

    Every method raises the errors of `failures`: UnreachableError with the cause, UsageError
    when the server rejects the request (ContextFullError when it is too long), NotFoundError
    when there is no such model.
    """

    def __init__(self, endpoint: Endpoint, patience: Patience | None = None) -> None:
        self.endpoint = endpoint
        self._connection = Connection(endpoint, patience or Patience())
        self._native = endpoint.engine == NATIVE_ENGINE
        self._known = bool(endpoint.engine)
        self._props: dict[str, Any] | None = None
        self._model = endpoint.model

    @property
    def known_ctx_size(self) -> int | None:
        """The tokens of context as far as known without asking the server."""
        return self.endpoint.ctx_size or _ctx_size(self._props)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; answers in flight end."""
        await self._connection.close()

    async def prepare(self) -> None:
        """Do now what the first question would have to wait for; failures wait for it too."""
        try:
            await self.props()
        except TermaiError:
            return

    async def stream(
        self,
        messages: Sequence[Mapping[str, Any]],
        sampling: Sampling = _NO_SAMPLING,
        *,
        thinking: bool | None = None,
        on_wait: Waiting | None = None,
    ) -> AsyncGenerator[Delta, None]:
        """Ask, and yield the answer piece by piece; the last piece is ``finished``.

        ``thinking`` switches the reasoning of models that have a switch; None leaves it to
        them. While the server says that it is loading, ``on_wait`` is called and the question
        repeated. Closing the iterator closes the connection, at which the server stops
        generating. An answer that breaks off raises UnreachableError after everything that
        came was yielded.
        """
        body, extras = await self._request(messages, sampling, thinking)
        response = await self._open(body, extras, on_wait)
        try:
            if _is_stream(response):
                async with aclosing(self._answer(response, body)) as deltas:
                    async for delta in deltas:
                        yield delta
            else:
                for delta in self._whole(await self._connection.body(response)):
                    yield delta
        finally:
            await response.aclose()

    async def props(self) -> dict[str, Any] | None:
        """Return llama-server's ``/props``, or None when the server has no such thing."""
        if self._props is None and (self._native or not self._known):
            found = await self._connection.ask("GET", "/props")
            self._known = True
            self._native = bool(found and "default_generation_settings" in found)
            self._props = found if self._native else None
        return self._props

    async def ctx_size(self) -> int | None:
        """Return the tokens of context that one conversation has, or None when nobody says."""
        if self.endpoint.ctx_size is None:
            await self.props()
        if self.known_ctx_size is not None:
            return self.known_ctx_size
        for model in await self._models():
            meta = model.get("meta")
            said = meta.get("n_ctx") if isinstance(meta, dict) else model.get("max_model_len")
            return _positive(said)
        return None

    async def models(self) -> list[str]:
        """Return the names of the models that the server offers."""
        return [str(model["id"]) for model in await self._models() if "id" in model]

    async def count_tokens(self, text: str) -> int | None:
        """Return how many tokens ``text`` is, or None when the server does not count them."""
        if await self.props() is not None:
            found = await self._connection.ask("POST", "/tokenize", {"content": text})
            tokens = found.get("tokens") if found else None
            return len(tokens) if isinstance(tokens, list) else None
        found = await self._connection.ask("POST", "/extras/tokenize/count", {"input": text})
        count = found.get("count") if found else None
        return count if type(count) is int else None

    async def _request(
        self, messages: Sequence[Mapping[str, Any]], sampling: Sampling, thinking: bool | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the body of the request, and the fields that the answer does not depend on."""
        await self._find_out()
        body: dict[str, Any] = {"messages": list(messages), **sampling.as_request()}
        if self._model:
            body["model"] = self._model
        extras: dict[str, Any] = {"stream_options": {"include_usage": True}}
        if self._native:
            extras["return_progress"] = True
            if thinking is not None:
                extras["chat_template_kwargs"] = {"enable_thinking": thinking}
        return body, extras

    async def _find_out(self) -> None:
        """Learn once whether this is llama-server and, where one is needed, a model's name."""
        if self._known and (self._model or self.endpoint.engine in _NEED_NO_MODEL):
            return
        try:
            await self.props()
            if not self._native and not self._model:
                self._model = next(iter(await self.models()), "")
        except TermaiError:
            return  # the question itself will meet the same failure and report it

    async def _open(
        self, body: dict[str, Any], extras: dict[str, Any], on_wait: Waiting | None
    ) -> "httpx2.Response":
        while True:
            request = {**body, **extras, "stream": True}
            response, refusal = await self._connection.post(_CHAT, request, on_wait)
            status = response.status_code
            if status == 200:
                return response
            field = failures.names_field(refusal, tuple(extras))
            if not field or status not in _FIELD_REFUSED:
                raise failures.refused(self.endpoint, status, refusal)
            del extras[field]

    async def _answer(
        self, response: "httpx2.Response", body: Mapping[str, Any]
    ) -> AsyncGenerator[Delta, None]:
        reader = ChunkReader()
        begun = False
        async with aclosing(self._events(response)) as events:
            try:
                async for event in events:
                    begun = True
                    if event.data.startswith(b"[DONE]"):
                        break
                    for delta in reader.read(event.data):
                        yield delta
                else:
                    await self._fail(body, begun=begun)
            except TermaiError as error:
                raise failures.told(self.endpoint, error) from error.__cause__
        if not reader.finish_reason:
            raise failures.interrupted(self.endpoint)
        yield Delta(finished=reader.finished())

    async def _events(self, response: "httpx2.Response") -> AsyncGenerator[Event, None]:
        parser = SseParser()
        async with aclosing(self._connection.chunks(response)) as chunks:
            async for chunk in chunks:
                for event in parser.feed(chunk):
                    yield event
        for event in parser.flush():
            yield event

    async def _fail(self, body: Mapping[str, Any], *, begun: bool) -> None:
        """Raise what explains a stream without an end.

        llama-cpp-python reports errors, such as a prompt that is too long, only to a request
        that does not stream: one for a single token asks for the reason.
        """
        if not begun and not self._native:
            await self._connection.ask("POST", _CHAT, {**body, "stream": False, "max_tokens": 1})
        raise failures.broken_off(self.endpoint)

    def _whole(self, content: bytes) -> list[Delta]:
        """Return the pieces of an answer that came as one JSON object, not as a stream."""
        reader = ChunkReader()
        try:
            deltas = reader.read(content)
        except TermaiError as error:
            raise failures.told(self.endpoint, error) from error.__cause__
        if not reader.finish_reason:
            raise failures.interrupted(self.endpoint)
        return [*deltas, Delta(finished=reader.finished())]

    async def _models(self) -> list[dict[str, Any]]:
        found = await self._connection.ask("GET", "/v1/models") or {}
        models = found.get("data")
        return [m for m in models if isinstance(m, dict)] if isinstance(models, list) else []


def _is_stream(response: "httpx2.Response") -> bool:
    kind: str = response.headers.get("content-type", "")
    return not kind.lower().startswith(("application/json", "text/html"))


def _ctx_size(props: dict[str, Any] | None) -> int | None:
    settings = (props or {}).get("default_generation_settings")
    return _positive(settings.get("n_ctx")) if isinstance(settings, dict) else None


def _positive(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None
