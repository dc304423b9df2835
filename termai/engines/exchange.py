"""Other programs' files and pasted lines as profiles of this machine, and profiles as theirs."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from termai.engines import device_names, found_here
from termai.engines.choose import choose
from termai.engines.scripts import SHELL, SYSTEMD, shell_script, unit_name
from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError, UsageError
from termai.files import read_text, write_atomic
from termai.models.resolve import resolve
from termai.profiles import foreign
from termai.profiles.foreign.base import Exported, Format, Imported, Source, Wanted
from termai.profiles.names import check_name
from termai.profiles.naming import free_name
from termai.profiles.profile import Profile
from termai.profiles.schema import nearest
from termai.profiles.store import load_profile, save_profile
from termai.text import one_line

_BYTES = 4 << 20  # of a file that is imported: more than ``TEXT_LIMIT`` characters take

IMPORTS: tuple[Format, ...] = tuple(one for one in foreign.formats() if one.read)
"""What can be imported, in the order in which a text is offered to it."""

EXPORTS: tuple[Format, ...] = (*(f for f in foreign.formats() if f.write), SHELL, SYSTEMD)
"""What a profile can be exported to."""


def read(
    what: Path | Source,
    *,
    format: str = "",  # noqa: A002
    as_name: str = "",
    free: Callable[[str], str] = free_name,
) -> tuple[Imported, ...]:
    """Return the profiles in a file or a pasted text, not saved, as they would be here.

    Model references that are no file here are looked for by file name in the library, and the
    notes say so. format: empty to find it out. as_name: the name to have instead of a proposed
    one. free: turns a proposal into a name that no profile has. Runs and writes nothing. Raises
    NotFoundError, InvalidFileError naming file, key and what was expected, and UsageError.
    """
    source = what if isinstance(what, Source) else _source(what)
    found = foreign.read(source, format)
    if as_name and len(found) > 1:
        names = ", ".join(one_line(one.profile.name) for one in found[:5])
        raise UsageError(
            f"{source.name} holds {len(found)} profiles ({names}), which cannot all be called "
            f"{one_line(as_name, 60)}.",
            fix="Leave the name out.",
        )
    looking = found_here.Looking(source.path)
    imported = []
    taken: set[str] = set()
    for one in found:
        name = check_name(as_name) if as_name else _free(one.profile.name, free, taken)
        taken.add(name)
        imported.append(looking.placed(_renamed(one, name)))
    return tuple(imported)


def save(imported: Imported, name: str = "") -> Profile:
    """Save an imported profile under its own name or another, and return it as saved.

    Raises UsageError when there is a profile of that name, StorageError.
    """
    profile = replace(
        imported.profile, name=name or imported.profile.name, path=None, shipped=False
    )
    save_profile(replace(profile, revision=""), reason="imported")
    return load_profile(profile.name)


def write(profile: Profile, format: str, *, with_secrets: bool = False) -> Exported:  # noqa: A002
    """Return a profile as another program's file, models named by where they are here.

    with_secrets: whether passwords and keys among what the profile keeps are written too.
    GPUs are named as llama.cpp does where it is here to tell.
    Raises UsageError for a format that cannot be written or hold the profile, and for "shell"
    and "systemd" whatever a start of the profile would raise.
    """
    found = export_named(format)
    writer = found.write or shell_script  # EXPORTS has none without one
    return writer(_placed(profile), Wanted(locate=locate, with_secrets=with_secrets))


def _placed(profile: Profile) -> Profile:
    """Return a profile with llama.cpp's names of GPUs, which other programs need."""
    if not device_names.by_people(profile):
        return profile
    try:
        return device_names.placed(profile, choose(profile.engine)[1])
    except TermaiError:
        return profile


def export_named(name: str) -> Format:
    """Return the format to export to; raises UsageError that names the known ones."""
    found = next((one for one in EXPORTS if one.name == name), None)
    if found is None:
        names = [one.name for one in EXPORTS]
        raise UsageError(
            f"A profile cannot be exported to {one_line(name, 60)!r}.{nearest(name, names)}",
            fix=f"The formats are: {', '.join(names)}.",
        )
    return found


def file_name(profile: Profile, format: str) -> str:  # noqa: A002
    """Return a name for the file that a profile is exported to."""
    if format == SYSTEMD.name:
        return unit_name(profile)
    suffix = export_named(format).suffix
    return f"run-{profile.name}{suffix}" if format == SHELL.name else f"{profile.name}{suffix}"


def save_export(exported: Exported, path: Path, *, overwrite: bool = False) -> Path:
    """Write an export and return its path: 0600 where it holds a secret, scripts executable.

    Raises UsageError when the file is there and is not to be overwritten, or is a directory, and
    StorageError when it cannot be written.
    """
    if os.path.isdir(path):  # noqa: PTH112  Path's own raise below a closed directory
        raise UsageError(f"{path} is a directory.", fix="Name a file in it.")
    if os.path.lexists(path) and not overwrite:
        raise UsageError(f"{path} is there already.", fix="Take another name, or overwrite it.")
    if not os.path.isdir(path.parent):  # noqa: PTH112
        raise StorageError(f"{path.parent} is no directory.", fix="Make it, then try again.")
    write_atomic(path, exported.text, mode=_mode(exported))
    return path


def locate(reference: str) -> str:
    """Return the path of the model that a reference names, the reference where it names none."""
    try:
        return str(resolve(reference))
    except TermaiError:
        return reference


def _source(path: Path) -> Source:
    if os.path.isdir(path):  # noqa: PTH112
        raise UsageError(f"{path} is a directory.", fix="Name a file in it.")
    try:
        return Source(read_text(path, limit=_BYTES), path)
    except NotFoundError as error:
        raise NotFoundError(str(error), fix="Name the file to import.") from error
    except InvalidFileError as error:
        raise InvalidFileError(error.message, fix="It cannot be imported.") from error


def _free(wanted: str, free: Callable[[str], str], taken: set[str]) -> str:
    """Return a free name that no other profile of the same file has got either."""
    name, number = free(wanted), 1
    while name in taken:
        number += 1
        name = free(f"{wanted}-{number}")
    return name


def _renamed(imported: Imported, name: str) -> Imported:
    return replace(imported, profile=replace(imported.profile, name=name))


def _mode(exported: Exported) -> int:
    mask = os.umask(0o077)  # the strictest for the moment that other threads see it
    os.umask(mask)
    usual = 0o755 if exported.text.startswith("#!") else 0o644
    return (0o700 if usual & 0o100 else 0o600) if exported.private else usual & ~mask
