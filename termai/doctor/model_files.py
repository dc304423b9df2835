"""Whether the models can be found: the places they lie in, and the index of them."""

from collections.abc import Callable, Iterator

from termai.environment.finding import Finding, Verdict
from termai.models import index
from termai.models.library import Library
from termai.models.stores import stores
from termai.text import one_line


def look(library: Callable[[], Library]) -> Iterator[Finding]:
    """Yield what the library found, and a warning for each place that could not be seen."""
    found = library()
    places = {model.path.parent for model in found.models}
    yield Finding(
        "models",
        Verdict.OK,
        f"{_many(len(found.models), 'model')} in {_many(len(places), 'directory')}.",
    )
    for number, problem in enumerate(found.problems):
        yield Finding(
            "model place" if not number else f"model place {number + 1}",
            Verdict.WARNING,
            f"{one_line(problem, 300).rstrip('.')}.",
            "Mend the directory or its disk, or take it out of model_dirs in config.toml.",
        )
    yield from _index()


def _index() -> Iterator[Finding]:
    """Yield a warning where the index is broken even after the look that writes it anew."""
    known = index.load(stores())
    if known.raw and not known.found and not known.stale:
        yield Finding(
            "model index",
            Verdict.WARNING,
            "The index of models is damaged and could not be written again: every look at the "
            "models reads all of them.",
            "Free space on its disk, or mend its permissions.",
            path=str(index.path()),
        )


def _many(count: int, what: str) -> str:
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count} {what if count == 1 else plural}"
