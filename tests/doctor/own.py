"""Writing profiles of the user's own, and looking at them as the doctor does."""

from pathlib import Path

from termai.doctor import profile_files
from termai.doctor.once import Once
from termai.environment import Finding
from termai.models import library
from termai.paths import private_dir, profiles_dir

MODEL = 'schema = 1\n[model]\npath = "{path}"\n'


def write(name: str, text: str) -> Path:
    """Write a profile of the user's own."""
    path = private_dir(profiles_dir()) / f"{name}.toml"
    path.write_text(text)
    return path


def profiles() -> dict[str, Finding]:
    """Return what the check of the profiles finds, by name."""
    return {one.name: one for one in profile_files.look(Once(library.look))}
