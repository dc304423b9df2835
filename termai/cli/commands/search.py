"""search: find models on the hub, and see what a repository offers."""

from typing import TYPE_CHECKING

import click

from termai.cli import hub_text, options, pulling
from termai.cli.style import out, out_json, warn
from termai.errors import InvalidFileError, NotFoundError, TermaiError, UnreachableError
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.fit import Best
    from termai.models.hub import Repository, Sort


@click.command(short_help="Find models on the hub.")
@click.argument("query", nargs=-1)
@click.option(
    "--sort",
    type=click.Choice(["downloads", "likes", "trending", "updated"]),
    default="downloads",
    show_default=True,
    help="What comes first.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 500),
    default=30,
    show_default="30",
    metavar="N",
    help="How many at most, up to 500.",
)
@click.option("--author", default="", metavar="NAME", help="Only of this user or organization.")
@click.option("--no-fit", is_flag=True, help="Read no header to say what fits.")
@options.as_json
def search(
    query: tuple[str, ...],
    *,
    sort: "Sort",
    limit: int,
    author: str,
    no_fit: bool,
    as_json: bool,
) -> int:
    """Find repositories with GGUF files that match all words of QUERY.

    Where QUERY is the full name of a repository, ORG/NAME, or its address, shows its
    quantizations, with size and class, and how each fits this machine with 8k of context.
    """
    from termai.models import hub

    words = " ".join(query).strip()
    missing: NotFoundError | None = None
    if pulling.is_reference(words):
        repo, _ = pulling.parted(words)
        try:
            return _show(hub.repository(repo), fit=not no_fit, as_json=as_json)
        except NotFoundError as error:
            missing = error  # it may be a part of several names
    found = hub.search(words, sort=sort, limit=limit, author=author)
    if missing is not None and not found:
        raise missing
    if as_json:
        out_json([hub_text.found_json(one) for one in found])
    elif found:
        for line in hub_text.found_lines(found, sort):
            out(line)
    else:
        warn(f"No repository with GGUF files matches {one_line(words, 100) or 'that'}.")
    return 0


def _show(repository: "Repository", *, fit: bool, as_json: bool) -> int:
    found = _best(repository) if fit and repository.quantizations else None
    fits = {one.candidate.name: one.fit for one in found.ranked} if found else {}
    best = found.chosen.candidate.name if found and found.chosen else ""
    reason = found.reason if found else ""
    if as_json:
        out_json(hub_text.repository_json(repository, fits, best, reason))
        return 0
    if repository.quantizations:
        for line in hub_text.repository_lines(repository, fits, best):
            out(line)
        for line in ("", one_line(reason)) if reason else ():
            out(line)
    else:
        warn(f"{repository.id} has no GGUF model.")
    for problem in repository.problems:
        warn(problem)
    return 0


def _best(repository: "Repository") -> "Best":
    """Return how the quantizations fit: from the header of the middle one, else by their sizes."""
    from termai.models.fit import Candidate, best, machine, projector_of, wanted
    from termai.models.hub import remote_header

    variants = repository.quantizations
    middle = variants[len(variants) // 2]
    header = None
    try:
        header = remote_header(repository, middle)
    except (InvalidFileError, UnreachableError) as error:
        warn(f"The fit is estimated from the sizes alone: {error.message}")
    except TermaiError:
        header = None  # as of a gated repository, which says so itself
    candidates = [Candidate(v.name, v.size, header if v is middle else None) for v in variants]
    projector = projector_of(repository, middle) if header else None
    return best(candidates, wanted(), machine(), projector=projector)
