"""llama-swap's configuration: YAML with one command line a model (its config.example.yaml)."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace

from termai.errors import InvalidFileError
from termai.profiles import flags
from termai.profiles.foreign import yaml_tree
from termai.profiles.foreign.base import Exported, Format, Imported, Left, Source, Wanted
from termai.profiles.foreign.command_line import imported, line_of
from termai.profiles.foreign.common import KEPT_WHY, left_of_others
from termai.profiles.foreign.macros import filled, filled_in, macros_of
from termai.profiles.foreign.secrets import NOT_ASKED_FOR, plain
from termai.profiles.foreign.shell_words import Command, Word
from termai.profiles.foreign.yaml_tree import Node, Scalar, quoted
from termai.profiles.kept import HIDDEN, hides
from termai.profiles.naming import name_for
from termai.profiles.profile import Profile
from termai.profiles.reading import can_keep
from termai.text import one_line

NAME = "llama-swap"
_PORT = "${PORT}"
_UNFILLED = re.compile(r"\$\{[^}]*\}")
_READ = frozenset({"cmd", "env", "macros", "name", "description", "ttl"})
_OWN_PORT = "llama-swap chooses the port"
_OF_SWAP = "it is about llama-swap itself, not about one model"
_LINES = "llama-swap reads its command line by line"
_MACRO = "llama-swap would take a part of it for a macro"
_DAY_S = 31_536_000  # the most seconds of sleep_idle_seconds
_MODELS_LIMIT = 256


def read(source: Source) -> tuple[Imported, ...]:
    """Return a profile for each model that llama-server runs; the others are named in notes."""
    root = yaml_tree.parse(source.text, source.name)
    config = yaml_tree.table(root, "the file", source.name)
    models = yaml_tree.table(config.get("models"), "models", source.name)
    if len(models) > _MODELS_LIMIT:
        raise InvalidFileError(f"{source.name}: models: expected at most {_MODELS_LIMIT}.")
    shared = macros_of(config.get("macros"), "macros", source.name)
    found: list[Imported] = []
    others: list[Left] = []
    for model_id, node in models.items():
        one = _model(model_id, node, shared, source)
        if one is None:
            others.append(Left(f"models.{model_id}", "", "it is not run by llama-server"))
        else:
            found.append(one)
    if not found:
        raise InvalidFileError(
            f"{source.name}: models: expected a model whose cmd runs llama-server, found none."
        )
    about = (*others, *_about_swap(config))
    return (replace(found[0], left=(*found[0].left, *about)), *found[1:])


def write(profile: Profile, wanted: Wanted) -> Exported:
    """Return a configuration with one model, called as the profile is."""
    profile, secrets, private = plain(profile, wanted)
    written = flags.written(profile, wanted.locate)
    words, left = _words(written.words)
    ttl = int(profile.values.get("sleep_idle_seconds", -1))
    pairs, not_held = _environment(profile.env)
    kept = profile.kept.get(NAME, {})
    kept_secret = [key for key, text in kept.items() if hides(key, text)]
    secret = [] if wanted.with_secrets else kept_secret
    lines = [
        "models:",
        f"  {quoted(profile.name)}:",
        *([f"    description: {quoted(profile.description)}"] if profile.description else []),
        *_command(words),
        *(["    env:", *(f"      - {quoted(pair)}" for pair in pairs)] if pairs else []),
        *([f"    ttl: {ttl}"] if ttl > 0 else []),
        *(f"    {_key(key)}: {text}" for key, text in kept.items() if key not in secret),
    ]
    left += [Left(f"kept.{NAME}.{key}", HIDDEN, NOT_ASKED_FOR) for key in secret]
    everything = (*written.left, *left, *not_held, *secrets, *left_of_others(profile, NAME))
    private = private or (wanted.with_secrets and bool(kept_secret))
    return Exported("\n".join(lines) + "\n", everything, private=private)


def _model(model_id: str, node: Node, shared: Mapping[str, str], source: Source) -> Imported | None:
    where = f"models.{model_id}"
    values = yaml_tree.table(node, where, source.name)
    macros = {
        "MODEL_ID": model_id,
        **shared,
        **macros_of(values.get("macros"), f"{where}.macros", source.name),
    }
    written = yaml_tree.text_of(values.get("cmd"), f"{where}.cmd", source.name)
    command = filled(_without_comments(written), macros)
    line = line_of(Command(_split(command, f"{where}.cmd", source.name), 1), {})
    if line is None:
        return None
    env = dict(_env(values.get("env"), macros, f"{where}.env", source.name))
    about = _text(values, "description", macros) or _text(values, "name", macros)
    made = imported(
        replace(line, words=_without_port(line.words), env={**line.env, **env}), source, model_id
    )
    kept, left = _kept(values, where, {k: v for k, v in macros.items() if k != "MODEL_ID"})
    profile = replace(
        made.profile,
        name=name_for(model_id, "imported"),
        description=one_line(about, 200),
        values={**_sleep(values.get("ttl")), **made.profile.values},
        kept={NAME: kept} if kept else {},
    )
    return Imported(profile, (*made.left, *left), made.notes)


def _split(command: str, where: str, name: str) -> tuple[Word, ...]:
    """Return the words of a command as llama-swap splits it: comments out, lines joined."""
    joined = "\n".join(
        re.sub(r"\\\s*$", " ", line) for line in _without_comments(command).split("\n")
    )
    try:
        words = shlex.split(joined, comments=False)
    except ValueError as error:
        raise InvalidFileError(
            f"{name}: {where}: expected a command with its quotes closed: {error}."
        ) from error
    return tuple(Word(word, bool(_UNFILLED.search(word.replace(_PORT, "")))) for word in words)


def _without_comments(command: str) -> str:
    lines = command.split("\n")
    return "\n".join(line for line in lines if not line.strip().startswith("#"))


def _without_port(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return words without ``--port ${PORT}``, which llama-swap fills in."""
    kept: list[Word] = []
    for word in words:
        if word.text == _PORT and kept and kept[-1].text == "--port":
            kept.pop()
        else:
            kept.append(word)
    return tuple(kept)


