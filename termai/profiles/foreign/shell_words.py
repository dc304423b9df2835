"""Shell text as commands of words, without a shell: quoted and continued, nothing expanded or run.

POSIX rules (IEEE 1003.1, 2.2 and 2.3), and those of Windows' cmd and PowerShell where the text
looks like theirs.
"""

import re
from dataclasses import dataclass, field

from termai.errors import InvalidFileError

_WINDOWS = re.compile(
    r"\^[ \t]*\n|\.exe\b|(?:^|[\s\"=])[A-Za-z]:\\|(?:^|\s)\.{1,2}\\", re.IGNORECASE
)
_UNRESOLVED = re.compile(r"\$(?:[A-Za-z_{(0-9@*?!]|$)")
_REDIRECTION = re.compile(r"&?[<>]+&?-?")
_VARIABLE = re.compile(r"%\w+%")
_END_OF_LINE = re.compile(r"\n")
_BLANK_END = re.compile(r"[ \t]*\n")
_SPECIAL_IN_DOUBLE = '$`"\\\n'


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command.

    text: without quotes. unresolved: whether a shell would put something else in for a part of
    it, a variable or a command's output. bare: whether nothing in it was quoted.
    """

    text: str
    unresolved: bool = False
    bare: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """The words of one simple command, without redirections.

    line: where it begins, from 1. redirected: whether its output or input was.
    """

    words: tuple[Word, ...]
    line: int
    redirected: bool = False


def commands(text: str, name: str, first_line: int = 1) -> list[Command]:
    """Return the commands of a text; raises InvalidFileError with the line of an open quote.

    name: how messages call the text. first_line: the number of its first line.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    splitter = _Splitter(plain, name, first_line, windows=_is_of_windows(plain))
    while splitter.at < len(plain):
        splitter.step()
    splitter.end_command()
    return splitter.found


def _is_of_windows(text: str) -> bool:
    """Tell whether a text is of Windows' shells, which a ``#`` or ``\\`` at the end denies."""
    return not text.startswith("#") and "\\\n" not in text and bool(_WINDOWS.search(text))


@dataclass(slots=True)
class _Splitter:
    """Goes through the text once, a character or a quoted stretch at a time."""

    text: str
    name: str
    line: int
    windows: bool
    at: int = 0
    found: list[Command] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    start: int = 0
    word: list[str] = field(default_factory=list)
    begun: bool = False
    unresolved: bool = False
    bare: bool = True
    skipping: bool = False
    redirected: bool = False

    def step(self) -> None:
        character = self.text[self.at]
        if character in " \t\n":
            self.blank(character)
        elif self.continues():
            self.at = self.text.index("\n", self.at) + 1
            self.line += 1
        elif character == '"' or (character == "'" and not self.windows):
            self.quote(character)
        elif character == ("^" if self.windows else "\\"):
            self.add(self.text[self.at + 1 : self.at + 2], bare=False)
            self.at += 2
        elif character == "#" and not self.begun:
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        elif character in ";&|()<>":
            self.operator(character)
        else:
            self.plain(character)

    def plain(self, character: str) -> None:
        if character == "`" or (character == "%" and self.is_variable()):
            self.unresolved = True
        elif character == "$" and _UNRESOLVED.match(self.text, self.at):
            self.unresolved = True
            if self.text[self.at + 1 : self.at + 2] == "(":
                self.add(self.substitution())
                return
        self.add(character)
        self.at += 1

    def substitution(self) -> str:
        """Pass over ``$(…)`` and return it as it stands: its words are not ours."""
        depth, begin = 0, self.at
        while self.at < len(self.text) and self.text[self.at] != "\n":
            depth += {"(": 1, ")": -1}.get(self.text[self.at], 0)
            self.at += 1
            if not depth and self.text[self.at - 1] == ")":
                break
        return self.text[begin : self.at]

    def is_variable(self) -> bool:
        return self.windows and bool(_VARIABLE.match(self.text, self.at))

    def continues(self) -> bool:
        """Tell whether a line goes on after its end: by ``\\``, ``^`` or PowerShell's backtick."""
        marks = "^`\\" if self.windows else "\\`"
        if self.text[self.at] not in marks:
            return False
        end = _BLANK_END if self.text[self.at] == "^" else _END_OF_LINE
        return bool(end.match(self.text, self.at + 1))

    def blank(self, character: str) -> None:
        self.end_word()
        self.at += 1
        if character == "\n":
            self.end_command()
            self.line += 1

    def operator(self, character: str) -> None:
        """End the command at a separator, or leave out a redirection with its target."""
        redirection = _REDIRECTION.match(self.text, self.at)
        if redirection is None:
            self.end_word()
            self.end_command()
            self.at += 1
            return
        if self.bare and "".join(self.word).isdigit():
            self.word, self.begun = [], False
        self.end_word()
        self.redirected = self.skipping = True
        self.at = redirection.end()

    def quote(self, mark: str) -> None:
        begin = self.line
        self.add("", bare=False)
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != mark:
            self.quoted(mark)
        if self.at == len(self.text):
            raise InvalidFileError(
                f"{self.name}, line {begin}: expected the quote {mark} that begins here to end.",
                fix="Copy the whole command, or put the missing quote in.",
            )
        self.at += 1

    def quoted(self, mark: str) -> None:
        character = self.text[self.at]
        following = self.text[self.at + 1 : self.at + 2]
        if character == "\n":
            self.line += 1
        if mark == '"' and character == "\\" and self.escapes(following):
            self.add("" if following == "\n" else following, bare=False)
            self.line += following == "\n"
            self.at += 2
            return
        variable = character == "`" or _UNRESOLVED.match(self.text, self.at)
        if mark == '"' and variable and not self.windows:
            self.unresolved = True
        self.add(character, bare=False)
        self.at += 1

    def escapes(self, following: str) -> bool:
        return bool(following) and following in ('"' if self.windows else _SPECIAL_IN_DOUBLE)

    def add(self, text: str, *, bare: bool = True) -> None:
        if not self.begun and not self.words:
            self.start = self.line
        self.begun = True
        self.bare = self.bare and bare
        self.word.append(text)

    def end_word(self) -> None:
        if self.begun and not self.skipping:
            self.words.append(Word("".join(self.word), self.unresolved, self.bare))
        if self.begun:
            self.skipping = False
        self.word, self.begun, self.unresolved, self.bare = [], False, False, True

    def end_command(self) -> None:
        self.end_word()
        if self.words:
            self.found.append(Command(tuple(self.words), self.start, self.redirected))
        self.words, self.redirected, self.skipping = [], False, False
