"""A command line that runs llama-server, as found in READMEs, scripts and shell history."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from termai.errors import InvalidFileError
from termai.profiles import flags
from termai.profiles.foreign import systemd_unit
from termai.profiles.foreign.base import Exported, Format, Imported, Left, Source, Wanted
from termai.profiles.foreign.command_notes import notes_on
from termai.profiles.foreign.common import left_of_others, placed, stem
from termai.profiles.foreign.docker_words import Container, container
from termai.profiles.foreign.secrets import IN_A_PROFILE, plain, without_secrets
from termai.profiles.foreign.shell_words import Command, Word, commands
from termai.profiles.naming import name_for
from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter, Kind, option
from termai.text import one_line

_PROGRAM = re.compile(r"llama-server(?:[-_.].*)?|llama-cli|llama-main|llamafile.*")
_SHORT_PROGRAMS = frozenset({"server", "main"})
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_POWERSHELL = re.compile(r"\$env:([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?", re.DOTALL | re.IGNORECASE)
_NEEDLESS = frozenset(
    {"exec", "env", "command", "nohup", "time", "setsid", "call", "start", "sudo"}
)
_PROMPT = re.compile(r".*[$%#>]|\d+|\(.*\)")
_CLAIM = re.compile(
    r"llama-server|llama-cli|llama\s+serve\b|llama\.cpp\S*:\S*server"
    r"|(?:^|[\s/\\])(?:server|main)(?:\.exe)?\s+-"
)
_VARIABLE = "it holds a variable of the shell, which is not filled in"
_DASHES = {"\u2013": "--", "\u2014": "--", "\u2212": "-"}
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Line:
    """A command that runs llama-server.

    words: behind the program. env: set for it. before: words in front of it. box: the container
    it runs in, None for none. redirected: whether its output goes elsewhere. others: the lines of
    further such commands in the text, which are not read.
    """

    words: tuple[Word, ...]
    env: Mapping[str, Word] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    box: Container | None = None
    redirected: bool = False
    others: tuple[int, ...] = ()


def read(source: Source) -> tuple[Imported, ...]:
    """Return the profile that the first command of a text that runs llama-server describes."""
    if not systemd_unit.is_unit(source.text):
        return (imported(find(source.text, source.name), source),)
    unit = systemd_unit.parse(source.text, source.name)
    made = imported(_first(unit.commands, unit.env, source.name), source)
    profile = replace(made.profile, description=unit.description)
    return (replace(made, profile=profile, left=(*made.left, *unit.left)),)


def find(text: str, name: str) -> Line:
    """Return the first command of a text that runs llama-server.

    Raises InvalidFileError where there is none, and for a quote that does not end.
    """
    return _first(_commands(text, name), {}, name)


def _first(found: Sequence[Command], env: Mapping[str, Word], name: str) -> Line:
    """Return the first of several commands that runs llama-server; raises as ``find`` does."""
    known = dict(env)
    for index, command in enumerate(found):
        line = line_of(command, known)
        if line:
            others = [later.line for later in found[index + 1 :] if line_of(later, {})]
            return replace(line, others=tuple(others))
        known |= _set(command.words)
    if found and found[0].words[0].text.startswith("-"):
        return Line(_repaired(found[0].words), redirected=found[0].redirected)
    raise InvalidFileError(
        f"{name}: expected a command that runs llama-server, found none.",
        fix="For example: llama-server -m FILE.gguf -c 8192",
    )


def imported(line: Line, source: Source, name: str = "") -> Imported:
    """Return the profile that a command describes, paths as they are on this machine."""
    given, secrets = without_secrets({n: w.text for n, w in line.env.items()}, IN_A_PROFILE)
    env, left = _filled_in({name: line.env[name] for name in given})
    known, env = flags.read_env(env)
    read = flags.read([word.text for word in line.words])
    values = {**known.values, **read.values}
    notes = [
        *notes_on(line.words, line.before, line.others, redirected=line.redirected),
        *known.notes,
        *read.notes,
    ]
    if line.box:
        _leave_box(line.box, values, notes)
    if values.get("host", "127.0.0.1") not in _LOCAL and "api_key_file" not in values:
        notes.append(
            "It is reached from the network: set api_key_file, or termai does not start it."
        )
    values = dict(placed(values, source))
    proposed = name or str(values.get("alias") or stem(str(values.get("path", ""))))
    profile = Profile(
        name_for(proposed, "imported"),
        values=values,
        args={"llama-server": read.args + known.args} if read.args or known.args else {},
        env=env,
    )
    return Imported(profile, (*left, *secrets, *known.left, *read.left), tuple(notes))


def write(profile: Profile, wanted: Wanted) -> Exported:
    """Return a command for a POSIX shell, one flag a line."""
    profile, secrets, private = plain(profile, wanted)
    written = flags.written(profile, wanted.locate)
    before = [f"{name}={shlex.quote(value)}" for name, value in profile.env.items()]
    lines = [" ".join([*before, "llama-server"]), *flag_lines(written.words)]
    about = one_line(
        f"{profile.name}: {profile.description}" if profile.description else profile.name
    )
    text = f"# {about}\n" + " \\\n  ".join(lines) + "\n"
    left = (*written.left, *secrets, *left_of_others(profile, FORMAT.name))
    return Exported(text, left, private=private)


def flag_lines(words: Sequence[str]) -> list[str]:
    """Return words quoted for a POSIX shell, each flag with its values on a line."""
    lines: list[str] = []
    for word in words:
        quoted = shlex.quote(word)
        if not lines or (word.startswith("-") and not word[1:2].isdigit()):
            lines.append(quoted)
        else:
            lines[-1] += f" {quoted}"
    return lines


def _commands(text: str, name: str) -> list[Command]:
    """Return the commands, from the first line that may run llama-server if the text is torn."""
    plain = "\n".join("" if line.startswith("```") else line for line in text.split("\n"))
    try:
        return commands(plain, name)
    except InvalidFileError:
        begin = _CLAIM.search(plain)
        start = plain.rfind("\n", 0, begin.start()) + 1 if begin else 0
        if not start:
            raise
        return commands(plain[start:], name, plain.count("\n", 0, start) + 1)


def line_of(command: Command, env: Mapping[str, Word]) -> Line | None:
    """Return a command as one that runs llama-server, None where it does not.

    env: variables that were set before it.
    """
    words = command.words
    box = container(words)
    if box:
        behind = box.words
        at = _program(behind)
        names_server = at is not None or any("llama" in word.text for word in words)
        behind = behind if at is None else behind[at + 1 :]
        own = dict(box.env)
        return Line(_repaired(behind), own, (), box, command.redirected) if names_server else None
    at = _program(words)
    if at is None:
        return None
    own, before = {**env}, []
    for word in words[:at]:
        if found := _ASSIGNMENT.fullmatch(word.text):
            own[found[1]] = replace(word, text=found[2])
        elif word.text not in _NEEDLESS and not _PROMPT.fullmatch(word.text):
            before.append(word.text)
    behind = words[at + 1 :]
    if words[at].text == "llama" or (behind and behind[0].text == "--server"):
        behind = behind[1:]
    return Line(_repaired(behind), own, tuple(before), None, command.redirected)


def _program(words: Sequence[Word]) -> int | None:
    """Return which of the words is the program, llama.cpp's server under any of its names."""
    for index, word in enumerate(words):
        name = re.split(r"[/\\]", word.text)[-1].lower().removesuffix(".exe")
        following = words[index + 1].text if index + 1 < len(words) else ""
        if _PROGRAM.fullmatch(name):
            return index
        if name in _SHORT_PROGRAMS and following.startswith("-"):
            return index
        if name == "llama" and following in ("serve", "server"):
            return index
    return None


