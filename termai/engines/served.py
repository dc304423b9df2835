"""What a profile's engine serves: a model file of this machine, or a name at another server."""

from collections.abc import Callable
from pathlib import Path

from termai.engines import remote
from termai.models.library import Library
from termai.models.resolve import resolve
from termai.profiles.profile import Profile
from termai.profiles.schema import REMOTE


def model_of(profile: Profile, *, library: Callable[[], Library] | None = None) -> Path:
    """Return the model file that a profile names.

    For a server that runs already it is the name that the server is asked for, as a path, empty
    (``Path()``) where it is left to the server. Raises UsageError where none is named, and what
    ``resolve`` raises.
    """
    if profile.engine == REMOTE:
        return Path(remote.model_name(profile))
    reference = profile.model_reference()
    return resolve(reference, library=library) if library else resolve(reference)


def is_file(engine: str) -> bool:
    """Tell whether an engine loads a file of this machine, and a port of it is listened on."""
    return engine != REMOTE
