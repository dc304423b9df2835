"""Built wheels of llama-cpp-python, kept so that a build of the same recipe is made only once.

Standard library only: the set-up imports it before anything is installed.
"""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from termai.engines.recipe import Recipe

_PARTS = ("bin/", "lib/")
_MOST = 64 << 30  # bytes that a wheel may unpack to


def cache_dir() -> Path:
    """Return the directory of built wheels, one directory per recipe."""
    if own := os.environ.get("TERMAI_BUILD_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "termai" / "wheels"


def cached(recipe: Recipe) -> Path | None:
    """Return the wheel that was built by a recipe, None when there is none yet."""
    return next(iter((cache_dir() / recipe.key).glob("*.whl")), None)


def keep(wheel: Path, recipe: Recipe) -> Path:
    """Put a wheel into the cache in one step and return where it is; the old one is replaced."""
    home = cache_dir() / recipe.key
    home.mkdir(parents=True, exist_ok=True)
    coming = home / f".{wheel.name}.new"
    shutil.copyfile(wheel, coming)
    return coming.replace(home / wheel.name)


def compiler_version() -> str:
    """Return the first line of what the C++ compiler calls itself, empty without one."""
    named = (os.environ.get("CXX", "g++"), "c++")
    compiler = next(filter(None, map(shutil.which, named)), None)
    if not compiler:
        return ""
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or [compiler])[0]


def unpack(wheel: Path, into: Path) -> None:
    """Write the native programs and libraries of a wheel below ``into``.

    Raises OSError, and zipfile.BadZipFile for what is no wheel.
    """
    with zipfile.ZipFile(wheel) as archive:
        wanted = [one for one in archive.infolist() if _is_wanted(one)]
        if sum(one.file_size for one in wanted) > _MOST:
            raise zipfile.BadZipFile(f"{wheel} unpacks to too much.")
        for member in wanted:
            path = Path(archive.extract(member, into))
            if member.filename.startswith("bin/"):
                path.chmod(0o755)


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    name = member.filename
    return name.startswith(_PARTS) and not name.endswith("/") and "/cmake/" not in name
