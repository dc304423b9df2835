"""The repositories of a hub: their files by commit, and what the hub says about them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.hub.files import Content

_LFS_FROM = 1 << 16  # bytes; smaller files are plain git blobs unless they are models


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file at one commit; ``key`` is what the server of contents calls it, empty outside LFS.

    sha256: as the hub announces it; what the bytes really have, unless a test says otherwise.
    """

    content: Content
    lfs: bool
    sha256: str = ""
    key: str = ""

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.content.size

    @property
    def oid(self) -> str:
        """The SHA-1 of the git blob: of the content, or of the LFS pointer in its place."""
        raw = self.pointer if self.lfs else self.content.read(0, self.size)
        head = b"blob %d\0" % len(raw)
        return hashlib.sha1(head + raw, usedforsecurity=False).hexdigest()

    @property
    def pointer(self) -> bytes:
        """The text that git keeps in place of a large file; git-lfs/docs/spec.md."""
        version = "version https://git-lfs.github.com/spec/v1"
        return f"{version}\noid sha256:{self.sha256}\nsize {self.size}\n".encode()


@dataclass
class Repo:
    """A model repository.

    gated: False, ``auto`` or ``manual``. readers: users who may read it where it is gated or
    private. commits: the files of each commit; revisions: the commit of each branch.
    more: fields of the API that are sent as they are, in place of what would be there.
    """

    id: str
    gated: str | bool = False
    private: bool = False
    readers: set[str] = field(default_factory=set)
    downloads: int = 0
    likes: int = 0
    trending: int = 0
    last_modified: str = "2026-05-01T12:00:00.000Z"
    licence: str = ""
    tags: tuple[str, ...] = ("gguf",)
    gguf: Mapping[str, Any] | None = None
    more: dict[str, Any] = field(default_factory=dict)
    commits: dict[str, dict[str, HubFile]] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)

    def commit(self, files: Mapping[str, HubFile], branch: str = "main") -> str:
        """Make a commit of exactly these files on a branch and return its SHA-1."""
        text = "\n".join(
            [self.id, str(len(self.commits)), *(f"{n} {f.sha256}" for n, f in files.items())]
        )
        sha = hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
        self.commits[sha] = dict(files)
        self.revisions[branch] = sha
        return sha

    def at(self, revision: str) -> str | None:
        """Return the commit of a branch or of itself, None when there is none."""
        return self.revisions.get(revision, revision if revision in self.commits else None)

    @property
    def head(self) -> str:
        """The newest commit of ``main``."""
        return self.revisions.get("main", "")


def hub_file(name: str, content: Content | bytes, *, sha256: str = "") -> HubFile:
    """Return a file as it would be stored: models and large files in LFS, the rest as blobs."""
    content = Content(content) if isinstance(content, bytes) else content
    large = name.lower().endswith((".gguf", ".bin", ".safetensors")) or content.size >= _LFS_FROM
    return HubFile(content, large, sha256 or (content.sha256 if large else ""))
