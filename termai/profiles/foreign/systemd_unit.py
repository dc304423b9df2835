"""Units of systemd that start llama-server: commands and variables as systemd itself reads them.

Lines, quotes and escapes are those of systemd.syntax(7), commands those of systemd.service(5),
``Environment=`` that of systemd.exec(5), specifiers (``%h``) those of systemd.unit(5).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from termai.errors import InvalidFileError
from termai.profiles.foreign.base import Left
from termai.profiles.foreign.keeping import shown_value
from termai.profiles.foreign.shell_words import Command, Word
from termai.text import one_line

_START = re.compile(r"^[ \t]*ExecStart[ \t]*=", re.MULTILINE)
_SETTING = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(.*?)[ \t]*", re.DOTALL)
_HEAD = re.compile(r"[ \t]*\[([^\]]*)\][ \t]*")
_PREFIX = re.compile(r"[-@:+!|]*")
_TOKEN = re.compile(
    r"(?P<blank>[ \t\n]+)|(?P<quote>[\"'])|(?P<escape>\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}"
    r"|U[0-9a-fA-F]{8}|[0-7]{3}|.))|(?P<plain>.)",
    re.DOTALL,
)
_NAMED = dict(zip("abfnrtvs\\\"'", "\a\b\f\n\r\t\v \\\"'", strict=True))
_PERCENT = re.compile(r"%(.)", re.DOTALL)
_DOLLAR = re.compile(r"\$(\$|\{[A-Za-z_][A-Za-z0-9_]*\})")
_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
_ABOUT_SYSTEMD = "it is about the unit, not about the server"
_FROM_FILE = "its variables are in another file, which is not read"
_BEFORE = "it is another program"
_SETTINGS_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Unit:
    """What a unit says.

    commands: of ExecStart, in order. env: of Environment. description: empty for none. left: the
    other settings.
    """

    commands: tuple[Command, ...] = ()
    env: dict[str, Word] = field(default_factory=dict)
    description: str = ""
    left: tuple[Left, ...] = ()


def is_unit(text: str) -> bool:
    """Tell whether a text is a unit of a service."""
    return bool(_START.search(text))


def parse(text: str, name: str) -> Unit:
    """Return what a unit says; raises InvalidFileError with the line of an open quote.

    name: how messages call the text.
    """
    unit = Unit()
    for number, section, key, value in _settings(text, name):
        where = f"{name}, line {number}"
        if key == "ExecStart":
            command = _command(value, number, where)
            unit = replace(unit, commands=(*unit.commands, command) if command else ())
        elif key == "Environment":
            unit = replace(unit, env={**unit.env, **_variables(value, where)} if value else {})
        elif (section, key) == ("Unit", "Description"):
            unit = replace(unit, description=one_line(_PERCENT.sub(_percent, value), 200))
        elif value:
            left = Left(
                one_line(f"{section}.{key}".lstrip("."), 60), shown_value(key, value), _why(key)
            )
            unit = replace(unit, left=(*unit.left, left))
    return unit


def _why(key: str) -> str:
    if key == "EnvironmentFile":
        return _FROM_FILE
    return _BEFORE if key.startswith("Exec") else _ABOUT_SYSTEMD


def _settings(text: str, name: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield line, section, key and value of each setting, those over several lines joined."""
    section, count = "", 0
    lines = iter(enumerate(re.split(r"\r\n|\n|\r", text), 1))
    for number, line in lines:
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        while line.endswith("\\"):
            _, more = next(lines, (0, ""))
            if not more.lstrip().startswith(("#", ";")):
                line = f"{line[:-1]} {more}"
        if head := _HEAD.fullmatch(line):
            section = head[1]
        elif setting := _SETTING.fullmatch(line):
            count += 1
            if count > _SETTINGS_LIMIT:
                limit = f"expected at most {_SETTINGS_LIMIT} settings"
                raise InvalidFileError(f"{name}, line {number}: {limit}.")
            yield number, section, setting[1], setting[2]


def _command(value: str, line: int, where: str) -> Command | None:
    """Return the words of a command, None for an empty one."""
    prefix = _PREFIX.match(value)
    marks = prefix[0] if prefix else ""
    words = [_argument(word, filled=":" not in marks) for word in _words(value, where)]
    if not words:
        return None
    words[0] = replace(words[0], text=words[0].text.removeprefix(marks))
    if "@" in marks:
        del words[1:2]
    end = next((i for i, word in enumerate(words) if word.text == ";" and word.bare), len(words))
    return Command(tuple(words[:end]), line)


def _argument(word: Word, *, filled: bool) -> Word:
    """Return a word with its specifiers and, where systemd fills them in, doubled ``$``."""
    word = _specified(word)
    if not filled or "$" not in word.text:
        return word
    known = word.text.replace("$$", "")
    variable = bool(_DOLLAR.search(known) or _VARIABLE.fullmatch(known))
    text = _DOLLAR.sub(lambda found: "$" if found[1] == "$" else found[0], word.text)
    return replace(word, text=text, unresolved=word.unresolved or variable)


def _specified(word: Word) -> Word:
    """Return a word with ``%%`` as ``%`` and ``%h`` as ``~``; other specifiers are unresolved."""
    found = {specifier[1] for specifier in _PERCENT.finditer(word.text)}
    text = _PERCENT.sub(_percent, word.text)
    if word.text.startswith("%h/"):
        return replace(word, text=text, unresolved=bool(found - {"%", "h"}))
    return replace(word, text=text, unresolved=bool(found - {"%"}))


def _percent(found: re.Match[str]) -> str:
    if found[1] == "%":
        return "%"
    return "~" if found[1] == "h" and not found.start() else found[0]


def _variables(value: str, where: str) -> dict[str, Word]:
    pairs = [(_specified(word), word.text.partition("=")[0]) for word in _words(value, where)]
    return {
        name: replace(word, text=word.text.partition("=")[2])
        for word, name in pairs
        if "=" in word.text and name
    }


def _words(value: str, where: str) -> list[Word]:
    """Return the words of a value, unquoted and unescaped."""
    words: list[Word] = []
    text: list[str] | None = None
    bare, mark = True, ""
    for token in _TOKEN.finditer(value):
        kind, written = token.lastgroup, token[0]
        if kind == "blank" and not mark:
            if text is not None:
                words.append(Word("".join(text), bare=bare))
            text, bare = None, True
            continue
        text = [] if text is None else text
        if kind == "quote" and written == mark:
            mark = ""
        elif kind == "quote" and not mark:
            mark, bare = written, False
        elif kind == "escape":
            bare = False
            text.append(_unescaped(written))
        else:
            text.append(written)
    if mark:
        raise InvalidFileError(f"{where}: expected the quote {mark} that begins here to end.")
    if text is not None:
        words.append(Word("".join(text), bare=bare))
    return words


def _unescaped(escape: str) -> str:
    kind, digits = escape[1], escape[2:]
    if kind in "xuU" and digits:
        number = int(digits, 16)
        return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else escape
    if kind in "01234567" and len(escape) == 4:
        return chr(int(escape[1:], 8))
    return _NAMED.get(kind, escape)
