"""What a profile's engine serves: a model file of this machine, or a name at another server."""

import re
from collections.abc import Callable
from pathlib import Path

from termai.engines import remote
from termai.errors import NotFoundError
from termai.models.library import Library
from termai.models.resolve import BUILTIN, HUB, resolve
from termai.paths import expanded
from termai.profiles.profile import Profile
from termai.profiles.schema import REMOTE, VLLM
from termai.text import one_line

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def model_of(profile: Profile, *, library: Callable[[], Library] | None = None) -> Path:
    """Return the model file that a profile names.

    For a server that runs already it is the name that the server is asked for, as a path, empty
    (``Path()``) where it is left to the server; for vLLM also a directory, or the name of a
    repository. Raises UsageError where none is named, and what ``resolve`` raises.
    """
    if profile.engine == REMOTE:
        return Path(remote.model_name(profile))
    reference = profile.model_reference()
    if profile.engine == VLLM and not _is_gguf(reference):
        return _weights(reference)
    return resolve(reference, library=library) if library else resolve(reference)


def loads_gguf(profile: Profile) -> bool:
    """Tell whether a profile's engine loads a GGUF file, or would if the profile named one."""
    if profile.engine == VLLM:
        return _is_gguf(str(profile.value("path") or ""))
    return profile.engine != REMOTE


def _is_gguf(reference: str) -> bool:
    return reference.endswith(".gguf") or reference.startswith((HUB, BUILTIN))


def _weights(reference: str) -> Path:
    """Return a directory, or the name of a repository as it is."""
    if _REPOSITORY.fullmatch(reference) and not expanded(reference).is_dir():
        return Path(reference)
    path = expanded(reference).absolute()
    if not path.is_dir():
        raise NotFoundError(
            f"{one_line(reference, 120)} is no directory with a model, and no ORG/NAME of the hub.",
            fix="Set path to a directory, a GGUF file, or a repository such as Qwen/Qwen3-8B.",
        )
    return path


def is_file(engine: str) -> bool:
    """Tell whether an engine loads a file of this machine, and a port of it is listened on."""
    return engine != REMOTE
