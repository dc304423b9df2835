"""What imports and exports have in common."""

import re
from collections.abc import Iterator

from termai.profiles.foreign.base import Left
from termai.profiles.profile import Profile


def left_of_others(profile: Profile, name: str) -> Iterator[Left]:
    """Yield what a profile keeps of the files of programs other than the format ``name``."""
    for foreign, texts in profile.kept.items():
        if foreign != name:
            keys = "1 key" if len(texts) == 1 else f"{len(texts)} keys"
            yield Left(f"kept.{foreign}", keys, "it belongs to another program's file")


def stem(path: str) -> str:
    """Return the name of a file without its directories, of any system, and without .gguf."""
    return re.split(r"[/\\]", path)[-1].removesuffix(".gguf")
