"""Looking through a store: plain trees, and the layouts of hub caches and Ollama inside them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from termai.models import hub_cache, llama_cpp_cache, ollama
from termai.models.found import Found, look
from termai.models.listing import MAX_ENTRIES, Listing, listing
from termai.models.names import is_gguf, whole_name
from termai.models.stores import HUGGING_FACE, LLAMA_CPP, OLLAMA, Store

MAX_DEPTH = 8
MAX_DIRECTORIES = 20_000

_NEVER = frozenset({".git", "node_modules", "__pycache__", ".Trash"})
_SYSTEM = ("/proc", "/sys", "/dev")


@dataclass(slots=True)
class Walk:
    """One walk through a store: where it has been, and a sentence for each place unseen."""

    store: Store
    problems: list[str] = field(default_factory=list)
    been: set[tuple[int, int]] = field(default_factory=set)
    most: int = MAX_DIRECTORIES

    def __iter__(self) -> Iterator[list[Found]]:
        """Yield what each directory holds, in order of name, empty lists as signs of life.

        Links to directories are followed, no directory is entered twice, none deeper than
        MAX_DEPTH, and MAX_DIRECTORIES at most.
        """
        root = self.store.directory
        if not os.path.lexists(root):
            if self.store.expected:
                self.problems.append(f"{root} does not exist.")
            return
        yield from self._tree(root, ())
        if len(self.been) >= self.most:
            self.problems.append(
                f"{root} has more than {self.most:,} directories; not all were looked through."
            )

    def _tree(self, directory: Path, inside: tuple[str, ...]) -> Iterator[list[Found]]:
        here = self._enter(directory)
        if here is None:
            return
        if layout := _layout(directory.name, here):
            program, files = layout
            whose = self.store.program or program
            for found in files(directory, self.store, whose):
                yield [found] if found else []
            return
        yield self._files(here, inside)
        if len(inside) < MAX_DEPTH:
            for name in here.directories:
                if name not in _NEVER:
                    yield from self._tree(directory / name, (*inside, name))

    def _enter(self, directory: Path) -> Listing | None:
        """List a directory, None where it cannot be or was already."""
        try:
            key = _identity(directory)
            if key in self.been or len(self.been) >= self.most or key in _system():
                return None
            self.been.add(key)
            here = listing(directory)
            if here.cut:
                self.problems.append(f"{directory} holds more than {MAX_ENTRIES:,} names.")
            return here
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.problems.append(f"{directory} cannot be looked into: {reason}.")
            return None

    def _files(self, here: Listing, inside: tuple[str, ...]) -> list[Found]:
        names = frozenset(here.files)
        flat = llama_cpp_cache.names(here) if self._of_llama_cpp(inside) else {}
        found = []
        for name in here.files:
            shown = flat.get(name) or "/".join((*inside, whole_name(name) or name))
            if made := _file(here.directory, name, shown, names, self.store):
                found.append(made)
        return found

    def _of_llama_cpp(self, inside: tuple[str, ...]) -> bool:
        return self.store.program == LLAMA_CPP or inside[-1:] == (LLAMA_CPP,)


def files(store: Store) -> Iterator[Found]:
    """Yield the files of a store that are or may become models; what cannot be seen is passed."""
    for some in Walk(store):
        yield from some


def _identity(directory: Path) -> tuple[int, int]:
    seen = directory.stat()
    return seen.st_dev, seen.st_ino


@cache
def _system() -> frozenset[tuple[int, int]]:
    """Return the trees of the kernel, which hold no models and never end."""
    return frozenset(_identity(Path(path)) for path in _SYSTEM if Path(path).is_dir())


def _layout(name: str, here: Listing) -> tuple[str, Callable[..., Iterator[Found | None]]] | None:
    """Return whose layout a directory has and what reads it, None for a plain one."""
    if name.startswith(hub_cache.PREFIX) and "snapshots" in here.directories:
        return HUGGING_FACE, hub_cache.files
    if {"manifests", "blobs"} <= set(here.directories):
        return OLLAMA, ollama.files
    return None


def _file(
    directory: Path, name: str, shown: str, beside: frozenset[str], store: Store
) -> Found | None:
    partial = bool(whole_name(name))
    nameless = name.endswith(".incomplete") and ".cache" in directory.parts
    if not (is_gguf(name) or partial or nameless):
        return None
    return look(
        directory / name,
        shown,
        store,
        program=store.program,
        incomplete=partial or nameless or f"{name}.aria2" in beside,
        doubtful=nameless and not partial,
    )
