"""The user's own profile of a model: the one that is there, or a new one that fits this machine."""

from pathlib import Path

from termai.engines.choose import choose
from termai.errors import TermaiError
from termai.locks import lock
from termai.models.library import Library, known, look
from termai.models.model_file import ModelFile
from termai.models.resolve import find
from termai.paths import models_dir
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO
from termai.profiles.store import list_profiles, load_profile, save_profile
from termai.servers import manager
from termai.servers.fitting import profile_for, takes_projectors

_ABSOLUTE = ("/", "~")


def saved(model: Path) -> Profile | None:
    """Return the first profile of the user's own, by name, that runs the file ``model``."""
    own = [profile for profile in list_profiles().profiles if not profile.shipped]
    named = [profile for profile in own if not _reference(profile).startswith(_ABSOLUTE)]
    library = _library(model) if named else None
    return next((profile for profile in own if _runs(profile, model, library)), None)


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


def bare(model: ModelFile) -> Profile:
    """Return a profile for a model of the library that leaves everything to the engine.

    Its projector is loaded where the engine that ``auto`` takes can; nothing is saved.
    """
    profile = manager.for_model(model.path)
    if model.projector and takes_projectors(choose(AUTO)[1]):
        return profile.with_values(mmproj=str(model.projector))
    return profile


def ensured(model: Path, projector: Path | None = None) -> tuple[Profile, bool]:
    """Return the user's profile of a model and whether it was made just now.

    Several programs that ask at the same time get the same one. Raises as ``made`` does.
    """
    with lock("own profiles"):
        found = saved(model)
        return (found, False) if found else (made(model, projector), True)


def _library(model: Path) -> Library:
    """Return what is known of the models, looked at anew where ``model`` is not known yet."""
    library = known()
    return library if library.at(model) else look()


def _runs(profile: Profile, model: Path, library: Library | None) -> bool:
    """Return whether a profile's model is this very file; one that is not there is not."""
    reference = _reference(profile)
    if not reference or reference.startswith(_ABSOLUTE) or library is None:
        return reference == str(model)
    try:
        return find(reference, library).path == model
    except TermaiError:
        return False


def _reference(profile: Profile) -> str:
    return str(profile.values.get("path", ""))
