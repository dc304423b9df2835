"""Profiles as TOML: from a parsed document, with every mistake named, and back to keys."""

import re
from collections.abc import Iterator
from typing import Any

from termai.errors import InvalidFileError
from termai.profiles.profile import Profile
from termai.profiles.schema import (
    AUTO,
    ENGINES,
    OPTIONS,
    SECTIONS,
    Adapter,
    Option,
    nearest,
    option,
)
from termai.profiles.values import (
    ITEMS_LIMIT,
    RefusedValueError,
    check,
    is_line,
    is_prose,
)
from termai.tomlfile import Document, Key, shown

_TOP = ("schema", "description", "engine", *SECTIONS, "args", "env", "kept")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_ARGUMENT_LIMIT = 32_768
KEPT_LIMIT = 65_536
"""Characters that ``kept`` may hold of one key; a format keeps at most ``KEPT_KEYS`` of them."""
KEPT_KEYS = 512
_NOT_KEPT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_HUB = "Set HF_TOKEN in the environment that termai is started in."
SECRET_FLAGS = {
    "--api-key": "Put the key into a file and name it in api_key_file under [server].",
    "--hf-token": _HUB,
    "-hft": _HUB,
}
"""What to do instead of each flag of llama.cpp whose value is a secret."""


class _Reader:
    """Reads one document and keeps every problem instead of stopping at the first."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[InvalidFileError] = []

    def wrong(self, key: Key, expected: str, fix: str = "") -> None:
        self.problems.append(self.document.wrong(key, expected, fix))

    def unknown(self, key: Key, expected: str, known: tuple[str, ...]) -> None:
        fix = nearest(key[-1], known).strip() or f"Known here: {', '.join(known)}."
        self.wrong(key, f"unknown, expected {expected}", fix)

    def table(self, name: str) -> dict[str, Any]:
        value = self.document.data.get(name, {})
        if isinstance(value, dict):
            return value
        self.wrong((name,), f"expected a table [{name}], found {shown(value)}")
        return {}


def read_profile(name: str, document: Document, *, shipped: bool, revision: str) -> Profile:
    """Return the profile that a TOML document holds.

    Raises InvalidFileError for the first mistake, naming file, line, key and what was
    expected; ``detail`` names the other mistakes.
    """
    reader = _Reader(document)
    for key in document.data:
        if key not in _TOP:
            _unknown_at_top(reader, key)
    profile = Profile(
        name=name,
        path=document.path,
        shipped=shipped,
        description=_description(reader),
        engine=_engine(reader),
        values={key: value for section in SECTIONS for key, value in _section(reader, section)},
        args=dict(_args(reader)),
        env=dict(_env(reader)),
        kept=dict(_kept(reader)),
        revision=revision,
    )
    if reader.problems:
        first, *others = reader.problems
        raise InvalidFileError(
            first.message, fix=first.fix, detail=tuple(str(other) for other in others)
        )
    return profile


def keys_of(profile: Profile) -> dict[Key, Any]:
    """Return the TOML keys and plain values that say what the profile says, in file order."""
    keys: dict[Key, Any] = {}
    if profile.description:
        keys["description",] = profile.description
    if profile.engine != AUTO:
        keys["engine",] = profile.engine
    for section in SECTIONS:
        for declared in OPTIONS:
            if declared.section == section and profile.is_set(declared.key):
                keys[section, declared.key] = _plain(profile.values[declared.key])
    keys |= {("args", engine): list(args) for engine, args in profile.args.items()}
    keys |= {("env", name): value for name, value in profile.env.items()}
    for foreign, texts in profile.kept.items():
        keys |= {("kept", foreign, key): text for key, text in texts.items()}
    return keys


def _plain(value: Any) -> Any:
    if isinstance(value, Adapter):
        return value._asdict()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _unknown_at_top(reader: _Reader, key: str) -> None:
    declared = next((declared for declared in OPTIONS if declared.key == key), None)
    if declared:
        reader.wrong((key,), f"expected below [{declared.section}]", "Move it there.")
    else:
        reader.unknown((key,), "a table or a key of a profile", _TOP)


def _description(reader: _Reader) -> str:
    value = reader.document.data.get("description", "")
    if is_line(value):
        return str(value)
    reader.wrong(("description",), f"expected a text on one line, found {shown(value)}")
    return ""


def _engine(reader: _Reader) -> str:
    value = reader.document.data.get("engine", AUTO)
    if value in (AUTO, *ENGINES):
        return str(value)
    expected = ", ".join((AUTO, *ENGINES))
    reader.wrong(("engine",), f"expected one of {expected}, found {shown(value)}")
    return AUTO


def _section(reader: _Reader, section: str) -> Iterator[tuple[str, Any]]:
    for key, value in reader.table(section).items():
        declared = _declared(reader, section, key)
        if declared is None:
            continue
        try:
            checked = check(declared, value)
        except RefusedValueError as error:
            reader.wrong((section, key), error.expected)
        else:
            if checked is not None:
                yield key, checked


def _declared(reader: _Reader, section: str, key: str) -> Option | None:
    known = tuple(declared.key for declared in OPTIONS if declared.section == section)
    if key in known:
        return option(key)
    elsewhere = next((declared.section for declared in OPTIONS if declared.key == key), None)
    if elsewhere:
        reader.wrong((section, key), f"expected below [{elsewhere}]", "Move it there.")
    else:
        reader.unknown((section, key), f"an option of [{section}]", known)
    return None


def _args(reader: _Reader) -> Iterator[tuple[str, tuple[str, ...]]]:
    for engine, value in reader.table("args").items():
        if engine not in ENGINES:
            reader.unknown(("args", engine), "the name of an engine", ENGINES)
        elif not _are_arguments(value):
            reader.wrong(("args", engine), f"expected a list of texts, found {shown(value)}")
        elif secret := _secret(value):
            reader.wrong(
                ("args", engine),
                f"expected no {secret}: everybody on this machine can read a program's arguments",
                SECRET_FLAGS[secret],
            )
        elif value:
            yield engine, tuple(value)


def _are_arguments(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= ITEMS_LIMIT
        and all(is_prose(item, _ARGUMENT_LIMIT) for item in value)
    )


def _secret(arguments: list[str]) -> str:
    """Return the first flag that carries a key, spelt with ``-`` as llama.cpp reads it."""
    return next((flag for flag in map(flag_of, arguments) if flag in SECRET_FLAGS), "")


def flag_of(argument: str) -> str:
    """Return the flag in an argument of llama.cpp, which reads ``_`` as ``-`` in its name."""
    return argument.partition("=")[0].replace("_", "-")


def _env(reader: _Reader) -> Iterator[tuple[str, str]]:
    for name, value in reader.table("env").items():
        if not _ENV_NAME.fullmatch(name):
            reader.wrong(("env", name), "expected the name of an environment variable")
        elif not is_prose(value, _ARGUMENT_LIMIT):
            reader.wrong(("env", name), f"expected a text in quotes, found {shown(value)}")
        else:
            yield name, value


def can_keep(text: Any) -> bool:
    """Tell whether ``Profile.kept`` can hold a text: of any line ends, at most ``KEPT_LIMIT`` long.

    What JSON allows in a file comes back to the byte; control characters that it forbids do not.
    """
    return isinstance(text, str) and len(text) <= KEPT_LIMIT and not _NOT_KEPT.search(text)


def _kept(reader: _Reader) -> Iterator[tuple[str, dict[str, str]]]:
    for name, table in reader.table("kept").items():
        if not isinstance(table, dict) or len(table) > KEPT_KEYS:
            expected = f"expected a table of at most {KEPT_KEYS} texts, found {shown(table)}"
            reader.wrong(("kept", name), expected)
            continue
        for key, text in table.items():
            if not can_keep(text):
                reader.wrong(("kept", name, key), f"expected a text, found {shown(text)}")
        if table:
            yield name, table
