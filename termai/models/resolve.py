"""What a profile's ``path`` means on this machine: a reference in, the path of a file out."""

import os
from pathlib import Path

from termai.errors import NotFoundError, UsageError
from termai.models.names import is_projector, quantization, split_of
from termai.models.stores import Found, Store, files, stores

BUILTIN = "builtin:"
HUB = "hub:"
DEFAULT_QUANT = "Q4_K_M"

_BUILTIN_FILES = {"smoke": "smoke/termai-smoke-q8_0.gguf"}


def resolve(reference: str) -> Path:
    """Return the model file that ``reference`` names; of a split set, the first part.

    A reference is an absolute or ``~`` path, a path or unique file name inside a model store,
    ``builtin:smoke``, or ``hub:ORG/NAME[:QUANT]`` for what was downloaded from Hugging Face.
    Raises NotFoundError naming where was looked, UsageError when it is empty or ambiguous.
    """
    if not reference.strip():
        raise UsageError("No model is named.", fix="Set `path` under [model] in the profile.")
    if reference.startswith(BUILTIN):
        return _builtin(reference)
    if reference.startswith(HUB):
        return _from_hub(reference)
    if reference.startswith(("/", "~")):
        return _existing(_expanded(reference))
    return _in_stores(reference)


def _builtin(reference: str) -> Path:
    name = reference.removeprefix(BUILTIN)
    if name not in _BUILTIN_FILES:
        known = ", ".join(f"{BUILTIN}{n}" for n in _BUILTIN_FILES)
        raise NotFoundError(f"There is no model {reference}; termai ships {known}.")
    return _existing(Path(__file__).parent / _BUILTIN_FILES[name])


def _expanded(reference: str) -> Path:
    try:
        return Path(reference).expanduser()
    except RuntimeError as error:
        raise NotFoundError(f"{reference}: there is no such user.") from error


def _existing(path: Path) -> Path:
    if os.path.isdir(path):  # noqa: PTH112  Path's own raise below a closed directory
        raise NotFoundError(f"{path} is a directory.", fix="Name a .gguf file inside it.")
    if not os.path.exists(path):  # noqa: PTH110
        raise NotFoundError(f"The model {path} does not exist.", fix="`termai models` lists files.")
    return path


def _in_stores(reference: str) -> Path:
    looked = stores()
    for store in looked:
        path = store.directory / reference
        if os.path.isfile(path):  # noqa: PTH113
            return path
    found = [f for s in looked for f in files(s) if _names(f, reference)]
    targets = {f.path.resolve(): f for f in reversed(found)}
    if not targets:
        raise NotFoundError(
            f"The model {reference} is not in {_listed(looked)}.",
            fix="Give its absolute path, or add its directory to model_dirs in config.toml.",
        )
    if len(targets) > 1:
        names = " and ".join(sorted(f.name for f in targets.values())[:3])
        raise UsageError(f"{reference} is ambiguous: {names}.", fix="Give more of the path.")
    return found[0].path


def _names(found: Found, reference: str) -> bool:
    return found.name == reference or found.name.endswith(f"/{reference}")


def _from_hub(reference: str) -> Path:
    repository, _, quant = reference.removeprefix(HUB).partition(":")
    looked = stores()
    here = [f for s in looked for f in files(s) if f.name.startswith(f"{repository}/")]
    models = [f for f in here if not is_projector(f.name) and _first_part(f)]
    wanted = quant or DEFAULT_QUANT
    matching = [f for f in models if _states(f, wanted)]
    if not matching and not quant:
        matching = models
    if not matching:
        have = ", ".join(sorted({quantization(f.name) or f.path.name for f in models}))
        raise NotFoundError(
            f"{reference} is not downloaded: not in {_listed(looked)}.",
            fix=f"Of that repository there is {have}." if have else "Download it first.",
        )
    return matching[0].path


def _first_part(found: Found) -> bool:
    split = split_of(found.path.name)
    return split is None or split.number == 1


def _states(found: Found, quant: str) -> bool:
    return quantization(found.name).removeprefix("UD-") == quant.upper().removeprefix("UD-")


def _listed(looked: tuple[Store, ...]) -> str:
    return ", ".join(str(store.directory) for store in looked)
