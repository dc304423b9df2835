"""How a variable is set for good: the line, and the start file of the shell it goes into."""

import shlex
from pathlib import Path

from termai.environment import shells
from termai.environment.reading import is_there
from termai.environment.remedy import Remedy
from termai.environment.shells import Shell


def setting(name: str, value: str, shell: Shell | None = None, home: Path | None = None) -> Remedy:
    """Return how to set a variable in this user's shell, from the next one on."""
    shell = shell or shells.current()
    file = shells.start_file(shell, home)
    line = _line(shell.name, name, shlex.quote(value))
    if file is None:
        return Remedy(f"{line}, also in the start file of the shell")
    again = "log in again" if shell.login else "open a new shell"
    if shells.has_line(file, line):
        return Remedy(f"{shells.short(file, home)} sets it already: {again}.")
    where = shlex.quote(str(file))
    command = f"printf '\\n%s\\n' {shlex.quote(line)} >> {where}"
    if not is_there(file.parent):
        command = f"mkdir -p {shlex.quote(str(file.parent))} && {command}"
    return Remedy(f"Add to {shells.short(file, home)}: {line} (then {again}).", command)


def _line(shell: str, name: str, quoted: str) -> str:
    match shell:
        case "fish":
            return f"set -gx {name} {quoted}"
        case "csh" | "tcsh":
            return f"setenv {name} {quoted}"
    return f"export {name}={quoted}"