def _set(words: Sequence[Word]) -> dict[str, Word]:
    """Return the variables that a command of its own sets for those that follow."""
    if words[0].text.lower() in ("export", "set"):
        words = words[1:]
    if words and (found := _POWERSHELL.fullmatch(words[0].text)):
        behind = words[2] if len(words) > 2 and words[1].text == "=" else words[0]
        value = found[2] if found[2] is not None else behind.text
        return {found[1]: Word(value, behind.unresolved and behind is not words[0])}
    pairs = [(word, _ASSIGNMENT.fullmatch(word.text)) for word in words]
    if not all(pair for _, pair in pairs):
        return {}
    return {pair[1]: replace(word, text=pair[2]) for word, pair in pairs if pair}


def _filled_in(env: Mapping[str, Word]) -> tuple[dict[str, str], tuple[Left, ...]]:
    """Return the variables whose values are known, and a mention of each whose value is not."""
    plain = {name: word.text for name, word in env.items() if not word.unresolved}
    left = tuple(
        Left(f"env.{name}", one_line(word.text, _SHOWN), _VARIABLE)
        for name, word in env.items()
        if word.unresolved
    )
    return plain, left


def _repaired(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return words with the hyphens that a word processor has joined, and ``~`` for ``$HOME``."""
    return tuple(_repair(word) for word in words)


def _repair(word: Word) -> Word:
    text = word.text
    if text[:1] in _DASHES:
        dash = "-" if len(text) == 2 else _DASHES[text[0]]
        return replace(word, text=dash + text[1:])
    for home in ("$HOME/", "${HOME}/"):
        if text.startswith(home) and "$" not in text.removeprefix(home):
            return replace(word, text="~/" + text.removeprefix(home), unresolved=False)
    return word


def _leave_box(box: Container, values: dict[str, object], notes: list[str]) -> None:
    """Turn what is meant inside a container into what it is on this machine."""
    notes.append("It ran in a container; the profile runs llama-server on this machine.")
    if box.rest:
        shown = one_line(" ".join(box.rest), _SHOWN)
        notes.append(f"What the container was given is not kept: {shown}.")
    inside = values.get("port", 8080)
    if isinstance(inside, int) and inside in box.ports:
        values["port"] = box.ports[inside]
    if values.pop("host", None):
        notes.append(
            "Its --host was an address of the container; the profile listens on 127.0.0.1."
        )
    for key, value in values.items():
        if key == "lora" and isinstance(value, tuple):
            values[key] = tuple(Adapter(box.outside(a.path), a.scale) for a in value)
        elif option(key).kind is Kind.PATH:
            values[key] = box.outside(str(value))


FORMAT = Format(
    "llama-server",
    "llama-server command line",
    ".sh",
    (".sh", ".bash", ".bat", ".cmd", ".ps1", ".service"),
    lambda text: bool(_CLAIM.search(text)) or text.lstrip().startswith(("-m ", "-hf ", "--model ")),
    read,
    write,
)
