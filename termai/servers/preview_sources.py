"""What previews are made from, remembered between keystrokes: engines, machine, files, ports."""

import ipaddress
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from termai.engines.base import Detection, Engine
from termai.engines.choose import ENGINES, choose
from termai.engines.served import is_file
from termai.errors import NotFoundError, TermaiError
from termai.gguf.header import Header
from termai.gguf.splits import read_model
from termai.hardware import limits
from termai.hardware.limits import MachineLimits
from termai.models.fit import Machine
from termai.models.library import Library, look
from termai.models.resolve import BUILTIN, find, resolve
from termai.profiles.clashes import PortFacts
from termai.profiles.profile import Profile
from termai.servers import registry
from termai.servers.guarding import here_with_servers
from termai.servers.loading import Files
from termai.servers.ports import free_port, refusal

T = TypeVar("T")

_FRESH_S = 2.0  # seconds for which what was read of the machine and of files counts as true
_QUICK_S = 0.01  # seconds beyond which the machine is read again beside the previews
_SLOW_FACTOR = 50  # times as long as reading took that a slow reading counts as true
_KEPT = 64  # files remembered
_ABSOLUTE = ("/", "~", BUILTIN)


class _Kept(NamedTuple):
    """A value or the error in its place, when it was made, and how many seconds that took."""

    value: Any
    error: TermaiError | None
    at: float
    took: float

    def given(self) -> Any:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.value


class File(NamedTuple):
    """A model file: its path, its bytes, and its header or why it has none."""

    path: Path
    size: int
    header: Header | None
    trouble: str = ""


class Sources(Files):
    """Answers from memory where asking again could hardly say anything else.

    detection, machine: fixed ones, which are never asked for. Not safe for several threads at the
    same time, except ``refresh``.
    """

    def __init__(self, detection: Detection | None = None, machine: Machine | None = None) -> None:
        self._detection = detection
        self._machine = machine
        self._kept: dict[Hashable, _Kept] = {}
        self._reading: threading.Thread | None = None

    def refresh(self) -> None:
        """Forget everything but the files' headers, which their sizes and times keep true."""
        self._kept = {}

    def engine(self, name: str) -> tuple[Engine, Detection]:
        """Return the engine that a profile takes; raises what ``choose`` raises."""
        if self._detection is not None:
            return ENGINES[self._detection.engine], self._detection
        return self._remembered(("engine", name), lambda: choose(name), lasts=float("inf"))

    def machine(self, detection: Detection) -> Machine:
        """Return the machine as it was within the last seconds.

        Where reading it takes long, as where an engine must be asked for its GPUs, a preview does
        not wait for it again.
        """
        if self._machine is not None:
            return self._machine
        key = ("machine", detection.engine, str(detection.program))
        kept = self._kept.get(key)
        if kept is None or kept.took < _QUICK_S:
            return self._remembered(key, lambda: here_with_servers(detection))
        if monotonic() - kept.at > max(_FRESH_S, _SLOW_FACTOR * kept.took):
            self._read_beside(key, lambda: here_with_servers(detection))
        found: Machine = kept.given()
        return found

    def limits(self) -> MachineLimits:
        """Return the limits of this process; they do not change while it runs."""
        return self._remembered(("limits",), limits.read, lasts=float("inf"))

    def file(self, reference: str) -> File:
        """Return the model file that a reference names; raises what ``resolve`` raises."""
        return self._remembered(("file", reference), lambda: self._file(reference))

    def header(self, reference: str) -> Header | None:
        """Return the header of a file, None where it cannot be read."""
        try:
            return self.file(reference).header
        except TermaiError:
            return None

    def size(self, reference: str) -> int:
        """Return the bytes of a file, 0 where it is not there."""
        try:
            return self.file(reference).size
        except TermaiError:
            return 0

    def port(self, profile: Profile) -> PortFacts | None:
        """Return whether a profile's port can be had, None where its host must be looked up.

        The port of a server of this very profile counts as free: a restart takes it over.
        """
        host, port = str(profile.value("host")), int(profile.value("port"))
        if not _is_address(host):
            return None
        servers = self._remembered(("servers",), lambda: registry.list_servers(past=False))
        servers = [server for server in servers if is_file(server.engine)]
        ours = {server.port: server.name for server in servers if server.profile != profile.name}
        if any(server.port == port and server.profile == profile.name for server in servers):
            return PortFacts(host, port)
        found = refusal(host, port)
        if port not in ours and found is None:
            return PortFacts(host, port)
        words = f"is used by the server {ours[port]}" if port in ours else found and found.words
        if found and not found.any_port:
            return PortFacts(host, port, found.words, any_port=False)
        return PortFacts(host, port, words or "", free_port(host, port, ours))

    def _file(self, reference: str) -> File:
        path = self._found(reference)
        try:
            status = path.stat()
        except OSError as error:
            raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from error
        key = ("header", str(path), status.st_size, status.st_mtime_ns)
        try:
            header = self._remembered(key, lambda: read_model(path), lasts=float("inf"))
        except TermaiError as error:
            return File(path, status.st_size, None, error.message)
        return File(path, status.st_size, header)

    def _found(self, reference: str) -> Path:
        """Return the path that ``resolve`` returns, without looking at the stores for each key."""
        if not reference.strip() or reference.startswith(_ABSOLUTE):
            return resolve(reference)
        library = self._remembered(("library",), look)
        try:
            model = find(reference, library)
        except NotFoundError:
            if _inside(library, reference):
                return resolve(reference)
            raise
        return model.path if model.read and model.startable else resolve(reference)

    def _remembered(self, key: Hashable, make: Callable[[], T], *, lasts: float = _FRESH_S) -> T:
        kept = self._kept.get(key)
        if kept is None or monotonic() - kept.at > lasts:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)), None)
            kept = self._kept[key] = _made(make)
        found: T = kept.given()
        return found

    def _read_beside(self, key: Hashable, make: Callable[[], object]) -> None:
        """Read something again in a thread of its own, one at a time."""
        if self._reading is not None and self._reading.is_alive():
            return

        def read() -> None:
            self._kept[key] = _made(make)

        self._reading = threading.Thread(target=read, name="preview", daemon=True)
        self._reading.start()


def _made(make: Callable[[], object]) -> _Kept:
    begun = monotonic()
    try:
        value, error = make(), None
    except TermaiError as caught:
        value, error = None, caught
    now = monotonic()
    return _Kept(value, error, now, now - begun)


def _is_address(host: str) -> bool:
    """Return whether no name server is asked for a host."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return True


def _inside(library: Library, reference: str) -> bool:
    """Return whether a store has a file at this place, whatever its name ends with."""
    try:
        return any((store.directory / reference).is_file() for store in library.stores)
    except (OSError, ValueError):
        return False
