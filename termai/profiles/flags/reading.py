"""A command line of llama-server as option values; what no option holds is passed on or listed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from termai.profiles.flags.facts import (
    GATHERED,
    NEED_NO_WORD,
    REFUSED,
    SHORT,
    TWO_VALUES,
    VALUELESS,
)
from termai.profiles.flags.meaning import (
    Meaning,
    contrary,
    flag_of_env,
    is_off_form,
    meaning,
    spelt,
)
from termai.profiles.flags.texts import NotHeldError, RefusedTextError, is_on, scaled, values_of
from termai.profiles.foreign.base import Left
from termai.profiles.kept import HIDDEN, hides, holds_secret, is_secret_flag, masked_words
from termai.profiles.reading import SECRET_FLAGS
from termai.profiles.values import LINE_LIMIT
from termai.text import one_line

SHOWN = 60  # characters of a value that a report shows
WORDS_LIMIT = 4096
_Said = TypeVar("_Said", Left, str)
_FLAG_NAME = re.compile(r"-+[\w.-]*")
_NUMBER = re.compile(r"-?\.?[0-9]")
_ELSEWHERE = "Give it to the server in a file that only you can read"
_KEY_IN_IT = "a key is in it, which everybody could read"
_ADDED_UP = frozenset({"lora", "override_kv", "override_tensor"})
_HUB_FILE = frozenset({"-hff", "--hf-file"})


@dataclass(frozen=True, slots=True)
class Read:
    """What a command line says.

    values: checked, by option key. args: words that no option stands for and llama-server is
    given as they are. left: what a profile cannot say. notes: sentences a user should read.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    notes: tuple[str, ...] = ()


def read(words: Sequence[str], takes: Mapping[str, bool] | None = None) -> Read:
    """Return what the words behind ``llama-server`` say; nothing in them raises.

    takes: of flags that termai does not know, whether a value follows; of others a value
    follows unless the next word looks like a flag. A value that its option refuses is left.
    """
    reader = _Reader(list(words[:WORDS_LIMIT]), takes or {})
    while reader.position < len(reader.words):
        reader.step()
    reader.name_the_hub_file()
    if len(words) > WORDS_LIMIT:
        reader.leave("…", "", f"more than {WORDS_LIMIT} words are not read")
    left, notes = _once(reader.left), _once(reader.notes)
    return Read(reader.values, tuple(reader.args), left, notes)


def read_env(env: Mapping[str, str]) -> tuple[Read, dict[str, str]]:
    """Return what the variables of llama-server say as options, and all other variables."""
    words: list[str] = []
    rest: dict[str, str] = {}
    for name, value in env.items():
        flag = flag_of_env(name)
        if flag is None:
            rest[name] = value
        else:
            words += words_of(flag, value)
    return read(words), rest


