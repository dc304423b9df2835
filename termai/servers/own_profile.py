"""The user's own profile of a model: the one that is there, or a new one that fits this machine."""

from pathlib import Path

from termai.errors import TermaiError
from termai.models.resolve import resolve
from termai.paths import models_dir
from termai.profiles.profile import Profile
from termai.profiles.store import list_profiles, load_profile, save_profile
from termai.servers.fitting import profile_for

_ABSOLUTE = ("/", "~")


def saved(model: Path) -> Profile | None:
    """Return the first profile of the user's own, by name, that runs the file ``model``."""
    own = (profile for profile in list_profiles().profiles if not profile.shipped)
    return next((profile for profile in own if _runs(profile, model)), None)


def made(model: Path, projector: Path | None = None) -> Profile:
    """Save a profile for the file ``model`` with values that fit this machine, and return it.

    A file in termai's own directory is named by its place there, so that the directory can be
    moved. Raises what ``profile_for`` and ``save_profile`` raise.
    """
    top = models_dir()
    reference = str(model.relative_to(top)) if model.is_relative_to(top) else model
    profile = profile_for(reference, projector=projector)
    save_profile(profile)
    return load_profile(profile.name)


def _runs(profile: Profile, model: Path) -> bool:
    """Return whether a profile's model is this very file; one that is not there is not."""
    reference = str(profile.values.get("path", ""))
    if not reference or (reference.startswith(_ABSOLUTE) and reference != str(model)):
        return False
    try:
        return resolve(reference) == model
    except TermaiError:
        return False
