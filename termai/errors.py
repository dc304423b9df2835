"""The exceptions that termai raises on purpose, each with a message fit to show.

::

    TermaiError                 exit code 1
    ├── UsageError              2   the request makes no sense as it stands
    ├── NotFoundError           3   no such profile, server, conversation or file
    ├── InvalidFileError        4   a file that cannot be read as what it should be
    ├── StartFailedError        5   a server that did not become ready
    ├── UnreachableError        6   nothing answers, or what answers breaks off
    ├── StorageError            7   the disk is full, read-only or not ours
    └── AccessError             8   the hub does not let this account or token in
"""

from typing import ClassVar


class TermaiError(Exception):
    """Any failure that termai explains: one sentence of what and where, and one of what to do.

    ``message`` says what happened, ``fix`` what to do about it (empty when nothing can be
    done), ``detail`` holds lines of evidence such as the end of a log.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, fix: str = "", detail: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} {self.fix}" if self.fix else self.message


class UsageError(TermaiError):
    """The request contradicts itself or what is known; nothing was done."""

    exit_code = 2


class NotFoundError(TermaiError):
    """What was named does not exist."""

    exit_code = 3


class InvalidFileError(TermaiError):
    """A file does not hold what it should; the file is left as it is."""

    exit_code = 4


class StartFailedError(TermaiError):
    """A server was started and did not become ready."""

    exit_code = 5


class UnreachableError(TermaiError):
    """A server does not answer, refuses, or broke off in the middle of an answer."""

    exit_code = 6


class StorageError(TermaiError):
    """A file could not be written; what was there before is still there."""

    exit_code = 7


class AccessError(TermaiError):
    """The hub refuses: a gated or private repository, a token that is missing, wrong or weak."""

    exit_code = 8
