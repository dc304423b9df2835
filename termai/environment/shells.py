"""The user's shell: which one it is, which file it reads at its start, the line for its PATH."""

import os
import pwd
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from termai.environment import programs
from termai.environment.reading import is_there
from termai.environment.remedy import Remedy
from termai.text import one_line

_SHELLS = ("bash", "zsh", "fish", "sh", "dash", "ash", "ksh", "tcsh", "csh", "nu", "elvish")
_LARGEST = 256 << 10


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell; ``login`` tells whether it was started by logging in, which decides its files."""

    name: str
    login: bool


def current(chain: Sequence[Sequence[str]] | None = None) -> Shell:
    """Return the shell in which termai was started, else the user's own.

    ``chain`` holds the command lines of the processes above this one, the nearest first. Shells
    that run a script or a command are passed over: nobody types into them.
    """
    for words in _chain() if chain is None else chain:
        shell = _interactive(words)
        if shell:
            return shell
    remote = "SSH_CONNECTION" in os.environ or sys.platform == "darwin"
    return Shell(Path(os.environ.get("SHELL") or _of_account()).name, login=remote)


def start_file(shell: Shell, home: Path | None = None) -> Path | None:
    """Return the file in which a shell's PATH is set, which may not exist; None when unknown.

    bash(1) reads the first of three files at a login and ~/.bashrc otherwise; zsh(1) reads
    .zshrc in ZDOTDIR, fish(1) its config.fish.
    """
    home = home or programs.home()
    match shell.name:
        case "bash":
            return _of_bash(shell, home)
        case "zsh":
            return Path(os.environ.get("ZDOTDIR") or home) / ".zshrc"
        case "fish":
            config = os.environ.get("XDG_CONFIG_HOME") or home / ".config"
            return Path(config) / "fish/config.fish"
        case "sh" | "dash" | "ash" | "ksh":
            return home / ".profile"
        case "tcsh" | "csh":
            return home / f".{shell.name}rc"
    return None


def line(shell: Shell, directories: Sequence[Path], *, last: bool = False) -> str:
    """Return the line that puts directories on PATH, before what is there or after it."""
    if shell.name == "fish":
        flag = " --append" if last else ""
        return f"fish_add_path --path{flag} {' '.join(_for_fish(d) for d in directories)}"
    if shell.name in {"csh", "tcsh"}:
        added = ":".join(shlex.quote(str(directory)) for directory in directories)
        return "setenv PATH " + (f'"$PATH":{added}' if last else f'{added}:"$PATH"')
    added = ":".join(_quoted(directory) for directory in directories)
    return f'export PATH="{f"$PATH:{added}" if last else f"{added}:$PATH"}"'


def add_to_path(
    *directories: Path, last: bool = False, shell: Shell | None = None, home: Path | None = None
) -> Remedy:
    """Return how to put directories on PATH for good: the line, and the file that it goes into."""
    shell = shell or current()
    file = start_file(shell, home)
    if file is None:
        names = ", ".join(one_line(str(directory), 80) for directory in directories)
        return Remedy(f"Put {names} on PATH in the start file of {shell.name or 'your shell'}.")
    text = line(shell, directories, last=last)
    again = "log in again" if shell.login else "open a new shell"
    if has_line(file, text):
        return Remedy(f"{short(file, home)} puts it on PATH already: {again}.")
    where = shlex.quote(str(file))
    command = f"printf '\\n%s\\n' {shlex.quote(text)} >> {where}"
    if not is_there(file.parent):
        command = f"mkdir -p {shlex.quote(str(file.parent))} && {command}"
    return Remedy(f"Add to {short(file, home)}: {text} (then {again}).", command)


def has_line(file: Path, text: str) -> bool:
    """Return whether a start file has a line that is this one."""
    return text in (one.strip() for one in read(file).splitlines())


def short(path: Path, home: Path | None = None) -> str:
    """Return a path fit to show, with ``~`` for the home directory."""
    home = home or programs.home()
    inside = path.is_relative_to(home) and home != Path("/")
    return one_line(f"~/{path.relative_to(home)}" if inside else str(path), 80)


def read(file: Path) -> str:
    """Return the text of a start file, bounded; empty when it cannot be read."""
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_LARGEST)
    except OSError:
        return ""


def _of_bash(shell: Shell, home: Path) -> Path:
    names = (".bash_profile", ".bash_login", ".profile")
    login = next((home / name for name in names if is_there(home / name)), None)
    if login and re.search(r"^[^#\n]*\bbashrc\b", read(login), re.MULTILINE):
        return home / ".bashrc"
    if not shell.login:
        return home / ".bashrc"
    return login or home / (".bash_profile" if sys.platform == "darwin" else ".profile")


def _interactive(words: Sequence[str]) -> Shell | None:
    if not words:
        return None
    name = Path(words[0].removeprefix("-")).name
    flags = [word for word in words[1:] if word.startswith("-")]
    script = len(flags) < len(words) - 1
    command = any(re.fullmatch(r"-[a-z]*c[a-z]*", flag) for flag in flags)
    if name not in _SHELLS or script or command:
        return None
    asked = any(re.fullmatch(r"--login|-[a-z]*l[a-z]*", flag) for flag in flags)
    return Shell(name, login=words[0].startswith("-") or asked)


def _chain() -> Iterator[Sequence[str]]:
    import psutil

    try:
        for process in psutil.Process().parents():
            yield process.cmdline()
    except psutil.Error:
        return


def _of_account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_shell
    except KeyError:
        return "sh"


def _quoted(directory: Path) -> str:
    """Return a directory for use between double quotes, with $HOME for the home directory."""
    home = programs.home()
    inside = directory.is_relative_to(home) and home != Path("/")
    text = re.sub(r'([\\"$`])', r"\\\1", str(directory.relative_to(home) if inside else directory))
    return f"$HOME/{text}" if inside else text


def _for_fish(directory: Path) -> str:
    text = str(directory).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"
