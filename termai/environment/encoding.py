"""The locale: without UTF-8 other programs draw lines and letters wrongly."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from termai.environment import packages, programs, shell_variables
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, text
from termai.environment.remedy import Remedy
from termai.text import one_line

NAME = "Locale"

_PLAIN = ("", "C", "POSIX")
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
_NAME = re.compile(r"([a-z]{2,3})_([A-Z]{2})\.[A-Za-z0-9-]+(?:@[a-z]+)?")


def locale(
    environ: Mapping[str, str] | None = None,
    installed: Callable[[], frozenset[str]] | None = None,
) -> Iterator[Finding]:
    """Yield which locale the shell asks for, and whether it is here and of UTF-8.

    The first of LC_ALL, LC_CTYPE and LANG decides (locale(7)); ``installed`` returns the names
    that ``locale -a`` prints, none where it cannot tell.
    """
    known = given(os.environ) if environ is None else environ
    keys = ("LC_ALL", "LC_CTYPE", "LANG")
    decides = next((key for key in keys if known.get(key)), "LANG")
    name = known.get(decides, "")
    shown = one_line(name, 40)
    if name in _PLAIN:
        remedy = shell_variables.setting(decides, _default())
        # Python takes UTF-8 there by itself (PEP 538, PEP 540).
        yield Finding(
            NAME,
            Verdict.WARNING,
            f"{shown or 'None'}: termai draws in UTF-8, other programs (tmux, less) in ASCII.",
            remedy.fix,
            command=remedy.command,
        )
        return
    here = (installed or _installed)()
    if here and _normal(name) not in {_normal(one) for one in here}:
        remedy = _making(name)
        yield Finding(
            NAME,
            Verdict.WARNING,
            f"{shown} is not installed here: programs complain and fall back to ASCII.",
            f"{remedy.fix}; or `export LC_ALL={_default()}`",
            command=remedy.command,
            cause="SSH hands on the locale of the machine that it comes from.",
        )
    elif "utf8" not in _normal(name):
        remedy = shell_variables.setting(decides, _default())
        yield Finding(
            NAME,
            Verdict.WARNING,
            f"{shown} is not UTF-8: letters and lines are drawn wrongly.",
            remedy.fix,
            command=remedy.command,
        )
    else:
        yield Finding(NAME, Verdict.OK, f"{shown}.")


def given(environ: Mapping[str, str], root: Path = ROOT) -> Mapping[str, str]:
    """Return an environment without the LC_CTYPE that Python put into it by itself (PEP 538).

    /proc/self/environ holds what this process was started with.
    """
    plain = not environ.get("LC_ALL") and environ.get("LANG", "") in _PLAIN
    if not plain or environ.get("LC_CTYPE") not in _COERCED:
        return environ
    if any(one.startswith("LC_CTYPE=") for one in text(root / "proc/self/environ").split("\0")):
        return environ
    return {key: value for key, value in environ.items() if key != "LC_CTYPE"}


def _making(name: str) -> Remedy:
    """Return how the system gets a locale."""
    found = _NAME.fullmatch(name)
    if not found:
        return Remedy("Choose one that `locale -a` lists")
    family = packages.family()
    if family == "debian":
        made = f"{found[1]}_{found[2]}"
        package = packages.install({"": "locales"})
        define = packages.as_root(f"localedef -i {made} -f UTF-8 {made}.UTF-8").command
        return Remedy.run(f"{package.command} && {define}") if package.command else package
    if family in ("fedora", "rhel"):
        return packages.install({"": f"glibc-langpack-{found[1]}"})
    if family == "arch":
        return Remedy(f"Take the # off {name} in /etc/locale.gen, then `sudo locale-gen`")
    return Remedy("Choose one that `locale -a` lists")


def _installed() -> frozenset[str]:
    program = programs.find("locale")
    return frozenset(programs.said(program, "-a").split()) if program else frozenset()


def _normal(name: str) -> str:
    """Return a name as glibc compares it: ``de_DE.UTF-8`` is ``de_DE.utf8``."""
    head, dot, charset = name.partition(".")
    code, at, modifier = charset.partition("@")
    return f"{head}{dot}{re.sub('[^a-z0-9]', '', code.lower())}{at}{modifier}"


def _default() -> str:
    return "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
