"""What new profiles are made from, and making them; blocking calls, for threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from termai.models.library import Library
    from termai.models.model_file import ModelFile
    from termai.profiles.profile import Profile

Origin = Literal["model", "server", "template", "removed", "empty"]
_TOLD: Mapping[Origin, str] = {
    "model": "Context, KV cache and layers that fit this machine are worked out for it.",
    "server": "What the server was started with becomes a profile.",
    "template": "A copy of it, for the model that you choose.",
    "removed": "It comes back as it was.",
    "empty": "A profile that sets nothing yet.",
}


@dataclass(frozen=True, slots=True)
class Seed:
    """One thing to make a profile from.

    reference: what names it. title: what a list shows. about: more of it, perhaps nothing.
    """

    origin: Origin
    reference: str
    title: str
    about: str = ""

    @property
    def identity(self) -> str:
        """What no other of a list has: the path of a model, else origin and name."""
        named = self.origin == "model" and self.reference
        return self.reference if named else f"{self.origin}:{self.reference}"

    @property
    def told(self) -> str:
        """One sentence of what one gets."""
        return _TOLD[self.origin]

    def has(self, words: Sequence[str]) -> bool:
        """Tell whether every word, in lower case, is in what is shown."""
        said = f"{self.origin} {self.title} {self.about} {self.reference}".casefold()
        return all(word in said for word in words)


@dataclass(frozen=True, slots=True)
class Seeds:
    """What there is: models, the newest first, then servers, templates and removed profiles.

    files: the models by the identity of their seeds.
    """

    models: tuple[Seed, ...] = ()
    others: tuple[Seed, ...] = ()
    files: dict[str, ModelFile] = field(default_factory=dict)


def known() -> Seeds:
    """Return what is known at once."""
    from termai.models import library

    return _seeds(library.known())


def looked() -> Seeds:
    """Return what there is after a look through every store."""
    from termai.models import library

    return _seeds(library.refresh())


def _seeds(library: Library) -> Seeds:
    models = [model for model in library.models if model.startable]
    models.sort(key=lambda model: -model.modified)
    files = {str(model.path): model for model in models}
    listed = tuple(Seed("model", path, model.name) for path, model in files.items())
    return Seeds(listed, (*_servers(), *_templates(), *_removed()), files)


def _servers() -> tuple[Seed, ...]:
    from termai.servers.registry import list_servers

    return tuple(
        Seed("server", server.name, server.name, server.url) for server in list_servers(past=False)
    )


def _templates() -> tuple[Seed, ...]:
    from termai.servers.starters import templates

    return tuple(
        Seed("template", profile.name, profile.name, profile.description) for profile in templates()
    )


def _removed() -> tuple[Seed, ...]:
    from termai.profiles import history

    return tuple(
        Seed("removed", version.name, version.name, "a profile of yours that was removed")
        for version in history.removed()
    )


def bring_back(name: str) -> str:
    """Bring a removed profile back as it was; return its name."""
    from termai.errors import NotFoundError
    from termai.profiles import history

    for version in history.removed():
        if version.name == name:
            return history.restore(version).name
    raise NotFoundError(f"No removed profile is called {name}.")


def lacks_model(seed: Seed) -> bool:
    """Tell whether a template names no model."""
    from termai.profiles.store import load_profile

    return not load_profile(seed.reference).is_set("path")


def proposed_name(seed: Seed, model: str = "") -> str:
    """Return a free name for what a seed gives; model: path of the model of a template."""
    from pathlib import Path

    from termai.models.library import called
    from termai.tui.profile_work import free_name

    path = model or (seed.reference if seed.origin == "model" else "")
    return free_name(called(Path(path)) if path else seed.reference or "my-profile")


def make(seed: Seed, model: str, name: str) -> str:
    """Make and save the profile that a seed gives, called ``name``; return the name."""
    from termai.profiles.store import save_profile

    profile = _made(seed, model, name)
    save_profile(profile)
    return profile.name


def _made(seed: Seed, model: str, name: str) -> Profile:
    from termai.servers import starters
    from termai.servers.registry import get

    if seed.origin == "model":
        return starters.from_model(reference_of(seed.reference), name)
    if seed.origin == "template":
        return starters.from_template(seed.reference, name, reference_of(model) if model else "")
    if seed.origin == "server":
        return starters.from_server(get(seed.reference), name)
    return starters.empty(name)


def reference_of(path: str) -> str:
    """Return how to name a model's file: a blob by what its store calls it, others by path."""
    from pathlib import Path

    from termai.models.library import known
    from termai.models.names import is_gguf

    model = None if is_gguf(path) else known().at(Path(path))
    return model.name if model else path
