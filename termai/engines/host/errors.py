"""Failures of a request as OpenAI's error object, with a status that says whose fault it is."""

from typing import Any


class RequestError(Exception):
    """A request that cannot be answered; ``status`` is the HTTP status for it."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code

    def body(self) -> dict[str, Any]:
        """Return the error object."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {"error": {"message": self.message, "type": kind, "code": self.code or self.status}}


class StoppedError(Exception):
    """A request ended because nobody waits for it any more."""


def explain(error: Exception) -> RequestError:
    """Return what to tell the client about whatever the model raised."""
    if isinstance(error, RequestError):
        return error
    caller = isinstance(error, ValueError | TypeError | KeyError) or _from_template(error)
    return RequestError(400 if caller else 500, str(error) or type(error).__name__)


def _from_template(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] == "jinja2"
