"""models: the model files that are on this machine."""

import sys
from typing import TYPE_CHECKING

import click

from termai.cli import names, options
from termai.cli.model_text import size_text
from termai.cli.style import out, out_json, warn
from termai.errors import UsageError
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.library import Library, ModelFile
    from termai.models.removal import Removal

__all__ = ["models", "size_text"]

_SORTS = ("name", "size", "params", "quant", "context", "architecture", "where", "modified")

_sort = click.option(
    "--sort",
    type=click.Choice(_SORTS),
    help="Order by this, numbers and dates from the largest (name).",
)
_reverse = click.option("--reverse", is_flag=True, help="Turn the order round.")
_filter = click.option(
    "--filter", "wanted", default="", metavar="WORDS", help="Show what all WORDS occur in."
)
_all = click.option(
    "--all", "everything", is_flag=True, help="Show projectors and other files that go with models."
)


@click.group(invoke_without_command=True, short_help="List, inspect and remove models.")
@_sort
@_reverse
@_filter
@_all
@options.as_json
@click.pass_context
def models(
    ctx: click.Context,
    *,
    sort: str | None,
    reverse: bool,
    wanted: str,
    everything: bool,
    as_json: bool,
) -> int:
    """List the models on this machine, whichever program brought them, and look after them."""
    if ctx.invoked_subcommand is not None:
        return 0
    return _list(wanted, sort, reverse=reverse, everything=everything, as_json=as_json)


@models.command("list")
@click.argument("words", nargs=-1)
@_sort
@_reverse
@_filter
@_all
@options.as_json
def list_(
    words: tuple[str, ...],
    *,
    sort: str | None,
    reverse: bool,
    wanted: str,
    everything: bool,
    as_json: bool,
) -> int:
    """List the models on this machine, those in which all WORDS occur.

    WORDS are looked for in names, architecture, quantization, place and abilities (vision, audio,
    reasoning, tools).
    """
    chosen = " ".join((wanted, *words))
    return _list(chosen, sort, reverse=reverse, everything=everything, as_json=as_json)


@models.command()
@click.argument("name", shell_complete=names.models)
@click.option("--tensors", is_flag=True, help="Show the tensor table.")
@click.option("--template", is_flag=True, help="Show the chat template on a sample conversation.")
@click.option("--full", is_flag=True, help="Show arrays and long texts whole.")
@options.as_json
def inspect(name: str, *, tensors: bool, template: bool, full: bool, as_json: bool) -> int:
    """Show what the header of the model NAME says: every metadata key, and more if asked."""
    from termai.cli import inspecting

    model = _only(name, _library())
    return inspecting.inspect(model, tensors=tensors, template=template, full=full, as_json=as_json)


@models.command()
@click.argument("name", shell_complete=names.models)
@options.as_json
def path(name: str, *, as_json: bool) -> int:
    """Print the path of the model NAME, and nothing else."""
    from termai.models.resolve import resolve

    found = resolve(name)
    if as_json:
        out_json({"path": str(found)})
    elif sys.stdout.isatty():
        out(one_line(str(found)))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(bytes(found) + b"\n")
    return 0


@models.command()
@click.argument("name", shell_complete=names.models)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--projector", is_flag=True, help="Remove its projector, too.")
@options.as_json
def remove(name: str, *, yes: bool, projector: bool, as_json: bool) -> int:
    """Remove the files of the model NAME, after saying what goes and whose it is.

    NAME is a whole name as lists show it, or a path; a part of a name is not enough.
    """
    from termai.models import choosing, removal
    from termai.servers import in_use

    library = _library()
    planned = removal.plan(choosing.chosen(name, library), library, projector=projector)
    if not yes:
        _ask(planned, as_json=as_json)
    removal.remove(planned, in_use.files())
    if as_json:
        out_json(_removed(planned))
    else:
        whose = f" It belonged to {planned.program}." if _of_others(planned) else ""
        freed = size_text(planned.frees)
        out(f"{one_line(planned.name)} is removed; {freed} are free again.{whose}")
        for sentence in planned.stays:
            out(one_line(sentence))
    return 0


@models.command("add-dir")
@click.argument("directory")
@options.as_json
def add_dir(directory: str, *, as_json: bool) -> int:
    """Look for models in DIRECTORY, too, and in what is below it."""
    from termai import settings
    from termai.models import directories
    from termai.models.library import scan
    from termai.models.stores import stores

    added = directories.add(directory)
    here = [store for store in stores() if store.directory == added]
    count = len(list(scan(here)))
    if as_json:
        kept = list(settings.load().values.model_dirs)
        out_json({"directory": str(added), "models": count, "model_dirs": kept})
    else:
        out(f"{one_line(str(added))} is looked in from now on: {count} models.")
    return 0


@models.command("remove-dir")
@click.argument("directory")
@options.as_json
def remove_dir(directory: str, *, as_json: bool) -> int:
    """Look in DIRECTORY no more; nothing in it is touched."""
    from termai import settings
    from termai.models import directories

    removed = directories.remove(directory)
    if as_json:
        kept = list(settings.load().values.model_dirs)
        out_json({"directory": removed, "model_dirs": kept})
    else:
        out(f"{one_line(removed)} is not looked in any more; its files stay.")
    return 0


def _list(wanted: str, sort: str | None, *, reverse: bool, everything: bool, as_json: bool) -> int:
    from termai.cli.model_text import as_object, lines
    from termai.models.library import refresh
    from termai.models.order import SortKey, filtered, ordered

    library = refresh()
    found = filtered(library.files if everything else library.models, wanted)
    if sort or reverse:
        found = ordered(found, SortKey(sort or "name"), reverse=reverse)
    if as_json:
        out_json([as_object(model) for model in found])
    elif found:
        for line in lines(found):
            out(line)
    else:
        warn(f"No model has {one_line(wanted)} in what lists say of it.")
    for problem in library.problems:
        warn(one_line(problem))
    return 0


def _library() -> "Library":
    from termai.models.library import look

    return look()


def _only(name: str, library: "Library") -> "ModelFile":
    """Return the one model that a name means, which need not be usable."""
    from termai.models import resolve

    return resolve.only(name, resolve.named(name, library))


def _ask(planned: "Removal", *, as_json: bool) -> None:
    """Say what goes and ask; raises UsageError where nobody can be asked, or who says no."""
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            f"Removing {_named(planned)} frees {size_text(planned.frees)} and cannot be undone.",
            fix="Repeat the command with --yes.",
        )
    for file in planned.files:
        out(f"  {one_line(str(file.path))}  {size_text(file.size)}")
    if _of_others(planned):
        out(f"These files belong to {planned.program}, which will not have the model any more.")
    for sentence in planned.stays:
        out(one_line(sentence))
    question = f"Remove {_named(planned)} and free {size_text(planned.frees)}?"
    if not click.confirm(question):
        raise UsageError("Nothing was removed.")


def _named(planned: "Removal") -> str:
    """Return what is removed, with where it really lies if that is no directory of models."""
    where = f" in {one_line(str(planned.outside))}" if planned.outside else ""
    return f"{one_line(planned.name)}{where}"


def _of_others(planned: "Removal") -> bool:
    return planned.program not in ("", "termai")


def _removed(planned: "Removal") -> dict[str, object]:
    return {
        "name": planned.name,
        "program": planned.program or None,
        "files": [str(file.path) for file in planned.files],
        "freed": planned.frees,
        "stays": list(planned.stays),
    }
