"""Where termai's files are: the user's directories and the data shipped in the package."""

import os
import sys
from pathlib import Path
from typing import Literal

from termai.errors import TermaiError

_XDG_HOME = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state"}

Kind = Literal["CONFIG", "DATA", "STATE"]


def config_dir() -> Path:
    """Return the directory of ``config.toml``, ``profiles/`` and ``themes/``."""
    return _user_dir("CONFIG")


def data_dir() -> Path:
    """Return the directory of ``models/``, ``profile-history/`` and ``chats.db``."""
    return _user_dir("DATA")


def state_dir() -> Path:
    """Return the directory of ``jobs/``, ``locks/`` and ``drafts/``."""
    return _user_dir("STATE")


def jobs_dir() -> Path:
    """Return the directory that holds one directory per job."""
    return state_dir() / "jobs"


def profiles_dir() -> Path:
    """Return the directory of the user's own profiles, which shadow the shipped ones."""
    return config_dir() / "profiles"


def themes_dir() -> Path:
    """Return the directory of the user's own colour themes."""
    return config_dir() / "themes"


def models_dir() -> Path:
    """Return termai's own model directory, laid out as ``publisher/model/file.gguf``."""
    return data_dir() / "models"


def chats_db() -> Path:
    """Return the path of the conversation database."""
    return data_dir() / "chats.db"


def shipped_dir(name: Literal["themes", "profiles"]) -> Path:
    """Return the shipped themes or profiles: inside the wheel, or beside a source checkout."""
    package = Path(__file__).parent
    packaged = package / "_shipped" / name
    return packaged if packaged.is_dir() else package.parent / name


def private_dir(path: Path) -> Path:
    """Create ``path`` and its missing parents with mode 0700 and return it."""
    if not path.is_dir():
        missing = [path, *path.parents]
        for directory in reversed([p for p in missing if not p.exists()]):
            directory.mkdir(mode=0o700, exist_ok=True)
    return path


def expanded(text: str) -> Path:
    """Return the path that a person wrote; ``~name`` of no user stays, as a file not there."""
    return Path(os.path.expanduser(text))  # noqa: PTH111  Path's own raises RuntimeError


def _user_dir(kind: Kind) -> Path:
    override = os.environ.get(f"TERMAI_{kind}_DIR")
    if override:
        return expanded(override).absolute()
    if sys.platform == "linux":
        return _xdg_dir(kind)
    _home()  # platformdirs would go on with a directory called ~
    import platformdirs

    return Path(getattr(platformdirs, f"user_{kind.lower()}_path")("termai"))


def _xdg_dir(kind: Kind) -> Path:
    """Return what platformdirs would, without its import, which costs half of Python's start.

    XDG Base Directory Specification 0.8: a relative value is invalid and ignored.
    """
    value = os.environ.get(f"XDG_{kind}_HOME", "")
    base = Path(value) if value.startswith("/") else _home() / _XDG_HOME[kind]
    return base / "termai"


def _home() -> Path:
    """Return the home directory; raises TermaiError for an account that has none."""
    home = expanded("~")
    if home.parts[0] == "~":
        raise TermaiError(
            "There is no home directory: HOME is not set and this account has no entry.",
            fix="Set HOME, or TERMAI_CONFIG_DIR, TERMAI_DATA_DIR and TERMAI_STATE_DIR.",
        )
    return home
