"""The smallest hub that can hand out files: addresses of commits that lead to signed ones."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from termai.models.downloads.plan import PlannedFile
from tests.fakes.hub.files import Asked, Content, Files, send, serving

REPO = "maker/model"
COMMIT = "c0ffee" + "0" * 34


@dataclass
class SmallHub:
    """Contents by commit and path; those named in ``direct`` are served by the hub itself.

    sign_s: seconds that an address is valid. refuse: status and X-Error-Code for everything.
    """

    files: Files
    url: str = ""
    contents: dict[tuple[str, str], Content] = field(default_factory=dict)
    direct: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    sign_s: float = 3600.0
    refuse: tuple[int, str] | None = None

    def add(self, path: str, content: Content, commit: str = COMMIT) -> PlannedFile:
        """Offer a file and return what the hub's API would say of it."""
        self.contents[commit, path] = content
        self.files.add(content, key=f"{commit}/{path}")
        return PlannedFile(path, content.size, content.sha256)

    def starts(self, path: str = "") -> list[int]:
        """Return from which byte each request for contents began."""
        return [asked.start for asked in self.files.asked if asked.path.endswith(path)]


@contextmanager
def small_hub() -> Iterator[SmallHub]:
    """Run a hub and its store of files on two origins."""
    with serving() as files:
        hub = SmallHub(files)
        handler = type("Handler", (_Handler,), {"hub": hub})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.block_on_close = False
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: SmallHub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""

    def do_GET(self) -> None:
        """Lead to the signed address of a file, or send it."""
        hub, path = self.hub, unquote(urlsplit(self.path).path).removeprefix("/")
        hub.asked.append(Asked(path, 0, dict(self.headers.items())))
        commit, _, name = path.removeprefix(f"{REPO}/resolve/").partition("/")
        content = hub.contents.get((commit, name))
        fault = hub.files.faults.take(path, "hub", self.command)
        if content and (fault or name in hub.direct):
            send(self, content, headers={"X-Repo-Commit": commit}, fault=fault)
            return
        refused = hub.refuse or (None if content else (404, "EntryNotFound"))
        self.send_response(refused[0] if refused else 302)
        if not refused:
            self.send_header("Location", hub.files.sign(f"{commit}/{name}", hub.sign_s))
        else:
            self.send_header("X-Error-Code", refused[1])
        self.send_header("Content-Length", "0")
        self.end_headers()
