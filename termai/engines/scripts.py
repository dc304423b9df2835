"""A profile as a program of its own: a shell script, a systemd user unit.

Both hold the command line that termai would start now, with the engine and the files of this
machine; nothing of termai runs when they do, except for the embedded engine.
"""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from termai.engines.base import Launch
from termai.engines.choose import choose
from termai.engines.served import is_file, model_of
from termai.errors import UsageError
from termai.profiles.foreign.base import Exported, Format, Left, Wanted
from termai.profiles.foreign.command_line import flag_lines
from termai.profiles.foreign.common import left_of_others
from termai.profiles.foreign.secrets import plain
from termai.profiles.profile import Profile
from termai.profiles.schema import OPTIONS, VLLM, Option
from termai.profiles.values import format_value
from termai.text import one_line

_ONLY_CHAT = "termai sends it with each request; no server is started with it"
_PORT = "the command insists on its port by itself"
_PLAIN = re.compile(r"[A-Za-z0-9_./:=,@+-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_STOP_S = 30  # seconds that a server has to end before systemd kills it


@dataclass(frozen=True, slots=True)
class _Told:
    """A composed command with the environment it is given, and what is not in it."""

    launch: Launch
    env: Mapping[str, str]
    left: tuple[Left, ...]
    title: str
    private: bool


def shell_script(profile: Profile, wanted: Wanted) -> Exported:
    """Return a script for a POSIX shell that becomes the server.

    Raises what a start would: no engine, no model, an option that the engine does not have.
    """
    told = _told(profile, wanted)
    lines = [
        "#!/bin/sh",
        f"# {told.title}",
        f"# Made by termai, to run without it: {one_line(told.launch.url)}",
        "",
        *(f"unset {name}" for name in told.launch.unset_env),
        *(f"export {name}={shlex.quote(value)}" for name, value in told.env.items()),
        "exec " + " \\\n  ".join(flag_lines(told.launch.argv)),
    ]
    return Exported("\n".join(lines) + "\n", told.left, private=told.private)


def systemd_unit(profile: Profile, wanted: Wanted) -> Exported:
    """Return a unit for systemd's user manager, with how to install it in its comments.

    Quoting is that of systemd.syntax(7) and systemd.service(5), specifiers that of
    systemd.unit(5). Raises what a start would.
    """
    told = _told(profile, wanted)
    unit = unit_name(profile)
    program, *words = told.launch.argv
    lines = [
        f"# {told.title}",
        "# Made by termai, to run without it. Install it for your own account:",
        f"#   cp THIS-FILE ~/.config/systemd/user/{unit} && systemctl --user daemon-reload",
        f"#   systemctl --user enable --now {unit}",
        "# To run it while you are not logged in too: loginctl enable-linger",
        "",
        "[Unit]",
        f"Description={one_line(told.title).replace('%', '%%')}",
        "",
        "[Service]",
        "Type=exec",
        *(f"UnsetEnvironment={name}" for name in told.launch.unset_env),
        *(f"Environment={unit_word(f'{name}={value}')}" for name, value in told.env.items()),
        "ExecStart="
        + " \\\n  ".join(_unit_lines([unit_word(program), *map(argument, words)], words)),
        "Restart=on-failure",
        "RestartSec=5",
        f"TimeoutStopSec={_STOP_S}",
        "",
        "[Install]",
        "WantedBy=default.target",
    ]
    return Exported("\n".join(lines) + "\n", told.left, private=told.private)


def unit_name(profile: Profile) -> str:
    """Return the name of a profile's unit: letters, digits and ``:-_.`` only."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in ":-_.") else "-" for c in profile.name)
    return f"termai-{kept}.service"


def unit_word(text: str) -> str:
    """Return a text as one word of a unit's setting, in which ``$`` means itself."""
    doubled = text.replace("%", "%%")
    if _PLAIN.fullmatch(doubled):
        return doubled
    return '"' + "".join(_escaped(character) for character in doubled) + '"'


def argument(text: str) -> str:
    """Return a text as one argument of ExecStart, in which ``$`` begins a variable."""
    return unit_word(text.replace("$", "$$"))


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() or character == " " else _by_number(character)


def _by_number(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


def _unit_lines(quoted: list[str], words: list[str]) -> list[str]:
    """Return the words of a command, each flag with its values on a line."""
    lines = [quoted[0]]
    for text, word in zip(quoted[1:], words, strict=True):
        if word.startswith("-") and not word[1:2].isdigit():
            lines.append(text)
        else:
            lines[-1] += f" {text}"
    return lines


def _told(profile: Profile, wanted: Wanted) -> _Told:
    if not is_file(profile.engine):
        raise UsageError(
            f"{profile.name} watches a server that runs already; there is no program to start.",
            fix="Export a profile whose engine starts a server.",
        )
    model = model_of(profile)
    engine, detection = choose(profile.engine)
    port = int(profile.value("port"))
    open_ = plain(profile, wanted)
    launch = engine.compose(open_.profile, detection, model=model, port=port)
    env = {**launch.env, **open_.profile.env}
    title = _title(open_.profile)
    return _Told(launch, env, (*_left(open_.profile), *open_.left), title, private=open_.private)


def _left(profile: Profile) -> Iterable[Left]:
    for declared in OPTIONS:
        if VLLM in declared.engines and profile.engine == VLLM:
            continue
        if profile.is_set(declared.key) and not declared.flag and not declared.request:
            why = _PORT if declared.key == "port_strict" else _ONLY_CHAT
            yield _left_option(declared, profile, why)
        elif profile.is_set(declared.key) and not declared.flag:
            yield _left_option(declared, profile, _ONLY_CHAT)
    yield from left_of_others(profile, "")


def _left_option(declared: Option, profile: Profile, why: str) -> Left:
    shown = one_line(format_value(declared, profile.values[declared.key]), 60)
    return Left(f"{declared.section}.{declared.key}", shown, why)


def _title(profile: Profile) -> str:
    words = f"{profile.name}: {profile.description}" if profile.description else profile.name
    return one_line(words, 200)


SHELL = Format("shell", "shell script", ".sh", write=shell_script)
SYSTEMD = Format("systemd", "systemd user unit", ".service", write=systemd_unit)
