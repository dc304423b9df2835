"""Files grouped into quantizations: split sets joined, projectors beside, other things left out."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from termai.gguf.quantization import Precision, named
from termai.models.hub.files import RepoFile
from termai.models.names import is_gguf, is_projector, quantization, split_of
from termai.text import one_line

_OTHER = re.compile(r"imatrix|^ggml-vocab-", re.IGNORECASE)
_SEPARATORS = "-._ "
_PROJECTOR_ORDER = ("F16", "BF16", "Q8_0", "F32", "")


@dataclass(frozen=True, slots=True)
class Variant:
    """One quantization of a repository, all of its files in order.

    name: how it is chosen, unique in its repository without regard to case: the quantization, or
    the file's own name where another has that. quantization: as the name states it, empty where
    it states none. projectors: what may be loaded beside it, the usual choice first.
    """

    name: str
    files: tuple[RepoFile, ...]
    projectors: tuple[RepoFile, ...] = ()
    quantization: str = ""

    @property
    def size(self) -> int:
        """Bytes of the model's own files, projectors not counted."""
        return sum(file.size for file in self.files)

    @property
    def precision(self) -> Precision | None:
        """The class of the quantization by its name; the tensors may say otherwise."""
        known = named(self.quantization) if self.quantization else None
        return known.precision if known else None


@dataclass(frozen=True, slots=True)
class Variants:
    """What a repository offers, the smallest first, and a sentence for each set that is broken."""

    found: tuple[Variant, ...] = ()
    projectors: tuple[RepoFile, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """The files of one model: ``directory`` without the parts that only name the quantization."""

    files: tuple[RepoFile, ...]
    directory: str
    stem: str
    label: str

    @property
    def base(self) -> tuple[str, str]:
        """What is left of path and name without the quantization."""
        stem = self.stem
        if self.label:
            at = stem.upper().rfind(self.label)
            if at >= 0:
                stem = stem[:at].rstrip(_SEPARATORS) + stem[at + len(self.label) :]
        return self.directory.lower(), stem.strip(_SEPARATORS).lower()

    @property
    def path(self) -> str:
        """The path of the first file without its ending and its number."""
        folder = self.files[0].path.rpartition("/")[0]
        return f"{folder}/{self.stem}" if folder else self.stem


def grouped(files: Iterable[RepoFile]) -> Variants:
    """Return the quantizations that the files make."""
    models = [f for f in files if is_gguf(f.path) and not _OTHER.search(f.name)]
    projectors = sorted((f for f in models if is_projector(f.path)), key=_projector_order)
    groups, problems = _joined(f for f in models if not is_projector(f.path))
    variants = [
        Variant(name, group.files, _beside(group, projectors), group.label)
        for group, name in zip(groups, _names(groups), strict=True)
    ]
    variants.sort(key=lambda variant: (variant.size, variant.name))
    return Variants(tuple(variants), tuple(projectors), tuple(problems))


def label(path: str) -> str:
    """Return the quantization that a path states, in its name or else in its directories."""
    for part in reversed(path.split("/")):
        if found := quantization(part):
            return found
    return ""


def _joined(files: Iterable[RepoFile]) -> tuple[list[_Group], list[str]]:
    """Join the parts of each set; a set that lacks a part cannot be loaded and is left out."""
    sets: dict[tuple[str, str, int, str], dict[int, RepoFile]] = {}
    for file in files:
        split = split_of(file.name)
        folder, stem, ending = file.path.rpartition("/")[0], file.name[:-5], file.name[-5:]
        key = (folder, split.stem if split else stem, split.count if split else 0, ending)
        sets.setdefault(key, {})[split.number if split else 0] = file
    groups, problems = [], []
    for (folder, stem, count, _), parts in sorted(sets.items()):
        if count and len(parts) < count:
            name = one_line(f"{folder}/{stem}".strip("/"), 120)
            problems.append(f"{name} is left out: {len(parts)} of its {count} parts are there.")
            continue
        ordered = tuple(parts[number] for number in sorted(parts))
        plain = "/".join(p for p in folder.split("/") if not _is_label(p))
        groups.append(_Group(ordered, plain, stem, label(ordered[0].path)))
    return groups, problems


def _is_label(part: str) -> bool:
    """Whether a directory is called as a quantization and nothing else."""
    return bool(part) and label(part) == part.upper()


def _names(groups: Sequence[_Group]) -> list[str]:
    """Return a name for each group: its quantization, its own where another is more usual."""
    usual = Counter(group.base for group in groups)
    rank = sorted(
        range(len(groups)),
        key=lambda i: (-usual[groups[i].base], len(groups[i].base[1]), groups[i].files[0].path),
    )
    names: dict[int, str] = {}
    taken: set[str] = set()
    for place in rank:
        group = groups[place]
        count = len(group.files)
        choices = chain(
            (group.label, group.stem, group.path, f"{group.path}-of-{count}", group.files[0].path),
            (f"{group.path}-{number}" for number in range(2, len(groups) + 2)),
        )
        name = next(c for c in choices if c and c.lower() not in taken)
        taken.add(name.lower())
        names[place] = name
    return [names[place] for place in range(len(groups))]


def _beside(group: _Group, projectors: Sequence[RepoFile]) -> tuple[RepoFile, ...]:
    """Return the projectors, those first whose name has the model's in it."""
    base = group.base[1]
    return tuple(sorted(projectors, key=lambda file: not base or base not in file.path.lower()))


def _projector_order(file: RepoFile) -> tuple[int, int, str]:
    stated = label(file.name)
    known = stated.replace("FP", "F") if stated.startswith("FP") else stated
    place = _PROJECTOR_ORDER.index(known) if known in _PROJECTOR_ORDER else len(_PROJECTOR_ORDER)
    return place, file.size, file.path
