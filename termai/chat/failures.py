"""What can go wrong between termai and a server, each in one sentence with what to do."""

import json
import re
import socket
import ssl
from typing import Any, Final

from termai.chat.deltas import error_text
from termai.chat.endpoint import Endpoint
from termai.errors import NotFoundError, TermaiError, UnreachableError, UsageError
from termai.text import one_line

_WIDTH: Final = 300
_OVERFLOWS: Final = (
    r"maximum context length is (?P<ctx>\d+) tokens.*?(?:requested|has|in) (?P<asked>\d+)",
    r"has (?P<asked>\d+) tokens and the context holds (?P<ctx>\d+)",
    r"[Rr]equested tokens \((?P<asked>\d+)\) exceed context window of (?P<ctx>\d+)",
)
"""How the OpenAI API and vLLM, termai's host of llama-cpp-python, and that itself put it."""


class ContextFullError(UsageError):
    """The prompt is ``asked`` tokens long and the server's context holds only ``ctx_size``."""

    def __init__(self, label: str, asked: int, ctx_size: int) -> None:
        super().__init__(
            f"The conversation is {asked} tokens long, {asked - ctx_size} more than the context "
            f"of {ctx_size} tokens that {label} has.",
            fix="Shorten the message, begin a new conversation, or raise ctx_size in the profile.",
        )
        self.asked = asked
        self.ctx_size = ctx_size


def refused(endpoint: Endpoint, status: int, body: bytes) -> TermaiError:
    """Return the error for an answer with an HTTP status other than 200."""
    label, reason = endpoint.label, said(endpoint, body)
    if full := _context_full(endpoint, body):
        return full
    if status in (401, 403):
        return _key_refused(endpoint, status)
    if status == 404:
        return _not_there(endpoint, reason)
    if status == 429:
        return UnreachableError(
            f"{label} asks to slow down: {reason}", fix="Wait a while, then retry."
        )
    if 300 <= status < 400:
        return UnreachableError(
            f"{label} has moved (HTTP {status}).", fix="Use the address it has now."
        )
    if status < 500:
        return UsageError(f"{label} does not accept the request (HTTP {status}): {reason}")
    return UnreachableError(
        f"{label} failed (HTTP {status}): {reason}", fix="The log of the server says more."
    )


def unreachable(endpoint: Endpoint, error: BaseException) -> UnreachableError:
    """Return the error for a connection that failed or broke."""
    label, origin = endpoint.label, endpoint.origin
    for cause in _causes(error):
        if isinstance(cause, ConnectionRefusedError):
            return UnreachableError(
                f"{label} does not answer: nothing listens at {origin}.",
                fix="Start the server; `termai ps` shows which run.",
            )
        if isinstance(cause, socket.gaierror):
            return UnreachableError(
                f"{label} does not answer: there is no host of the name in {origin}.",
                fix="Check the address.",
            )
        if isinstance(cause, ssl.SSLError):
            return UnreachableError(
                f"{label} has no trustworthy certificate at {origin}: {cause.reason}.",
                fix="Check the address, or make the certificate known to this machine.",
            )
    what = _clean(endpoint, str(error)) or type(error).__name__
    return UnreachableError(
        f"The connection to {label} at {origin} failed: {what.rstrip('.')}.",
        fix="Check that the server still runs, and its log.",
    )


def broken_off(endpoint: Endpoint, error: BaseException | None = None) -> UnreachableError:
    """Return the error for an answer that stopped before its end."""
    why = f" ({_clean(endpoint, str(error)).rstrip('.')})" if error and str(error) else ""
    return UnreachableError(
        f"{endpoint.label} broke off in the middle of the answer{why}.",
        fix="What came is kept; retry, and look at the log of the server.",
    )


def interrupted(endpoint: Endpoint) -> UnreachableError:
    """Return the error for a stream that ended without saying why, as when interrupted."""
    return UnreachableError(
        f"{endpoint.label} ended the answer early without a reason, as llama-cpp-python does "
        "when another request interrupts it.",
        fix="What came is kept; retry.",
    )


def stalled(endpoint: Endpoint, seconds: float, *, begun: bool) -> UnreachableError:
    """Return the error for a server that sends nothing for too long."""
    where = "in the middle of the answer" if begun else "and the answer has not begun"
    return UnreachableError(
        f"{endpoint.label} has sent nothing for {seconds:g} s {where}.",
        fix="What came is kept; look at the log of the server, or restart it.",
    )


def still_loading(endpoint: Endpoint, seconds: float, body: bytes) -> UnreachableError:
    """Return the error for a server that said for too long that it is not ready."""
    return UnreachableError(
        f"{endpoint.label} is not ready after {seconds:g} s: {said(endpoint, body)}",
        fix="Wait for the model to be loaded, then retry; the log of the server shows how far "
        "it is.",
    )


def told(endpoint: Endpoint, error: TermaiError) -> TermaiError:
    """Return an error about “the server” naming this one, and without its key."""
    error.message = _clean(endpoint, error.message.replace("The server", endpoint.label, 1))
    error.args = (error.message,)
    return error


def names_field(body: bytes, names: tuple[str, ...]) -> str:
    """Return which of the request's fields the refusal is about, or nothing."""
    text = body.decode("utf-8", "replace")
    return next((name for name in names if name in text), "")


def _key_refused(endpoint: Endpoint, status: int) -> UnreachableError:
    if endpoint.api_key:
        return UnreachableError(
            f"{endpoint.label} refuses the API key (HTTP {status}).",
            fix="Give the key that the server was started with.",
        )
    return UnreachableError(
        f"{endpoint.label} asks for an API key (HTTP {status}).",
        fix="Give it in the profile's api_key_file, or in the environment.",
    )


def _not_there(endpoint: Endpoint, said: str) -> NotFoundError:
    if "model" in said.lower():
        named = f" “{one_line(endpoint.model, 80)}”" if endpoint.model else ""
        return NotFoundError(f"{endpoint.label} does not have the model{named}: {said}")
    return NotFoundError(
        f"{endpoint.label} has no chat at {endpoint.url('/v1/chat/completions')}.",
        fix="Check the address: it must be a server with the OpenAI API.",
    )


def _context_full(endpoint: Endpoint, body: bytes) -> ContextFullError | None:
    error = _error(body)
    if isinstance(error, dict):
        asked, ctx_size = error.get("n_prompt_tokens"), error.get("n_ctx")
        if type(asked) is int and type(ctx_size) is int:
            return ContextFullError(endpoint.label, asked, ctx_size)
    said = error_text(error)[:2000] if error else ""
    for wording in _OVERFLOWS:
        if found := re.search(wording, said, re.DOTALL):
            return ContextFullError(endpoint.label, int(found["asked"]), int(found["ctx"]))
    return None


def _error(body: bytes) -> Any:
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return decoded.get("error", decoded) if isinstance(decoded, dict) else decoded


def said(endpoint: Endpoint, body: bytes) -> str:
    """Return what the body of a refusal says, on one line and without the key."""
    error = _error(body)
    text = error_text(error) if error else body.decode("utf-8", "replace")
    return _clean(endpoint, text) or "it gives no reason."


def _clean(endpoint: Endpoint, text: str) -> str:
    if endpoint.api_key:
        text = text.replace(endpoint.api_key, "[the API key]")
    return one_line(text, _WIDTH)


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < 32:
        current = waiting.pop()
        if current is None or current in found:
            continue
        found.append(current)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
    return found
