"""Files joined to models: the parts of a split set are one."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from termai.models.found import Found
from termai.models.names import split_of, whole_name


@dataclass(frozen=True, slots=True)
class Group:
    """The files of one model that are there, in the order of its parts.

    count: how many there should be. stem: the name that the parts share, empty for a single
    file.
    """

    files: tuple[Found, ...]
    count: int = 1
    stem: str = ""

    @property
    def first(self) -> Found:
        """Return the first part that is there."""
        return self.files[0]

    @property
    def missing(self) -> int:
        """Return how many parts are not there."""
        return self.count - len(self.files)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return where the files are."""
        return tuple(file.path for file in self.files)

    @property
    def name(self) -> str:
        """Return the model's name in its store, without a part's number."""
        name = self.first.name
        return f"{name.rpartition('/')[0]}/{self.stem}.gguf".lstrip("/") if self.stem else name


def grouped(found: Iterable[Found]) -> list[Group]:
    """Join the parts of each split set, in the order in which their first parts come."""
    sets: dict[tuple[Path, str, int], dict[int, Found]] = {}
    order: list[tuple[Path, str, int] | Found] = []
    for file in found:
        split = None if file.tagged else split_of(whole_name(file.path.name) or file.path.name)
        if split is None:
            order.append(file)
            continue
        key = (file.path.parent, split.stem, split.count)
        if key not in sets:
            sets[key] = {}
            order.append(key)
        already = sets[key].get(split.number)
        if already is None or already.incomplete:
            sets[key][split.number] = file
    return [_group(key, sets) for key in order]


def _group(
    key: tuple[Path, str, int] | Found, sets: dict[tuple[Path, str, int], dict[int, Found]]
) -> Group:
    if isinstance(key, Found):
        return Group((key,))
    parts = sets[key]
    return Group(tuple(parts[number] for number in sorted(parts)), key[2], key[1])
