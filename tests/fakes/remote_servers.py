"""Servers with the OpenAI API that termai did not start: Ollama, LM Studio, llama-server, vLLM.

What they answer follows their sources and documentation: Ollama's ``ToListCompletion``
(ollama/ollama, openai/openai.go, 0.12: a list without models is ``null``, an unknown path 404
with a plain text), LM Studio 0.4's documentation ("GET /v1/models"; it answers unknown paths with
200 and an error), llama.cpp's tools/server/README.md (503 while it loads, 401 without a key) and
vLLM's ``ModelCard`` (vllm/entrypoints/openai/models, 0.11: max_model_len).
"""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

OLLAMA = {
    "object": "list",
    "data": [
        {"id": "qwen3:8b", "object": "model", "created": 1764000000, "owned_by": "library"},
        {"id": "gemma3:latest", "object": "model", "created": 1764000001, "owned_by": "library"},
    ],
}
OLLAMA_EMPTY = {"object": "list", "data": None}
LM_STUDIO = {
    "data": [{"id": "qwen/qwen3-8b", "object": "model", "owned_by": "organization_owner"}],
    "object": "list",
}
LM_STUDIO_OTHER = {"error": "Unexpected endpoint or method. (GET /health)"}
VLLM = {
    "object": "list",
    "data": [
        {
            "id": "Qwen/Qwen3-8B",
            "object": "model",
            "created": 1764000000,
            "owned_by": "vllm",
            "root": "Qwen/Qwen3-8B",
            "parent": None,
            "max_model_len": 40960,
            "permission": [],
        }
    ],
}
UNLOADED = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
NO_KEY = {"error": {"message": "Invalid API Key", "type": "authentication_error", "code": 401}}


@dataclass
class RemoteServer:
    """Answers each path with a status and a body; what is not named is 404.

    key: where set, requests without it get 401. asked: path and Authorization of each request.
    """

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    key: str = ""
    location: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    @classmethod
    def of(cls, models: Any, key: str = "", health: tuple[int, Any] | None = None) -> Self:
        """Return a server that lists these models."""
        answers = {"/v1/models": (200, models)}
        return cls({**answers, **({"/health": health} if health else {})}, key)

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self.start(0)

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, port: int) -> Self:
        """Listen, on a port of its own choice for 0."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def end(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        given = request.headers.get("Authorization", "")
        self.asked.append((request.path, given))
        status, body = self.answers.get(request.path, (404, "404 page not found"))
        if self.key and given != f"Bearer {self.key}":
            status, body = 401, NO_KEY
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request.send_response(status)
        if self.location:
            request.send_header("Location", self.location)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
