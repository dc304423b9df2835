"""What builds llama.cpp and fetches programs: compilers, make, cmake, ninja, git."""

from collections.abc import Iterator
from dataclasses import replace

from termai.environment import packages, programs
from termai.environment.finding import Finding, Verdict
from termai.environment.program import Program, look

_FOR_BUILDS = "Needed to build llama.cpp for this machine; a prebuilt engine works without."
_BY_PIP = "pip fetches it when it builds llama.cpp."
_CXX = {
    "": "g++",
    "fedora": "gcc-c++",
    "rhel": "gcc-c++",
    "arch": "gcc",
    "suse": "gcc-c++",
    "alpine": "build-base linux-headers",
    "macos": "llvm",
}
_C = _CXX | {"": "gcc", "fedora": "gcc", "rhel": "gcc", "suse": "gcc"}
_HEADERS = {
    "debian": "g++ libc6-dev",
    "fedora": "gcc-c++ glibc-devel",
    "rhel": "gcc-c++ glibc-devel",
    "suse": "gcc-c++ glibc-devel",
    "arch": "gcc glibc linux-api-headers",
    "alpine": "build-base linux-headers",
    "": "g++",
}

_C_COMPILER = Program(
    "C compiler", ("cc", "gcc", "clang"), "Builds parts of llama.cpp.", _FOR_BUILDS, _C
)
_CXX_COMPILER = Program(
    "C++ compiler",
    ("c++", "g++", "clang++"),
    "Builds llama.cpp for this machine.",
    _FOR_BUILDS,
    _CXX,
)
_MAKE = Program(
    "make", ("make", "gmake"), "Runs the set-up.", "Needed for the set-up only.", {"": "make"}
)
_CMAKE = Program("cmake", ("cmake",), "Configures builds of llama.cpp.", _BY_PIP)
_NINJA = Program("ninja", ("ninja", "ninja-build", "samu"), "Runs builds of llama.cpp.", _BY_PIP)
_GIT = Program(
    "git",
    ("git",),
    "Fetches and updates programs from source.",
    "Needed to fetch programs such as SillyTavern.",
    {"": "git"},
)

CXX_STANDARD = 17
"""The C++ of llama.cpp (CMAKE_CXX_STANDARD in ggml/CMakeLists.txt of llama-cpp-python 0.3.36)."""

CMAKE_NEEDED = (3, 21)
"""cmake_minimum_required of llama-cpp-python 0.3.36; pip fetches a newer one where it must."""

_MISSING = ("No such file", "not found", "no include path")  # gcc, clang, gcc without any
_SOURCE = b"#include <optional>\n#include <sys/types.h>\n"


def c() -> Iterator[Finding]:
    """Look for a C compiler."""
    yield look(_C_COMPILER)


def cxx() -> Iterator[Finding]:
    """Look for a C++ compiler that knows llama.cpp's C++ and has its headers."""
    found = look(_CXX_COMPILER)
    if found.verdict is not Verdict.OK:
        yield found
        return
    arguments = ("-x", "c++", f"-std=c++{CXX_STANDARD}", "-fsyntax-only", "-")
    answer = programs.ask(found.path, *arguments, given=_SOURCE)
    yield _unable(found, answer) if answer.failure else found


def make() -> Iterator[Finding]:
    """Look for make."""
    yield look(_MAKE)


def cmake() -> Iterator[Finding]:
    """Look for cmake, which pip brings where it is missing or too old."""
    found = look(_CMAKE)
    if found.verdict is Verdict.OK and programs.numbers(found.version) < CMAKE_NEEDED:
        oldest = ".".join(map(str, CMAKE_NEEDED))
        sentence = f"Older than {oldest}, which llama.cpp needs. {_BY_PIP}"
        found = replace(found, sentence=sentence)
    yield found


def ninja() -> Iterator[Finding]:
    """Look for ninja, which pip brings where it is missing."""
    yield look(_NINJA)


def git() -> Iterator[Finding]:
    """Look for git."""
    yield look(_GIT)


def _unable(found: Finding, answer: programs.Answer) -> Finding:
    """Return the finding of a compiler that cannot read a small program, or does not end."""
    if answer.late:
        return replace(
            found,
            verdict=Verdict.WARNING,
            sentence=f"It tells its version, and {answer.failure} for a small program.",
            fix="Compile something with it by hand to see what it waits for.",
            cause="It waits for a licence, a cache or a slow disk, or this machine is busy.",
        )
    missing = any(words in answer.text for words in _MISSING)
    remedy = packages.install(_HEADERS if missing else _CXX)
    what = "lacks headers" if missing else f"does not know C++{CXX_STANDARD}"
    return replace(
        found,
        verdict=Verdict.WARNING,
        sentence=f"It {what}, which llama.cpp needs.",
        fix=remedy.fix,
        command=remedy.command,
        cause=f"A small program {answer.failure}.",
    )
