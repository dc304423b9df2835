"""The routes of a hub's API that huggingface_hub 2.4 asks, and what is said to each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.fakes.hub.repositories import HubFile, Repo

_SORTS = {
    "downloads": lambda repo: repo.downloads,
    "likes": lambda repo: repo.likes,
    "trendingScore": lambda repo: repo.trending,
    "lastModified": lambda repo: repo.last_modified,
    "createdAt": lambda repo: repo.last_modified,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: a body, or a file to be sent in its place."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    file: HubFile | None = None


def as_json(value: Any, headers: Mapping[str, str] | None = None, status: int = 200) -> Answer:
    """Return an answer in JSON."""
    fields = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Answer(status, json.dumps(value).encode(), fields)


def refusal(status: int, code: str, message: str) -> Answer:
    """Return an error as the hub words it: in the body and in headers of its own."""
    fields = {"X-Error-Message": message}
    if code:
        fields["X-Error-Code"] = code
    return as_json({"error": message}, fields, status)


def search(repos: Sequence[Repo], query: Mapping[str, list[str]], url: str, page: int) -> Answer:
    """Answer ``GET /api/models``: what matches, sorted, by pages with a Link header."""
    words = query.get("search", [""])[0].lower().split()
    author = query.get("author", [""])[0].lower()
    wanted = set(query.get("filter", []))
    found = [
        repo
        for repo in repos
        if all(word in repo.id.lower() for word in words)
        and (not author or repo.id.lower().startswith(f"{author}/"))
        and wanted <= set(repo.tags)
    ]
    if order := _SORTS.get(query.get("sort", [""])[0]):
        found.sort(key=order, reverse=True)
    start = int(query.get("cursor", ["0"])[0])
    most = min(page, int(query.get("limit", [str(page)])[0]))
    listed = [listing(repo, query.get("expand", [])) for repo in found[start : start + most]]
    headers = {}
    if start + most < len(found):
        rest = {**query, "cursor": [str(start + most)]}
        again = "&".join(f"{k}={quote(v)}" for k, values in rest.items() for v in values)
        headers["Link"] = f'<{url}/api/models?{again}>; rel="next"'
    return as_json(listed, headers)


def listing(repo: Repo, expand: Sequence[str]) -> dict[str, Any]:
    """Return a repository as a search shows it: all that is usual, or what was asked for."""
    whole = info(repo, repo.head, blobs=False)
    always = ("id", "_id", "modelId")
    usual = ("likes", "private", "downloads", "tags", "createdAt", "trendingScore")
    shown = {key: whole[key] for key in (*always, *(expand or usual)) if key in whole}
    return {**shown, **repo.more}


def info(repo: Repo, commit: str, *, blobs: bool) -> dict[str, Any]:
    """Answer ``GET /api/models/ID``: the repository with the names of its files."""
    files = repo.commits.get(commit, {})
    tags = [*repo.tags, *([f"license:{repo.licence}"] if repo.licence else [])]
    said: dict[str, Any] = {
        "_id": "6500000000000000000000aa",
        "id": repo.id,
        "modelId": repo.id,
        "author": repo.id.partition("/")[0],
        "sha": commit,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": False,
        "downloads": repo.downloads,
        "likes": repo.likes,
        "trendingScore": repo.trending,
        "tags": tags,
        "createdAt": "2025-01-01T00:00:00.000Z",
        "lastModified": repo.last_modified,
        "cardData": {"license": repo.licence} if repo.licence else {},
        "siblings": [_sibling(name, file, blobs=blobs) for name, file in files.items()],
        "usedStorage": sum(file.size for file in files.values()),
    }
    if repo.gguf is not None:
        said["gguf"] = dict(repo.gguf)
    return {**said, **repo.more}


def tree(files: Mapping[str, HubFile], below: str, *, recursive: bool) -> list[dict[str, Any]]:
    """Answer ``GET /api/models/ID/tree/REVISION/PATH``: files and directories below a path."""
    prefix = f"{below}/" if below else ""
    entries: dict[str, dict[str, Any]] = {}
    for name, file in files.items():
        if not name.startswith(prefix):
            continue
        parts = name.removeprefix(prefix).split("/")
        for depth in range(1, len(parts)):
            folder = prefix + "/".join(parts[:depth])
            if recursive or depth == 1:
                entries.setdefault(
                    folder, {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder}
                )
        if recursive or len(parts) == 1:
            entries[name] = entry(name, file)
    return list(entries.values())


def entry(name: str, file: HubFile) -> dict[str, Any]:
    """Return a file as the tree and paths-info show it."""
    said: dict[str, Any] = {"type": "file", "oid": file.oid, "size": file.size, "path": name}
    if file.lfs:
        said["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": len(file.pointer)}
    return said


def whoami(name: str) -> dict[str, Any]:
    """Answer ``GET /api/whoami-v2``."""
    return {
        "type": "user",
        "id": "6500000000000000000000bb",
        "name": name,
        "fullname": name.title(),
        "isPro": False,
        "orgs": [],
        "auth": {
            "type": "access_token",
            "accessToken": {"displayName": "box", "role": "read"},
        },
    }


def _sibling(name: str, file: HubFile, *, blobs: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"rfilename": name}
    if blobs:
        said |= {"size": file.size, "blobId": file.oid}
        if file.lfs:
            said["lfs"] = {
                "sha256": file.sha256,
                "size": file.size,
                "pointerSize": len(file.pointer),
            }
    return said
