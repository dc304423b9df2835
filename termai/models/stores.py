"""The directories where model files lie on this machine, termai's own and other programs'."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from termai import settings
from termai.paths import expanded, models_dir

BUILT_IN = "built in"

_HUB_PREFIX = "models--"
_HUB_SKIPPED = {"blobs", "refs", ".no_exist", ".locks"}
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Store:
    """A directory of models; ``where`` is the word shown for it."""

    where: str
    directory: Path


@dataclass(frozen=True, slots=True)
class Found:
    """A GGUF file in a store; ``name`` is its path there, a hub cache folded to org/name/file."""

    path: Path
    name: str
    store: Store


def stores() -> tuple[Store, ...]:
    """Return the stores that are looked in, first found wins, each directory once.

    termai's own, ``settings.model_dirs``, LM Studio's, the Hugging Face cache, llama.cpp's cache,
    and the model that comes with termai.
    """
    configured = settings.load().values.model_dirs
    wanted = [
        Store("termai", models_dir()),
        *(Store(_short(d), expanded(d)) for d in configured),
        Store("LM Studio", _lm_studio_dir()),
        Store("Hugging Face", _hugging_face_dir()),
        *(Store("llama.cpp", d) for d in _llama_cpp_dirs()),
        Store(BUILT_IN, _built_in_dir()),
    ]
    unique: dict[Path, Store] = {}
    for store in wanted:
        unique.setdefault(store.directory, store)
    return tuple(unique.values())


def files(store: Store) -> Iterator[Found]:
    """Yield the GGUF files of a store in order of name; links to directories are not followed.

    In a hub cache only the snapshots count. Directories deeper than 8 levels are not entered;
    what cannot be read is passed over.
    """
    root = str(store.directory)
    for directory, subdirectories, names in os.walk(root):
        inside = Path(directory).relative_to(root).parts
        hidden = _HUB_SKIPPED if inside and inside[-1].startswith(_HUB_PREFIX) else set()
        deep = len(inside) >= _MAX_DEPTH
        subdirectories[:] = [] if deep else sorted(d for d in subdirectories if d not in hidden)
        for name in sorted(names):
            path = Path(directory, name)
            if name.lower().endswith(".gguf") and os.path.isfile(path):  # noqa: PTH113  never raises
                yield Found(path, "/".join((*_folded(inside), name)), store)


def _folded(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Turn ``models--org--name/snapshots/COMMIT/sub`` into ``org/name/sub``."""
    if parts and parts[0].startswith(_HUB_PREFIX):
        return (*parts[0].removeprefix(_HUB_PREFIX).split("--"), *parts[3:])
    return parts


def _built_in_dir() -> Path:
    return Path(__file__).parent / "smoke"


def _hugging_face_dir() -> Path:
    """Return the hub cache as huggingface_hub.constants finds it, without importing it."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if value := os.environ.get(name):
            return expanded(value)
    if value := os.environ.get("HF_HOME"):
        return expanded(value) / "hub"
    return _cache_home() / "huggingface" / "hub"


def _llama_cpp_dirs() -> tuple[Path, ...]:
    override = os.environ.get("LLAMA_CACHE")
    return (*((Path(override),) if override else ()), _cache_home() / "llama.cpp")


def _lm_studio_dir() -> Path:
    home = _lm_studio_home()
    try:
        read = json.loads((home / "settings.json").read_bytes()[: 1 << 20])
        folder = read.get("downloadsFolder") if isinstance(read, dict) else None
    except (OSError, ValueError, RecursionError):
        folder = None
    return expanded(folder) if isinstance(folder, str) and folder else home / "models"


def _lm_studio_home() -> Path:
    pointer = expanded("~") / ".lmstudio-home-pointer"
    try:
        with pointer.open(encoding="utf-8") as stream:
            text = stream.read(4096).strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if text:
        return Path(text)
    older = expanded("~") / ".cache" / "lm-studio"
    return older if os.path.isdir(older) else expanded("~") / ".lmstudio"  # noqa: PTH112


def _cache_home() -> Path:
    value = os.environ.get("XDG_CACHE_HOME", "")
    return Path(value) if value.startswith("/") else expanded("~") / ".cache"


def _short(directory: str) -> str:
    home = str(expanded("~"))
    return f"~{directory[len(home) :]}" if directory.startswith(f"{home}/") else directory
