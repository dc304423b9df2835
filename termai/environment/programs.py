"""Finding programs and asking them for their versions."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from termai.text import decode, one_line

TIME_LIMIT_S = 2.0
SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin")
"""Without these, PATH is broken."""

STANDARD = (
    *SYSTEM,
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
    "/snap/bin",
    "/opt/homebrew/bin",
    "~/.local/bin",
    "~/.cargo/bin",
)
"""Where programs are even when PATH does not say so."""

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_LARGEST = 64 << 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program printed to both outputs; ``failure`` says why it is no answer, if it is not.

    ``failure`` is a part of a sentence such as ``ends with status 1: no such file``. late: it
    hangs, or had no time to answer.
    """

    text: str
    failure: str = ""
    late: bool = False


def find(*names: str) -> str:
    """Return the path of the first of the programs that is on PATH, empty for none."""
    return next((path for name in names if (path := shutil.which(name))), "")


def find_all(name: str) -> tuple[str, ...]:
    """Return each program of this name in the order of PATH; one that is linked twice counts once.

    The first is the one that a shell starts.
    """
    found: dict[str, str] = {}
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(entry, name)  # noqa: PTH118 - an empty entry is the current directory
        if os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113
            found.setdefault(os.path.realpath(path), path)
    return tuple(found.values())


def beside_path(*names: str, directories: tuple[str, ...] = ()) -> str:
    """Return the first of the programs in a usual place that PATH leaves out, empty for none.

    ``directories`` come before ``STANDARD``; each may begin with ``~`` and hold wildcards, of
    whose matches the last in the order of their names is taken.
    """
    for directory in (*directories, *STANDARD):
        place = home() / directory[2:] if directory.startswith("~/") else Path(directory)
        matches = sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor))))
        for name in names:
            for match in reversed(matches):
                if os.access(match / name, os.X_OK):
                    return str(match / name)
    return ""


def home() -> Path:
    """Return the home directory, ``/`` for a user without one."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


_STUBS = ("git", "make", "cc", "c++", "gcc", "g++", "clang", "clang++", "python3", "pip3")


def ask(program: str, *arguments: str, given: bytes = b"", limit_s: float | None = None) -> Answer:
    """Start a program and return what it prints; ``given`` is its input, ``limit_s`` its time.

    One that is late is ended, with the programs that it started.
    """
    limit_s = TIME_LIMIT_S if limit_s is None else limit_s
    if is_stub(program):
        return Answer("", "waits for Apple's command line tools")
    try:
        with subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C"},  # what is understood here is English
        ) as process:
            try:
                out, err = process.communicate(given, timeout=limit_s)
            except subprocess.TimeoutExpired:
                _end(process)
                return Answer("", f"gives no answer within {limit_s:g} s", late=True)
    except OSError as error:
        return Answer("", f"cannot be started: {error.strerror or error}")
    return _answer(process.returncode, decode((out + err)[:_LARGEST]))


def _answer(code: int, text: str) -> Answer:
    if not code:
        return Answer(text)
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    said = f": {one_line(last, 160)}" if last else ""
    if code > 0:
        return Answer(text, f"ends with status {code}{said}")
    known = {int(number): number.name for number in signal.Signals}
    return Answer(text, f"crashes with {known.get(-code, f'signal {-code}')}{said}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program and what it started, such as the real program behind a script."""
    import psutil

    try:
        below = psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        below = []
    process.kill()
    for one in below:
        with contextlib.suppress(psutil.Error):
            one.kill()


def said(program: str, *arguments: str) -> str:
    """Return what a program prints to both outputs; empty when it fails or takes too long."""
    answer = ask(program, *arguments)
    return "" if answer.failure else answer.text


def version(program: str) -> str:
    """Return the first dotted number of ``PROGRAM --version``, empty when there is none."""
    return first_number(said(program, "--version"))


def first_number(text: str) -> str:
    """Return the first dotted number of a text such as ``12.4``, empty when there is none."""
    found = _VERSION.search(text)
    return found[0] if found else ""


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version; of ``v20.1.0-rc1`` these are 20, 1 and 0."""
    return tuple(int(part) for part in first_number(version).split(".") if part)


def of_windows(path: str) -> bool:
    """Tell whether a program is one of Windows' that WSL puts on PATH."""
    return bool(re.match(r"/mnt/[a-z]/", path)) and in_wsl()


def in_wsl(release: Path = Path("/proc/sys/kernel/osrelease")) -> bool:
    """Tell whether this is the Windows Subsystem for Linux, by the kernel's name."""
    try:
        return "microsoft" in release.read_text(encoding="utf-8", errors="replace").casefold()
    except OSError:
        return False


def is_stub(path: str) -> bool:
    """Tell whether a program of macOS only offers to install Apple's command line tools.

    Starting it would open a window; ``xcode-select -p`` tells whether they are there.
    """
    stub = sys.platform == "darwin" and path in {f"/usr/bin/{name}" for name in _STUBS}
    return stub and bool(ask("/usr/bin/xcode-select", "-p").failure)
