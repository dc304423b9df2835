"""Profiles renamed, duplicated and removed: never over another, never without a way back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError
from termai.files import decoded
from termai.profiles import versions
from termai.profiles.loading import load_profile, read_as, text_of
from termai.profiles.names import check_name
from termai.profiles.places import alone, check_free, content_of, shipped_path, user_path
from termai.profiles.profile import Profile
from termai.profiles.saving import write
from termai.profiles.versions import Version


def rename_profile(old: str, new: str) -> Profile:
    """Give a profile of the user's own another name, with its history, and return it.

    At every moment there is one file, under the old name or the new one, with its whole history.
    A link stays one. Raises NotFoundError when the user has none of the old name,
    NameTakenError, InvalidFileError when the file does not read, StorageError.
    """
    old, new = check_name(old), check_name(new)
    source, target = user_path(old), user_path(new)
    with alone(old, new):
        data = _own(old, source)
        check_free(new)
        read_as(old, source, decoded(data, source))
        profile = read_as(new, target, decoded(data, source))
        versions.note(old, data)
        with _moved_history(old, new, data):
            source.rename(target)
    return profile


def duplicate_profile(name: str, new: str) -> Profile:
    """Save a copy of a profile, comments and all, under a new name and return it.

    Raises what ``load_profile`` raises, NameTakenError, StorageError.
    """
    text = text_of(load_profile(name))
    new, path = check_name(new), user_path(new)
    profile = read_as(new, path, text)
    with alone(new):
        check_free(new)
        write(path, None, text.encode(), versions.SAVED, over=False)
    return profile


def delete_profile(name: str) -> Version:
    """Remove a profile of the user's own and return the version with which to undo it.

    A shipped one of that name shows again. Of a link the file that it leads to stays. Raises
    NotFoundError when the user has none of that name; InvalidFileError and StorageError when
    what it holds cannot be kept, or it cannot be removed: it stays then.
    """
    name, path = check_name(name), user_path(name)
    with alone(name):
        version = versions.record(name, _to_remove(name, path), versions.REMOVED)
        try:
            path.unlink()
        except OSError as error:
            versions.drop([versions.path_of(version)])
            raise StorageError(f"{path} could not be removed: {error.strerror}.") from error
    return version


@contextmanager
def _moved_history(old: str, new: str, data: bytes) -> Iterator[None]:
    """Give ``new`` the history before it gets the file, and take it from ``old`` afterwards."""
    made = list(versions.copied(old, new))
    try:
        made.append(versions.path_of(versions.record(new, data, versions.RENAMED)))
        yield
    except OSError as error:
        versions.drop(made)
        raise StorageError(f"{user_path(old)} could not be renamed: {error.strerror}.") from error
    except TermaiError:
        versions.drop(made)
        raise
    versions.drop(versions.files(old))


def _to_remove(name: str, path: Path) -> bytes:
    try:
        return _own(name, path)
    except InvalidFileError as error:
        fix = "It could not be brought back, so it stays; remove it by hand."
        raise InvalidFileError(error.message, fix=fix) from error


def _own(name: str, path: Path) -> bytes:
    data = content_of(path)
    if data is not None:
        return data
    if os.path.lexists(path):
        raise NotFoundError(f"{path} leads to a file that is not there.", fix="Mend the link.")
    shipped = shipped_path(name).exists()
    fix = "It comes with termai and stays as it is; a copy of it is yours." if shipped else ""
    raise NotFoundError(f"You have no profile {name} of your own.", fix=fix)