def grouped(words: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return words as flags with the values behind each, as ``read`` would take them."""
    groups: list[tuple[str, ...]] = []
    position = 0
    while position < len(words):
        rest = list(words[position:])
        reader = _Reader(list(rest), {})
        reader.step()
        used = max(1, reader.position - (len(reader.words) - len(rest)))  # FLAG=VALUE is one word
        groups.append(tuple(rest[:used]))
        position += used
    return tuple(groups)


def known(flag: str) -> bool:
    """Tell whether termai knows a flag, as an option or otherwise."""
    listed = (VALUELESS, REFUSED, NEED_NO_WORD, SECRET_FLAGS, SHORT)
    return meaning(flag) is not None or any(flag in flags for flags in listed)


def shown_flag(word: str) -> str:
    """Return what a list calls a flag: its name, without anything that stands behind it."""
    name = _FLAG_NAME.match(word)
    return HIDDEN if name is None or holds_secret(name[0]) else one_line(name[0], SHOWN)


def _once(said: Sequence[_Said]) -> tuple[_Said, ...]:
    """Return what is said, each thing once, in order."""
    return tuple(dict.fromkeys(said))


def words_of(flag: str, text: str) -> tuple[str, ...]:
    """Return the words that say what a preset file or a variable says by ``flag = text``.

    A switch is on for any text but "off", "disabled", "false" and "0".
    """
    found = meaning(flag)
    if found.takes if found else flag not in VALUELESS:
        return flag, text
    on = is_on(text)
    if on or (on is None and not is_off_form(flag)):
        return (flag,)
    opposite = contrary(flag)
    return (opposite,) if opposite else ()


class _Reader:
    """Goes through the words once, in order: the last word on an option counts."""

    def __init__(self, words: list[str], takes: Mapping[str, bool]) -> None:
        self.words = words
        self.takes = takes
        self.position = 0
        self.values: dict[str, Any] = {}
        self.args: list[str] = []
        self.left: list[Left] = []
        self.notes: list[str] = []
        self.hub_file = ""

    def leave(self, key: str, value: str, why: str) -> None:
        shown = HIDDEN if hides("", value) else one_line(value, SHOWN)
        name = HIDDEN if holds_secret(key) else one_line(key, SHOWN)
        self.left.append(Left(name, shown, why))

    def step(self) -> None:
        """Read one flag with its values."""
        word = self.words[self.position]
        self.position += 1
        flag = spelt(word)
        _, equals, text = word.partition("=")
        found = meaning(flag)
        if equals and found and not found.takes:
            self.switch(flag, text)
            return
        secret = not found and is_secret_flag(flag)
        if equals and (found or secret):
            self.words.insert(self.position, text)
        if secret:
            self.secret(flag)
        elif found:
            self.option(flag, found)
        elif flag in REFUSED:
            self.refuse(flag)
        elif flag in NEED_NO_WORD:
            self.leave(flag, "", NEED_NO_WORD[flag])
        elif flag.startswith("-") and len(flag) > 1:
            self.pass_on(word if "=" in word else flag)
        else:
            self.leave(word, "", "llama-server takes no word that belongs to no flag")

    def secret(self, flag: str) -> None:
        """Leave out a flag of any spelling whose value is a secret."""
        self.take(flag)
        known_as = flag if flag in SECRET_FLAGS else f"--{flag.lstrip('-').lower()}"
        fix = SECRET_FLAGS.get(known_as, _ELSEWHERE)
        self.leave(flag, HIDDEN, f"it is a secret. {fix.rstrip('.')}")

    def switch(self, flag: str, text: str) -> None:
        """Read ``FLAG=TEXT`` of a flag that no value follows: a text for off is its contrary."""
        for word in words_of(flag, text):
            stated = meaning(word)
            self.set(flag, dict(stated.values) if stated else {})

    def take(self, flag: str) -> str | None:
        """Return the next word, the value of a flag; None and a mention when there is none."""
        if self.position == len(self.words):
            self.leave(flag, "", "a value is missing behind it")
            return None
        self.position += 1
        return self.words[self.position - 1]

    def option(self, flag: str, found: Meaning) -> None:
        if not found.takes or (found.values and not self.has_value(flag, found)):
            self.set(flag, dict(found.values))
            return
        text = self.take(flag)
        if text is None:
            return
        if hides("", text, prose=True):
            self.leave(flag, HIDDEN, _KEY_IN_IT)
            return
        if flag in _HUB_FILE:
            self.hub_file = text
            return
        try:
            self.set(flag, dict(values_of(flag, found.option, self.completed(flag, text))))
        except NotHeldError as error:
            self.args += (flag, text)
            self.notes.append(f"{flag} {one_line(text, SHOWN)} is passed on as it is: {error}.")
        except RefusedTextError as error:
            self.leave(flag, text, str(error))

    def has_value(self, flag: str, found: Meaning) -> bool:
        """Tell whether the word behind a flag whose value may be left out is that value."""
        if self.position == len(self.words):
            return False
        try:
            values_of(flag, found.option, self.words[self.position])
        except RefusedTextError:
            return not self.words[self.position].startswith("-")
        return True

    def completed(self, flag: str, text: str) -> str:
        """Return a value with the second word that older builds have behind ``--lora-scaled``."""
        if flag != "--lora-scaled" or scaled(text) or self.position == len(self.words):
            return text
        if scaled(f"x:{self.words[self.position]}") is None:
            return text
        self.position += 1
        return f"{text}:{self.words[self.position - 1]}"

    def set(self, flag: str, found: dict[str, Any]) -> None:
        for key, value in found.items():
            before = self.values.get(key)
            if key in _ADDED_UP and before is not None:
                value = (*before, *value)
            elif before not in (None, value):
                self.notes.append(f"{flag} stands there more than once; the last one counts.")
            self.values[key] = value

    def refuse(self, flag: str) -> None:
        count, why = REFUSED[flag]
        given = self.words[self.position : self.position + count]
        self.position += len(given)
        self.leave(flag, " ".join(given), why)

    def pass_on(self, flag: str) -> None:
        """Keep a flag that no option stands for, in front of the flags that follow it."""
        given = self.values_behind(flag)
        if any(len(text) > LINE_LIMIT * 8 for text in (flag, *given)):
            self.leave(flag, "", "it is too long to keep")
            return
        if HIDDEN in masked_words((flag, *given)):
            self.leave(shown_flag(flag), HIDDEN, _KEY_IN_IT)
            return
        if flag not in GATHERED and flag in self.args:
            self.notes.append(f"{flag} stands there more than once; the last one counts.")
            if self.args[-len(given) - 1 :] == [flag, *given]:
                return
        self.args += (flag, *given)
        shown = one_line(" ".join((flag, *given)), SHOWN)
        self.notes.append(f"{shown} is passed on as it is: no option of termai stands for it.")

    def values_behind(self, flag: str) -> list[str]:
        count = self.count_of(flag)
        given = self.words[self.position : self.position + count]
        self.position += len(given)
        return given

    def count_of(self, flag: str) -> int:
        if flag in TWO_VALUES:
            return 2
        if flag in self.takes:
            return int(self.takes[flag])
        if flag in VALUELESS or "=" in flag or self.position == len(self.words):
            return 0
        following = self.words[self.position]
        return int(not following.startswith("-") or bool(_NUMBER.match(following)))

    def name_the_hub_file(self) -> None:
        """Put ``--hf-file`` behind the repository that ``--hf-repo`` named."""
        if not self.hub_file:
            return
        where = str(self.values.get("path", ""))
        if where.startswith("hub:") and ".." not in self.hub_file:
            repository = where.removeprefix("hub:").partition(":")[0]
            self.values["path"] = f"{repository}/{self.hub_file}"
        else:
            self.leave("--hf-file", self.hub_file, "no --hf-repo says where the file is")