def _env(
    node: Node, macros: Mapping[str, str], where: str, name: str
) -> Iterator[tuple[str, Word]]:
    for item in yaml_tree.texts(node, where, name) if node is not None else ():
        variable, equals, value = filled(item.text, macros).partition("=")
        if not equals or not variable:
            shown = one_line(item.text.partition("=")[0], 40)
            raise InvalidFileError(f"{name}: {where}: expected NAME=VALUE, found {shown!r}.")
        yield variable, Word(value, bool(_UNFILLED.search(value)))


def _text(values: Mapping[str, Node], key: str, macros: Mapping[str, str]) -> str:
    node = values.get(key)
    return filled(node.text, macros) if isinstance(node, Scalar) else ""


def _sleep(node: Node) -> dict[str, int]:
    """Return llama-swap's time to unload a model after as llama-server's own."""
    seconds = node.text if isinstance(node, Scalar) else ""
    if not re.fullmatch(r"[0-9]{1,9}", seconds) or not 0 < int(seconds) <= _DAY_S:
        return {}
    return {"sleep_idle_seconds": int(seconds)}


def _kept(
    values: Mapping[str, Node], where: str, macros: Mapping[str, str]
) -> tuple[dict[str, str], list[Left]]:
    """Return what llama-swap does with a model beside running it, each as YAML on one line."""
    kept: dict[str, str] = {}
    left: list[Left] = []
    for key, node in values.items():
        if key in _READ and not (key == "ttl" and not _sleep(node)):
            continue
        text = yaml_tree.flow(filled_in(node, macros))
        shown = HIDDEN if hides(key, text) else one_line(text, 60)
        if can_keep(text) and one_line(key) == key:
            kept[key] = text
            left.append(Left(f"{where}.{key}", shown, KEPT_WHY, kept=True))
        else:
            left.append(Left(f"{where}.{key}", shown, "it is too long to keep"))
    return kept, left


def _about_swap(config: Mapping[str, Node]) -> Iterator[Left]:
    for key, node in config.items():
        if key not in ("models", "macros"):
            text = yaml_tree.flow(node)
            shown = HIDDEN if hides(key, text) else one_line(text, 60)
            yield Left(key, shown, _OF_SWAP)


def _words(words: tuple[str, ...]) -> tuple[list[str], list[Left]]:
    """Return the lines of a command, and the flags that llama-swap would read as something else."""
    lines, left = [f"llama-server --port {_PORT}"], []
    for group in flags.grouped(words):
        shown = one_line(" ".join(group[1:]), 60)
        if group[0] == "--port":
            left.append(Left("server.port", shown, _OWN_PORT))
        elif group[0] == "--sleep-idle-seconds" and int(group[1]) > 0:
            continue
        elif any("\n" in word for word in group):
            left.append(Left(group[0], shown, _LINES))
        elif any(_UNFILLED.search(word) for word in group):
            left.append(Left(group[0], shown, _MACRO))
        else:
            lines.append(" ".join(map(shlex.quote, group)))
    return lines, left


def _command(lines: list[str]) -> list[str]:
    """Return a command as a block, or in quotes where a block cannot hold a character of it."""
    if all(line.isprintable() for line in lines):
        return ["    cmd: |", *(f"      {line}" for line in lines)]
    text = "\n".join(lines)
    return [f"    cmd: {quoted(text)}"]


def _environment(env: Mapping[str, str]) -> tuple[list[str], list[Left]]:
    held = {name: value for name, value in env.items() if not _UNFILLED.search(value)}
    left = [Left(f"env.{name}", "", _MACRO) for name in env if name not in held]
    return [f"{name}={value}" for name, value in held.items()], left


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", key) else quoted(key)


def _claims(text: str) -> bool:
    models = re.search(r"^models:", text, re.MULTILINE)
    return bool(models and re.search(r"^\s+cmd:", text, re.MULTILINE))


FORMAT = Format(NAME, "llama-swap configuration", ".yaml", (".yaml", ".yml"), _claims, read, write)
