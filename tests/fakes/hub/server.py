"""A hub on loopback as huggingface_hub 2.4 sees it: API, resolve, tokens, redirects.

Large files are at the signed addresses of a second origin, as with the real hub; see ``files``.
Answers to anonymous, wrong and unauthorized requests follow ``hf_raise_for_status``.
"""

import re
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.fakes.hub import api
from tests.fakes.hub.api import Answer, as_json, refusal
from tests.fakes.hub.faults import Faults
from tests.fakes.hub.files import Content, Files, send, serving
from tests.fakes.hub.repositories import HubFile, Repo, hub_file

_INFO = re.compile(r"/api/models/(?P<id>[^/]+(?:/[^/]+)??)(?:/revision/(?P<revision>[^/]+))?")
_TREE = re.compile(r"/api/models/(?P<id>.+?)/tree/(?P<revision>[^/]+)(?:/(?P<path>.+))?")
_PATHS = re.compile(r"/api/models/(?P<id>.+?)/paths-info/(?P<revision>[^/]+)")
_CACHED = re.compile(
    r"/api/resolve-cache/models/(?P<id>.+?)/(?P<revision>[0-9a-f]{40})/(?P<path>.+)"
)
_RESOLVE = re.compile(r"/(?P<id>[^/]+(?:/[^/]+)?)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")

_WRONG = "Invalid credentials in Authorization header"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came to the hub; ``path`` is without its query."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]


@dataclass
class Hub:
    """What a hub on loopback holds, and what it was asked.

    tokens: the user of each token. signed_s: seconds that a signed address is valid. moved: new
    names of renamed repositories. answers: what to say to a path in place of the truth, such as
    ``/api/models``. small_redirected: whether small files are redirected to another path of this
    origin, as the real hub does. page: the most repositories or files in one answer.
    """

    files: Files = field(default_factory=Files)
    faults: Faults = field(default_factory=Faults)
    repos: dict[str, Repo] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    signed_s: float = 3600.0
    small_redirected: bool = True
    page: int = 1000
    url: str = ""

    def add(
        self, name: str, files: Mapping[str, Content | bytes] | None = None, **about: Any
    ) -> Repo:
        """Take in a repository with its first commit."""
        repo = Repo(name, **about)
        self.repos[name] = repo
        self.commit(repo, files or {})
        return repo

    def commit(
        self,
        repo: Repo,
        files: Mapping[str, Content | bytes],
        branch: str = "main",
        sha256: Mapping[str, str] | None = None,
    ) -> str:
        """Make a commit of exactly these files; ``sha256`` announces other hashes than theirs."""
        said = sha256 or {}
        stored = {n: self._stored(n, c, said.get(n, "")) for n, c in files.items()}
        return repo.commit(stored, branch)

    def _stored(self, name: str, content: Content | bytes, sha256: str) -> HubFile:
        file = hub_file(name, content, sha256=sha256)
        if not file.lfs:
            return file
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", name.rpartition("/")[2])[:60]
        key = f"{len(self.files.contents)}-{plain}"
        return replace(file, key=self.files.add(file.content, key=key))

    def paths(self, method: str = "") -> list[str]:
        """Return the paths that were asked for."""
        return [asked.path for asked in self.asked if not method or asked.method == method]


@contextmanager
def serving_hub(hub: Hub | None = None, port: int = 0, files_port: int = 0) -> Iterator[Hub]:
    """Serve a hub and its files on two ports of 127.0.0.1 as long as the block runs."""
    hub = hub or Hub()
    handler = type("Handler", (_HubHandler,), {"hub": hub})
    with serving(hub.files, files_port):
        server = _Server(("127.0.0.1", port), handler)
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, which a client may keep for later."""
        self._open.add(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """End the connections that clients still have."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave out the traceback of a client that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _HubHandler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Answer as to GET, without a body."""
        self._handle()

    def do_GET(self) -> None:
        """Answer from the API, or with where a file is."""
        self._handle()

    def do_POST(self) -> None:
        """Answer what takes a form: paths-info."""
        self._handle()

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            query |= parse_qs(self.rfile.read(length).decode())
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, query, headers)
        self.hub.asked.append(request)
        fault = self.hub.faults.take(parts.path, "hub", self.command)
        answer = self.hub.answers.get(parts.path) or answered(self.hub, request)
        content = answer.file.content if answer.file else Content(answer.body)
        if answer.status == 200 or fault:
            send(self, content, headers=answer.headers, fault=fault)
            return
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(content.size)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


