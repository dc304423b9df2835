"""Names for profiles that are made from other names: of models, of files."""

from termai.errors import InvalidFileError, NotFoundError, UsageError
from termai.profiles.store import load_profile
from termai.text import one_line


def name_for(text: str, fallback: str = "model") -> str:
    """Return a name that a profile may have (see ``profiles.names``), made of ``text``."""
    flat = one_line(text)
    kept = "".join(c if c.isalnum() or c in "._- " else "-" for c in flat)
    short = kept.lstrip(" .-")[:60].encode()[:180].decode("utf-8", "ignore")
    return short.rstrip(" .-") or fallback


def free_name(base: str) -> str:
    """Return ``base``, or with a number behind where a profile has that name already."""
    name, number = base, 1
    while is_profile(name):
        number += 1
        name = f"{base}-{number}"
    return name


def is_profile(name: str) -> bool:
    """Return whether a profile has this name, also one that does not parse."""
    try:
        load_profile(name)
    except (NotFoundError, UsageError):
        return False
    except InvalidFileError:
        return True
    return True
