"""What imports and exports have in common."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from termai.paths import expanded
from termai.profiles.foreign.base import Left, Source
from termai.profiles.foreign.keeping import SHORT
from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter, Kind, option
from termai.text import one_line

KEPT_WHY = "no option stands for it; it goes back into an export to the same format"


def left_of_others(profile: Profile, name: str) -> Iterator[Left]:
    """Yield what a profile keeps of the files of programs other than the format ``name``.

    The value of each counts its keys and names them, as far as there is room.
    """
    for foreign, texts in profile.kept.items():
        if foreign != name:
            keys = "1 key" if len(texts) == 1 else f"{len(texts)} keys"
            named = one_line(f"{keys}: {', '.join(texts)}", SHORT)
            yield Left(f"kept.{foreign}", named, "it belongs to another program's file")


def stem(path: str) -> str:
    """Return the name of a file without its directories, of any system, and without .gguf."""
    return re.split(r"[/\\]", path)[-1].removesuffix(".gguf")


def placed(values: Mapping[str, Any], source: Source) -> Iterator[tuple[str, Any]]:
    """Yield option values, relative paths made absolute where the file beside the text is there."""
    for key, value in values.items():
        if key == "lora":
            yield key, tuple(Adapter(_beside(a.path, source), a.scale) for a in value)
        elif option(key).kind is Kind.PATH:
            yield key, _beside(str(value), source)
        else:
            yield key, value


def _beside(path: str, source: Source) -> str:
    if source.path is None or expanded(path).is_absolute():
        return path
    try:
        beside = source.path.parent.absolute() / path
        return str(beside) if beside.is_file() else path
    except (OSError, ValueError):
        return path