def answered(hub: Hub, request: Request) -> Answer:
    """Return what the hub answers to a request."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    user = hub.tokens.get(token, "")
    if token and not user:
        return refusal(401, "", _WRONG)
    path = request.path
    if path == "/api/whoami-v2":
        return as_json(api.whoami(user)) if user else refusal(401, "", _WRONG)
    if path == "/api/models":
        seen = [repo for repo in hub.repos.values() if not repo.private or user in repo.readers]
        return api.search(seen, request.query, hub.url, hub.page)
    for pattern, answer in (
        (_TREE, _tree),
        (_PATHS, _paths),
        (_CACHED, _cached),
        (_INFO, _info),
        (_RESOLVE, _resolve),
    ):
        if found := pattern.fullmatch(path):
            named = {key: unquote(value) for key, value in found.groupdict().items() if value}
            return _of_repo(hub, request, user, named, answer)
    return refusal(404, "", "Sorry, we can't find the page you are looking for.")


def _of_repo(
    hub: Hub, request: Request, user: str, named: Mapping[str, str], answer: Any
) -> Answer:
    """Answer for a repository that is there and may be seen, else as the hub hides it."""
    name = named["id"]
    if name in hub.moved:
        target = request.path.replace(f"/{name}", f"/{hub.moved[name]}", 1)
        return Answer(307, headers={"Location": target})
    repo = hub.repos.get(name)
    if repo is None or (repo.private and user not in repo.readers):
        status = 404 if user else 401
        words = "Repository not found" if user else "Invalid username or password."
        return refusal(status, "RepoNotFound", words)
    commit = repo.at(named.get("revision", "main"))
    if commit is None:
        return refusal(404, "RevisionNotFound", f"Invalid rev id: {named['revision']}")
    result: Answer = answer(hub, request, user, repo, commit, named.get("path", ""))
    return result


def _info(hub: Hub, request: Request, user: str, repo: Repo, commit: str, path: str) -> Answer:
    blobs = request.query.get("blobs", [""])[0].lower() == "true"
    return as_json(api.info(repo, commit, blobs=blobs))


def _tree(hub: Hub, request: Request, user: str, repo: Repo, commit: str, path: str) -> Answer:
    recursive = request.query.get("recursive", [""])[0].lower() == "true"
    entries = api.tree(repo.commits[commit], path, recursive=recursive)
    start = int(request.query.get("cursor", ["0"])[0])
    rest = start + hub.page
    headers = {}
    if rest < len(entries):
        again = f"{hub.url}{quote(request.path)}?recursive={recursive}&cursor={rest}"
        headers["Link"] = f'<{again}>; rel="next"'
    return as_json(entries[start:rest], headers)


def _paths(hub: Hub, request: Request, user: str, repo: Repo, commit: str, path: str) -> Answer:
    files = repo.commits[commit]
    wanted = request.query.get("paths", [])
    return as_json([api.entry(name, files[name]) for name in wanted if name in files])


def _cached(hub: Hub, request: Request, user: str, repo: Repo, commit: str, path: str) -> Answer:
    if refused := _gate(hub, user, repo):
        return refused
    file = repo.commits[commit].get(path)
    if file is None:
        return refusal(404, "EntryNotFound", "Entry not found")
    etag = f'"{file.oid}"'
    return Answer(headers={"ETag": etag, "X-Repo-Commit": commit}, file=file)


def _resolve(hub: Hub, request: Request, user: str, repo: Repo, commit: str, path: str) -> Answer:
    """Say where a file is: at a signed address, or elsewhere on this origin when it is small."""
    if refused := _gate(hub, user, repo):
        return refused
    file = repo.commits[commit].get(path)
    if file is None:
        return refusal(404, "EntryNotFound", "Entry not found")
    headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
    if file.lfs:
        signed = hub.files.sign(file.key, hub.signed_s)
        linked = {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size)}
        return Answer(302, headers={**headers, **linked, "Location": signed})
    headers["ETag"] = f'"{file.oid}"'
    if hub.small_redirected:
        place = f"/api/resolve-cache/models/{repo.id}/{commit}/{quote(path)}"
        return Answer(307, headers={**headers, "Location": place})
    return Answer(headers=headers, file=file)


def _gate(hub: Hub, user: str, repo: Repo) -> Answer | None:
    """Refuse the files of a gated repository to who has not been let in."""
    if not repo.gated or user in repo.readers:
        return None
    words = f"Access to model {repo.id} is restricted"
    if not user:
        return refusal(
            401,
            "GatedRepo",
            f"{words}. You must have access to it and be authenticated to access it. "
            "Please log in.",
        )
    more = f"and you are not in the authorized list. Visit {hub.url}/{repo.id} to ask for access."
    return refusal(403, "GatedRepo", f"{words} {more}")
