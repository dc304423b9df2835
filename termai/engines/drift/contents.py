"""Values in [args] that llama-server ends at: missing files, JSON, overrides it cannot read."""

import json
from pathlib import Path

from termai.engines.base import Detection
from termai.engines.drift.buffers import buffers_of
from termai.engines.drift.words import Item
from termai.profiles.overrides import csv_fields, wrong_overrides
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE
from termai.text import one_line

_FILES = frozenset(
    {"--mmproj", "-mm", "--spec-draft-model", "--model-draft", "-md", "--grammar-file"}
    | {"--json-schema-file", "-jf", "--chat-template-file", "--ui-config-file"}
    | {"--webui-config-file", "--mcp-servers-config"}
)
_TLS = frozenset({"--ssl-key-file", "--ssl-cert-file"})
"""Files that are read only where both are named."""
_LISTS = frozenset({"--lora", "--lora-scaled"})
_DIRECTORIES = frozenset({"--path", "--slot-save-path", "--media-path"})
_JSON = frozenset(
    {"--chat-template-kwargs", "--json-schema", "-j", "--ui-config", "--webui-config"}
    | {"--mcp-servers-json"}
)
_OVERRIDES = {
    "--override-kv": "override_kv",
    "--override-tensor": "override_tensor",
    "-ot": "override_tensor",
}


def wrong_value(item: Item, profile: Profile, binary: Detection) -> str:
    """Return what is wrong with a value that the program takes as such, empty for nothing.

    One sentence. Files are looked for where a server looks, in the home directory, and not opened.
    """
    if len(item.values) != 1:
        return ""
    flag, value = item.flag, item.values[0]
    if flag in _FILES or flag in _LISTS or (flag in _TLS and _both(profile)):
        missing = next((name for name in _named(flag, value) if not _at(name).exists()), "")
        return _none(flag, "file", missing) if missing else ""
    if flag in _DIRECTORIES and not _at(value).is_dir():
        return _none(flag, "directory", value)
    if flag in _JSON and (where := _no_json(value)):
        return f"{flag} needs JSON, and its value is none {where}: {NATIVE} ends at it."
    if flag in _OVERRIDES:
        wrong = next(wrong_overrides(_OVERRIDES[flag], value, buffers_of(binary, profile)), "")
        return f"An entry of {flag} {wrong}: {NATIVE} ends at it." if wrong else ""
    return ""


def is_elsewhere(value: str) -> bool:
    """Tell whether a value names a file as termai understands it, and llama-server does not."""
    return value.startswith(("~", "hub:"))


def _both(profile: Profile) -> bool:
    return _TLS.issubset(profile.args.get(NATIVE, ()))


def _named(flag: str, value: str) -> list[str]:
    """Return the files that a value names, one, or a row of CSV with scales behind colons."""
    if flag not in _LISTS:
        return [value]
    names = csv_fields(value)
    return [name.rpartition(":")[0] or name if flag == "--lora-scaled" else name for name in names]


def _at(name: str) -> Path:
    """Return where a server, which runs in the home directory, finds a file."""
    try:
        return Path.home() / name
    except RuntimeError:
        return Path(name)


def _none(flag: str, what: str, name: str) -> str:
    return (
        f"{flag} names the {what} {one_line(name, 120)!r}, which is not there: {NATIVE} ends at it."
    )


def _no_json(value: str) -> str:
    """Return where a text stops being JSON, empty where it is."""
    try:
        json.loads(value.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        return f"from its character {error.pos + 1} on"
    except (ValueError, RecursionError):
        return ""
    return ""
