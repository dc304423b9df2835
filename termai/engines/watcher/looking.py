"""What one look at a server shows: ready, loading, away, or not what was asked for.

``GET /v1/models`` is what every server with the OpenAI API has (OpenAI API reference, "List
models"); ``GET /health`` answers 503 while llama-server and vLLM load (llama.cpp's
tools/server/README.md). Ollama's list is ``null`` while it has no model, LM Studio answers every
path with 200.
"""

import json
from enum import StrEnum
from typing import Any, NamedTuple

from termai.engines.watcher.asking import Answer, UnansweredError, get
from termai.engines.watcher.contexts import Contexts, tokens
from termai.profiles.addresses import Address
from termai.profiles.hosts import is_loopback
from termai.text import one_line

NAMED = 8  # models that a sentence names
_NAME = 100  # characters of a name that are shown


class State(StrEnum):
    """What a server is doing.

    DENIED: it wants another key. STRANGE: what answers is no such server. MISSING: it does not
    offer the model, or none at all.
    """

    READY = "ready"
    LOADING = "loading"
    AWAY = "away"
    DENIED = "denied"
    STRANGE = "strange"
    MISSING = "missing"


class Seen(NamedTuple):
    """One look: the state, why in a few words, and tokens of context where that is told.

    model: the name of the one that is used, empty where the server is not ready.
    """

    state: State
    words: str
    context: int = 0
    model: str = ""


class Server:
    """A server that is looked at again and again."""

    def __init__(self, address: Address, model: str, key: str, timeout_s: float) -> None:
        self._address = address
        self._model = model
        self._key = key
        self._timeout_s = timeout_s
        self._by_proxy = not is_loopback(address.host)
        self._tells_health = True
        self._contexts = Contexts(lambda path: self._get(f"{address.base}{path}"))

    def look(self) -> Seen:
        """Return how the server is now.

        Takes twice the time limit at most, and as long again for each place that may tell the
        context, where it is ready for the first time.
        """
        seen = self._seen()
        if seen.state is not State.READY:
            self._contexts.forget()
            return seen
        return seen._replace(context=seen.context or self._contexts.of(seen.model))

    def _seen(self) -> Seen:
        try:
            seen = judge(self._get(self._address.models), self._model)
        except UnansweredError as error:
            return Seen(State.AWAY, str(error))
        if seen.state is State.READY and self._loads():
            return Seen(State.LOADING, "its model is not loaded yet")
        return seen

    def _loads(self) -> bool:
        if not self._tells_health:
            return False
        try:
            status = self._get(self._address.health).status
        except UnansweredError:
            return False
        self._tells_health = status in (200, 503)
        return status == 503

    def _get(self, url: str) -> Answer:
        return get(url, self._key, self._timeout_s, by_proxy=self._by_proxy)


def judge(answer: Answer, wanted: str) -> Seen:
    """Return what an answer of ``/v1/models`` says, ``wanted`` being the model asked for."""
    status = answer.status
    if status in (401, 403):
        return Seen(State.DENIED, f"HTTP {status}")
    if status == 503:
        return Seen(State.LOADING, "its model is not loaded yet")
    if status == 429 or status >= 500:
        return Seen(State.AWAY, f"it answers with HTTP {status}")
    models = _models(answer.body) if status == 200 else None
    if models is None:
        what = f"HTTP {status}" if status != 200 else "something else than a list of models"
        return Seen(State.STRANGE, what)
    return _offered(models, wanted)


def _offered(models: list[dict[str, Any]], wanted: str) -> Seen:
    names = [str(model["id"]) for model in models if model.get("id")]
    if not names:
        return Seen(State.MISSING, "it offers no model")
    taken = _taken(names, wanted)
    if not taken:
        return Seen(State.MISSING, f"it offers {_listed(names)}")
    model = next(model for model in models if str(model.get("id")) == taken)
    return Seen(State.READY, f"it offers {_listed(names)}", _context(model), taken)


def _taken(names: list[str], wanted: str) -> str:
    """Return the name that is meant; Ollama adds ``:latest`` where no tag is given."""
    if not wanted:
        return names[0]
    return next((name for name in (wanted, f"{wanted}:latest") if name in names), "")


def _listed(names: list[str]) -> str:
    shown = ", ".join(one_line(name, _NAME) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown


def _models(body: bytes) -> list[dict[str, Any]] | None:
    """Return the list of models in a body, None where it is no such thing."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or "data" not in told:
        return None
    data = told["data"] if told["data"] is not None else []
    return [model for model in data if isinstance(model, dict)] if isinstance(data, list) else None


def _context(model: dict[str, Any]) -> int:
    """Return the tokens of context that vLLM (max_model_len) or llama-server (meta) tell."""
    meta = model.get("meta")
    of_llama_cpp = meta.get("n_ctx") if isinstance(meta, dict) else 0
    return tokens(model.get("max_model_len")) or tokens(of_llama_cpp)
