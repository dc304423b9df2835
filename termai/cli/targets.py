"""What a person names on the command line: a profile, a model file or a server."""

import os
from collections.abc import Iterable
from typing import Any

from termai.errors import NotFoundError, UsageError
from termai.paths import expanded
from termai.profiles.profile import Profile
from termai.servers import registry
from termai.servers.records import Server


def profile_of(target: str, changes: Iterable[tuple[str, Any]] = ()) -> Profile:
    """Return the profile called ``target``, or one for the model that it names, changed.

    A model is a GGUF file by its path, or one of the library by a name that lists show. Raises
    NotFoundError, InvalidFileError and UsageError.
    """
    profile = _of_file(target) if is_path(target) else _called(target)
    return profile.with_values(**dict(changes))


def is_path(target: str) -> bool:
    """Return whether ``target`` means a file: it has a separator, ``~`` or ``.gguf``."""
    return os.sep in target or target.startswith("~") or target.lower().endswith(".gguf")


def running(name: str) -> Server | None:
    """Return the running server of this name, None when there is none."""
    named = [s for s in registry.list_servers(past=False) if s.name == name]
    return named[0] if named else None


def only_running() -> Server:
    """Return the one server that runs; NotFoundError when none does, UsageError when several."""
    servers = registry.list_servers(past=False)
    if not servers:
        raise NotFoundError(
            "No server runs.",
            fix="`termai run PROFILE` starts one; `termai profiles list` shows which there are.",
        )
    if len(servers) > 1:
        names = ", ".join(server.name for server in servers)
        raise UsageError("Several servers run.", fix=f"Say which with --server: {names}.")
    return servers[0]


def _called(name: str) -> Profile:
    from termai.profiles.store import load_profile

    try:
        return load_profile(name)
    except (NotFoundError, UsageError) as error:
        found = _of_library(name)
        if found is None:
            raise NotFoundError(
                f"{error.message} No model is called so, either.",
                fix="`termai profiles list` and `termai models` show what there is; "
                "`termai run ORG/NAME` takes a model from the hub.",
            ) from error
        return found


def _of_library(name: str) -> Profile | None:
    """Return the user's profile of the model that ``name`` means, else one with defaults.

    None where no model of the library has such a name. Raises UsageError when several have, and
    InvalidFileError when it cannot be used.
    """
    from termai.models.library import look
    from termai.models.resolve import find
    from termai.servers import own_profile

    if not name.strip():
        return None
    try:
        model = find(name, look())
    except NotFoundError:
        return None
    return own_profile.saved(model.path) or own_profile.bare(model)


def _of_file(target: str) -> Profile:
    from termai.servers import manager

    path = expanded(target)
    if os.path.isfile(path):  # noqa: PTH113  which would raise below a closed directory
        return manager.for_model(path)
    found = _of_library(target)
    if found is None:
        raise NotFoundError(
            f"There is no file {path}.", fix="Check its path; `termai models` lists models."
        )
    return found
