"""How many tokens a request may have at servers whose list of models does not say it.

Each program tells it at a place of its own: llama-server at ``/props`` (tools/server/README.md),
Ollama at ``/api/ps`` of a model that is loaded (api/types.go, ProcessModelResponse), LM Studio at
``/api/v0/models`` of a model that is loaded, KoboldCPP at
``/api/extra/true_max_context_length`` (koboldcpp.py).
"""

import json
from collections.abc import Callable
from typing import Any

from termai.engines.watcher.asking import Answer, UnansweredError

_MOST = 1 << 40  # tokens; more than that is no context


class Contexts:
    """Asks the places until one tells; those where another program answers are left alone."""

    def __init__(self, get: Callable[[str], Answer]) -> None:
        self._get = get
        self._places = dict(_PLACES)
        self._known = 0

    def of(self, model: str) -> int:
        """Return the context in which ``model`` runs, 0 as long as nobody tells it."""
        for place, read in tuple(self._places.items()):
            if self._known:
                break
            told = self._told(place)
            found = read(told, model) if told is not None else None
            if found is None:
                del self._places[place]
            else:
                self._known = found
        return self._known

    def forget(self) -> None:
        """Ask anew, as after the server was away."""
        self._places, self._known = dict(_PLACES), 0

    def _told(self, place: str) -> dict[str, Any] | None:
        try:
            answer = self._get(place)
            told = json.loads(answer.body) if answer.status == 200 else None
        except (UnansweredError, ValueError, RecursionError):
            return None
        return told if isinstance(told, dict) else None


def tokens(told: object) -> int:
    """Return a number of tokens as a server tells it, 0 for what is none."""
    return told if type(told) is int and 0 < told < _MOST else 0


def _props(told: dict[str, Any], model: str) -> int | None:
    settings = told.get("default_generation_settings")
    return tokens(settings.get("n_ctx")) if isinstance(settings, dict) else None


def _ollama(told: dict[str, Any], model: str) -> int | None:
    return _among(told.get("models"), "name", model, "context_length")


def _lm_studio(told: dict[str, Any], model: str) -> int | None:
    return _among(told.get("data"), "id", model, "loaded_context_length")


def _koboldcpp(told: dict[str, Any], model: str) -> int | None:
    return tokens(told.get("value")) or None


def _among(models: object, name: str, wanted: str, key: str) -> int | None:
    if not isinstance(models, list):
        return None
    named = (one for one in models if isinstance(one, dict) and one.get(name) == wanted)
    return next((tokens(one.get(key)) for one in named), 0)


_PLACES: dict[str, Callable[[dict[str, Any], str], int | None]] = {
    "/props": _props,
    "/api/ps": _ollama,
    "/api/v0/models": _lm_studio,
    "/api/extra/true_max_context_length": _koboldcpp,
}
"""Where each program tells it; None from a reader says that it is not that program's answer."""
