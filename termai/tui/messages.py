"""What workers tell the program; only the handlers of these messages touch widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from termai.errors import TermaiError

if TYPE_CHECKING:
    from termai.hardware import Snapshot
    from termai.servers.records import Server
    from termai.tui.opening import Opening


@dataclass
class Failed(Message):
    """Something asked for did not happen; shown as a toast."""

    sentence: str
    fix: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Failed:
        """Describe an exception; one that termai did not foresee is named as such."""
        if isinstance(error, TermaiError):
            return cls(error.message, error.fix)
        return cls(f"Unexpected {type(error).__name__}: {error}", "Please report it as a bug.")


@dataclass
class OpeningPlanned(Message):
    """What to show first was chosen, and its mode imported."""

    opening: Opening


@dataclass
class ModeLoaded(Message):
    """The module of a mode was imported."""

    mode: str


@dataclass
class MachineSeen(Message):
    """The machine was read."""

    snapshot: Snapshot


@dataclass
class ServersSeen(Message):
    """The servers were listed, newest first."""

    servers: tuple[Server, ...]


@dataclass
class ServerStarted(Message):
    """A server was launched and loads now."""

    server: Server


@dataclass
class ServerStopped(Message):
    """A server was stopped."""

    server: Server
