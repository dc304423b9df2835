"""New profiles from what is there: a model, a template, a server that runs. Nothing is saved."""

import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from termai.engines.choose import choose
from termai.engines.served import is_file
from termai.errors import NotFoundError, UsageError
from termai.models.library import look
from termai.models.model_file import ModelFile
from termai.models.names import is_gguf
from termai.models.resolve import BUILTIN, HUB, find
from termai.paths import expanded, models_dir
from termai.profiles.names import check_name
from termai.profiles.profile import Profile
from termai.profiles.store import list_profiles, load_profile
from termai.servers import registry
from termai.servers.fitting import profile_for, takes_projectors
from termai.servers.launching import recorded_profile
from termai.servers.naming import free_name, is_profile, name_for
from termai.servers.records import Server
from termai.text import one_line

SERVER = "server:"
"""What a name begins with to mean the server where a profile is called so, too."""

_EMPTY_NAME = "new"


class Origin(StrEnum):
    """What a new profile is made from."""

    EMPTY = "empty"
    MODEL = "model"
    TEMPLATE = "template"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Start:
    """A new profile, not saved, and what it was made from; ``source`` is what that is called."""

    origin: Origin
    source: str
    profile: Profile

    @property
    def text(self) -> str:
        """What it was made from in a few words that end a sentence."""
        return _WORDS[self.origin].format(one_line(self.source))


_WORDS = {
    Origin.EMPTY: "without any values",
    Origin.MODEL: "for the model {}",
    Origin.TEMPLATE: "from the profile {}",
    Origin.SERVER: "from the server {}",
}


def templates() -> tuple[Profile, ...]:
    """Return the profiles that come with termai and that none of the user's own replaces."""
    return tuple(profile for profile in list_profiles().profiles if profile.shipped)


def start_from(text: str, name: str = "") -> Start:
    """Return a new profile made from what ``text`` names.

    That is a model file by its path, a profile by its name, a server by its name or by
    ``server:NAME``, or a model by a name that ``models.resolve`` takes, the first that there is.
    Raises NotFoundError where it is none of them, UsageError for an empty or ambiguous text or a
    ``name`` that cannot be taken, and InvalidFileError for a profile or model that cannot be read.
    """
    wanted = text.strip()
    if not wanted:
        raise UsageError(
            "Nothing is named to make a profile from.",
            fix="Name a model, a profile or a running server.",
        )
    if _is_model(wanted):
        return Start(Origin.MODEL, wanted, from_model(wanted, name))
    for make in (_from_profile, _from_server):
        if made := make(wanted, name):
            return made
    try:
        return Start(Origin.MODEL, wanted, from_model(wanted, name))
    except NotFoundError as error:
        raise NotFoundError(
            f"No model, profile or server is called {one_line(wanted, 60)}.",
            fix="`termai models`, `termai profiles list` and `termai ps` show what there is.",
        ) from error


def empty(name: str = "") -> Profile:
    """Return a profile that says nothing; raises UsageError for a name that it cannot have."""
    return Profile(name=_checked(name) if name else free_name(_EMPTY_NAME))


def from_model(reference: str | Path, name: str = "") -> Profile:
    """Return a profile with values that fit a model on this machine.

    reference: a path, or what ``models.resolve`` takes. Raises what ``profile_for`` raises, and
    UsageError for a name that it cannot have.
    """
    named = _checked(name)
    path, model = _named(str(reference))
    projector = model.projector if model else None
    made = profile_for(path, projector=projector)
    return replace(made, name=named) if named else made


def from_template(template: str, name: str = "", model: str = "") -> Profile:
    """Return a copy of a profile, of ``model`` where one is given; its comments stay behind.

    Raises what ``load_profile`` and ``find`` raise, and UsageError for a name that it cannot have.
    """
    named = _checked(name)
    source = load_profile(template)
    made = replace(source, path=None, shipped=False, revision="")
    base = template
    if model:
        path, found = _named(model)
        made = made.with_values(path=path, mmproj=_projector(made, found))
        base = name_for(Path(path).stem)
    return replace(made, name=named or free_name(base))


def from_server(server: Server, name: str = "") -> Profile:
    """Return a profile that starts what a server was started with, on the port that it has.

    Raises UsageError for a name that it cannot have, or a record of an option that is unknown.
    """
    named = _checked(name)
    made = recorded_profile(server)
    if is_file(server.engine) and server.port and server.port != made.value("port"):
        made = made.with_values(port=server.port)
    return replace(
        made,
        name=named or free_name(name_for(server.name)),
        description=one_line(f"What the server {server.name} was started with", 200),
        revision="",
    )


def _checked(name: str) -> str:
    """Return a name that a new profile can have, nothing for no name; raises UsageError."""
    if name and is_profile(check_name(name)):
        raise UsageError(f"There is already a profile {name}.", fix="Take another name.")
    return name


def _is_model(text: str) -> bool:
    """Return whether a text means a model and nothing else."""
    if text.startswith((HUB, BUILTIN, "/", "~")) or is_gguf(text):
        return True
    return os.sep in text and os.path.isfile(text)  # noqa: PTH113


def _from_profile(text: str, name: str) -> Start | None:
    if not is_profile(text):
        return None
    return Start(Origin.TEMPLATE, text, from_template(text, name))


def _from_server(text: str, name: str) -> Start | None:
    called = text.removeprefix(SERVER)
    try:
        server = registry.get(called)
    except NotFoundError:
        if text.startswith(SERVER):
            raise
        return None
    return Start(Origin.SERVER, called, from_server(server, name))


def _named(reference: str) -> tuple[str, ModelFile | None]:
    """Return how a profile names a model, and the model where the library has it.

    A file in termai's own directory is named by its place there, a name that only its store
    gives it (Ollama's) is kept, and any other file is named by its path.
    """
    library = look()
    path = expanded(reference).absolute()
    if os.path.isfile(path):  # noqa: PTH113  which would raise below a closed directory
        return _placed(path), library.at(path)
    if reference.startswith(BUILTIN):
        return reference, None
    model = find(reference, library)
    if reference.startswith(HUB):
        return reference, model
    return _placed(model.path) if is_gguf(model.path.name) else model.name, model


def _placed(path: Path) -> str:
    top = models_dir()
    return str(path.relative_to(top)) if path.is_relative_to(top) else str(path)


def _projector(profile: Profile, model: ModelFile | None) -> str | None:
    """Return the projector to load with a model: the profile's own, or the library's."""
    own = profile.values.get("mmproj")
    if own or model is None or model.projector is None:
        return own
    try:
        able = takes_projectors(choose(profile.engine)[1])
    except NotFoundError:
        return None
    return str(model.projector) if able else None
