"""The directories where model files lie on this machine, termai's own and other programs'."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from termai import settings
from termai.paths import expanded, models_dir

BUILT_IN = "built in"
OWN = "termai"
LM_STUDIO, OLLAMA, HUGGING_FACE, LLAMA_CPP = "LM Studio", "Ollama", "Hugging Face", "llama.cpp"

# Where the installer of Ollama for Linux lets its service keep models.
OLLAMA_SERVICE = Path("/usr/share/ollama/.ollama/models")


@dataclass(frozen=True, slots=True)
class Store:
    """A directory of models.

    where: the word shown for it. program: whose it is, empty for a directory that the user
    named. expected: whether it is worth telling when it is not there.
    """

    where: str
    directory: Path
    program: str = ""
    expected: bool = False


def stores() -> tuple[Store, ...]:
    """Return the stores that are looked in, first found wins, each directory once.

    termai's own, ``settings.model_dirs``, LM Studio's, Ollama's, the Hugging Face cache,
    llama.cpp's cache, and the model that comes with termai.
    """
    configured = settings.load().values.model_dirs
    wanted = [
        Store(OWN, models_dir(), OWN),
        *(Store(_short(d), expanded(d), expected=True) for d in configured),
        Store(LM_STUDIO, _lm_studio_dir(), LM_STUDIO),
        *(Store(OLLAMA, d, OLLAMA) for d in _ollama_dirs()),
        Store(HUGGING_FACE, _hugging_face_dir(), HUGGING_FACE),
        *(Store(LLAMA_CPP, d, LLAMA_CPP) for d in _llama_cpp_dirs()),
        Store(BUILT_IN, _built_in_dir(), OWN),
    ]
    unique: dict[Path, Store] = {}
    for store in wanted:
        unique.setdefault(store.directory, store)
    return tuple(unique.values())


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


def _ollama_dirs() -> tuple[Path, ...]:
    """Return what envconfig.Models of Ollama says, and the place of its Linux service."""
    value = os.environ.get("OLLAMA_MODELS", "").strip().strip("\"'")
    own = expanded(value) if value else expanded("~") / ".ollama" / "models"
    return (own, OLLAMA_SERVICE) if sys.platform == "linux" else (own,)


def _lm_studio_dir() -> Path:
    home = _lm_studio_home()
    try:
        with open(home / "settings.json", "rb", opener=_open_now) as stream:
            read = json.loads(stream.read(1 << 20))
        folder = read.get("downloadsFolder") if isinstance(read, dict) else None
    except (OSError, ValueError, RecursionError):
        folder = None
    return expanded(folder) if isinstance(folder, str) and folder else home / "models"


def _lm_studio_home() -> Path:
    pointer = expanded("~") / ".lmstudio-home-pointer"
    try:
        with open(pointer, encoding="utf-8", opener=_open_now) as stream:
            text = stream.read(4096).strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if text and "\0" not in text:
        return Path(text)
    older = expanded("~") / ".cache" / "lm-studio"
    return older if os.path.isdir(older) else expanded("~") / ".lmstudio"  # noqa: PTH112


def _open_now(name: str, flags: int) -> int:
    """Open without waiting, so that a named pipe in place of a file is no hang."""
    return os.open(name, flags | os.O_NONBLOCK)


def _cache_home() -> Path:
    value = os.environ.get("XDG_CACHE_HOME", "")
    return Path(value) if value.startswith("/") else expanded("~") / ".cache"


def _short(directory: str) -> str:
    home = str(expanded("~"))
    return f"~{directory[len(home) :]}" if directory.startswith(f"{home}/") else directory
