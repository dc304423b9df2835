"""The library: every model on this machine, as remembered and as it lies on the disk now."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from termai.models import index
from termai.models.assembling import assembled
from termai.models.facts import Facts
from termai.models.found import Found
from termai.models.model_file import Kind, ModelFile
from termai.models.names import is_gguf
from termai.models.refreshing import PATIENCE_S, Refresh
from termai.models.stores import Store, stores

__all__ = ["Kind", "Library", "ModelFile", "called", "known", "look", "refresh", "scan"]

_ACCOMPANYING = frozenset({Kind.PROJECTOR, Kind.OTHER})


@dataclass(frozen=True, slots=True)
class Library:
    """The models on this machine.

    files: all, in order of store and name, with projectors and what else accompanies models.
    stores: where was looked. problems: a sentence for each place that could not be seen. unread:
    how many headers are still to be read. complete: whether everything was looked through.
    unanswered: the directories of stores whose disks did not answer.
    """

    files: tuple[ModelFile, ...] = ()
    stores: tuple[Store, ...] = ()
    problems: tuple[str, ...] = ()
    unread: int = 0
    complete: bool = False
    unanswered: frozenset[Path] = frozenset()

    @property
    def models(self) -> tuple[ModelFile, ...]:
        """Return what is listed: models and adapters, half downloads too, but no projectors."""
        return tuple(model for model in self.files if model.kind not in _ACCOMPANYING)

    def at(self, path: Path) -> ModelFile | None:
        """Return the model of which ``path`` is a file, None when it is none of these."""
        return next((model for model in self.files if path in model.files), None)


def known() -> Library:
    """Return at once what the index knows, without a look at the disk; empty when it is broken."""
    places = stores()
    before = index.load(places)
    found = {store.directory: before.found.get(store.directory, ()) for store in places}
    return Library(_models(places, found, before.facts), places)


def refresh(
    on_batch: Callable[[Library], None] | None = None,
    *,
    directories: Iterable[Store] | None = None,
    patience_s: float = PATIENCE_S,
) -> Library:
    """Look through the stores, read the headers that are new or changed, and save the index.

    ``on_batch`` is called in this thread, a few times a second, with what is known so far. Blocks
    as long as that takes; a disk that says nothing for ``patience_s`` seconds is given up, and
    what the index knew of it is returned.
    """
    looking = _refreshing(directories, headers=True, patience_s=patience_s)
    looking.run((lambda: on_batch(_so_far(looking))) if on_batch else _nothing)
    if directories is None:
        looking.save()
    return _so_far(looking, complete=True)


def look(*, patience_s: float = PATIENCE_S) -> Library:
    """Look through the stores, and read headers only of files whose names do not tell the kind.

    What the index knows of the other files still holds where they have not changed.
    """
    looking = _refreshing(None, headers=False, patience_s=patience_s)
    looking.run(_nothing)
    looking.save()
    return _so_far(looking, complete=True)


def called(path: Path) -> str:
    """Return what to call the model at a path: its file's name, of a blob what its store calls it.

    Only what the index knows is asked; a blob that it does not know is called as it is.
    """
    if is_gguf(path.name):
        return path.stem
    model = known().at(path)
    return model.short if model else path.stem


def scan(directories: Iterable[Store] | None = None) -> Iterator[ModelFile]:
    """Yield the models of the given stores, or of all, in order of store and name."""
    yield from refresh(directories=directories).models


def _refreshing(
    directories: Iterable[Store] | None, *, headers: bool, patience_s: float
) -> Refresh:
    places = stores() if directories is None else tuple(directories)
    return Refresh(places, index.load(places), headers=headers, patience_s=patience_s)


def _so_far(looking: Refresh, *, complete: bool = False) -> Library:
    return Library(
        files=_models(looking.stores, looking.found(), looking.facts),
        stores=tuple(looking.stores),
        problems=looking.problems(),
        unread=len(looking.unread),
        complete=complete,
        unanswered=frozenset(looking.unanswered),
    )


def _models(
    places: Sequence[Store],
    found: Mapping[Path, Sequence[Found]],
    facts: Mapping[Path, Facts],
) -> tuple[ModelFile, ...]:
    ordered = (file for store in places for file in sorted(found[store.directory], key=_order))
    return assembled(ordered, facts)


def _order(file: Found) -> tuple[bool, int, str]:
    """Order files by name, of a store's own labels the plainest first: ``qwen3:8b``."""
    return (file.tagged, file.name.count("/") if file.tagged else 0, file.name)


def _nothing() -> None:
    """Tell nobody."""
