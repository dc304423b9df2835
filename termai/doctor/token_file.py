"""Whether the token for the hub is for its user's eyes only."""

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from termai.environment.finding import Finding, Verdict
from termai.models.hub.tokens import token_path
from termai.text import one_line

NAME = "hub token file"


def look(path: Path | None = None) -> Iterator[Finding]:
    """Yield what the permissions of the token's file are; nothing where there is none."""
    path = path or token_path()
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)  # noqa: PTH116
    except OSError:
        return
    if not mode & 0o077:
        yield Finding(NAME, Verdict.OK, "Only you can read it.", path=str(path))
        return
    command = f"chmod 600 {shlex.quote(str(path))}"
    yield Finding(
        NAME,
        Verdict.WARNING,
        "Others on this machine can read your token for the hub.",
        f"Take the permissions away: `{command}`.",
        path=str(path),
        cause=f"The permissions of {one_line(str(path), 200)} are {mode:04o}.",
        command=command,
    )
