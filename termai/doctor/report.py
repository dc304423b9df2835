"""A text for a bug report: the machine and the findings, without what is nobody's business."""

import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields

import termai
from termai import settings
from termai.doctor import identities
from termai.doctor.checking import ordered
from termai.doctor.scrubbing import scrubbed
from termai.environment.finding import Finding
from termai.hardware import cgroup, gpus, host, limits, nvidia
from termai.servers import registry
from termai.settings import Settings
from termai.text import one_line

_SERVERS = 5  # that are told of
_LONGEST = 600  # characters of a line, cut when nothing is in it any more that must not be
_GIB = 1 << 30


Fact = tuple[str, str]
"""What a line is about, which names nobody, and what is told, which is scrubbed."""


def report(findings: Iterable[Finding]) -> str:
    """Return the report, lines of plain text; what cannot be found out is told in its place."""
    who = identities.here()

    def clean(text: str) -> str:
        return one_line(scrubbed(one_line(text), who), _LONGEST)

    lines = [f"{what}: {clean(told)}" for what, told in _facts()]
    group = ""
    for finding in ordered(findings):
        if finding.group != group:
            group = finding.group
            lines += ["", group]
        lines += _finding(finding, clean)
    return "\n".join(lines)


def _facts() -> Iterator[Fact]:
    yield "termai", f"{termai.__version__}, Python {platform.python_version()}"
    for facts in (_system, _machine, _gpus, _terminal, _settings, _servers):
        yield from _tried(facts)


def _tried(facts: Callable[[], Iterable[Fact]]) -> list[Fact]:
    """Return some facts, and what went wrong where they cannot be had: a report comes anyway."""
    try:
        return list(facts())
    except Exception as error:  # noqa: BLE001 - what is broken is what the report is for
        return [(facts.__name__.strip("_"), f"{type(error).__name__}: {error}")]


def _system() -> Iterator[Fact]:
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        system = ""
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield "system", ", ".join(word for word in (system, kernel) if word)


def _machine() -> Iterator[Fact]:
    _, ram = host.memory()
    known = limits.read()
    yield "processor", f"{known.cores or '?'} cores, {known.threads or '?'} threads usable here"
    limit = cgroup.memory()
    capped = f", of which {limit.total / _GIB:.1f} GiB are allowed here" if limit else ""
    yield "memory", f"{(ram or 0) / _GIB:.1f} GiB{capped}"


def _gpus() -> Iterator[Fact]:
    for gpu in gpus.read_all():
        size = f", {gpu.memory_total / _GIB:.1f} GiB" if gpu.memory_total else ""
        yield f"GPU {gpu.index}", f"{gpu.name}{size}{', lost' if gpu.lost else ''}"
    if version := nvidia.driver_version():
        cuda = nvidia.cuda_version()
        yield "NVIDIA driver", f"{version}, CUDA {'.'.join(map(str, cuda)) if cuda else '?'}"


def _terminal() -> Iterator[Fact]:
    names = ("TERM", "COLORTERM", "TERM_PROGRAM", "LANG", "LC_ALL")
    told = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
    told += [word for name, word in (("TMUX", "tmux"), ("STY", "screen")) if name in os.environ]
    told += ["SSH"] if "SSH_CONNECTION" in os.environ else []
    yield "terminal", f"{', '.join(told) or 'none'}; encoding {sys.getfilesystemencoding()}"


def _settings() -> Iterator[Fact]:
    now, default = settings.load().values, Settings()
    for field in fields(Settings):
        value = getattr(now, field.name)
        if value != getattr(default, field.name):
            yield f"setting {field.name}", str(value)


def _servers() -> Iterator[Fact]:
    for server in registry.list_servers()[:_SERVERS]:
        problem = f": {server.problem}" if server.problem else ""
        yield "server", f"with {server.engine}, {server.state}{problem}"


def _finding(finding: Finding, clean: Callable[[str], str]) -> Iterator[str]:
    version = f" [{clean(finding.version)}]" if finding.version else ""
    path = f" ({clean(finding.path)})" if finding.path else ""
    name = _named(finding.name, clean)
    yield f"  {finding.verdict:10} {name}: {clean(finding.sentence)}{version}{path}"
    named = ", ".join(finding.names)
    for word, text in (("why", finding.cause), ("all", named), ("fix", finding.fix)):
        if text:
            yield f"  {'':10}   {word}: {clean(text)}"


def _named(name: str, clean: Callable[[str], str]) -> str:
    """Return the name of a finding: the user's is only what stands behind ``profile``."""
    kind, space, rest = name.partition(" ")
    return f"{kind}{space}{clean(rest)}" if kind == "profile" else name
