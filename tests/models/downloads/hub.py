"""One repository on a hub on loopback, asked by the real huggingface_hub client."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from termai.models import hub as real
from termai.models.downloads.plan import PlannedFile
from tests.fakes.hub.faults import Faults
from tests.fakes.hub.files import Content, Files
from tests.fakes.hub.repositories import Repo
from tests.fakes.hub.server import Hub, Request, serving_hub

REPO = "maker/model"


@dataclass
class OneRepo:
    """A hub with one repository, whose branches get a file at a time."""

    hub: Hub
    repo: Repo
    contents: dict[str, dict[str, Content]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address of the hub."""
        return self.hub.url

    @property
    def files(self) -> Files:
        """The server of contents."""
        return self.hub.files

    def head(self, branch: str = "main") -> str:
        """Return the newest commit of a branch."""
        return self.repo.revisions[branch]

    def add(self, path: str, content: Content, branch: str = "main") -> PlannedFile:
        """Commit a file and return what huggingface_hub says of it."""
        there = self.contents.setdefault(branch, {})
        there[path] = content
        self.hub.commit(self.repo, there, branch)
        known = {file.path: file for file in real.repository(REPO, branch).files}
        file = known[path]
        return PlannedFile(path, file.size, file.sha256, "" if file.sha256 else file.oid)

    def starts(self, path: str = "") -> list[int]:
        """Return from which byte each request for contents began."""
        return [asked.start for asked in self.files.asked if asked.path.endswith(path)]

    def resolved(self) -> list[Request]:
        """Return the requests for the address of a file."""
        return [asked for asked in self.hub.asked if "/resolve/" in asked.path]


@contextmanager
def one_repo() -> Iterator[OneRepo]:
    """Run a hub and its store of files on two origins; the environment must name it."""
    faults = Faults()
    with serving_hub(Hub(files=Files(faults=faults), faults=faults)) as hub:
        yield OneRepo(hub, hub.add(REPO))
