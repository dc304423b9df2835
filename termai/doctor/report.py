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
_GIB = 1 << 30


def report(findings: Iterable[Finding]) -> str:
    """Return the report, lines of plain text; raises nothing that a broken machine brings."""
    who = identities.here()
    return "\n".join(scrubbed(line, who) for line in _lines(findings))


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    yield from _program()
    for facts in (_machine, _gpus, _terminal, _settings, _servers):
        yield from _tried(facts)
    group = ""
    for finding in ordered(findings):
        if finding.group != group:
            group = finding.group
            yield from ("", group)
        yield from _finding(finding)


def _tried(facts: Callable[[], Iterable[str]]) -> list[str]:
    """Return some facts, and what went wrong where they cannot be had: a report comes anyway."""
    try:
        return list(facts())
    except Exception as error:  # noqa: BLE001 - what is broken is what the report is for
        return [f"{facts.__name__.strip('_')}: {type(error).__name__}: {one_line(str(error), 200)}"]


def _program() -> Iterator[str]:
    yield f"termai {termai.__version__}, Python {platform.python_version()}"
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        system = ""
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield f"system: {', '.join(word for word in (one_line(system, 80), kernel) if word)}"


def _machine() -> Iterator[str]:
    _, ram = host.memory()
    known = limits.read()
    yield f"processor: {known.cores or '?'} cores, {known.threads or '?'} threads usable here"
    limit = cgroup.memory()
    capped = f", of which {limit.total / _GIB:.1f} GiB are allowed here" if limit else ""
    yield f"memory: {(ram or 0) / _GIB:.1f} GiB{capped}"


def _gpus() -> Iterator[str]:
    for gpu in gpus.read_all():
        size = f", {gpu.memory_total / _GIB:.1f} GiB" if gpu.memory_total else ""
        lost = ", lost" if gpu.lost else ""
        yield f"GPU {gpu.index}: {one_line(gpu.name, 60)}{size}{lost}"
    if version := nvidia.driver_version():
        cuda = nvidia.cuda_version()
        yield f"NVIDIA driver: {version}, CUDA {'.'.join(map(str, cuda)) if cuda else '?'}"


def _terminal() -> Iterator[str]:
    names = ("TERM", "COLORTERM", "TERM_PROGRAM", "LANG", "LC_ALL")
    told = [f"{name}={one_line(os.environ[name], 40)}" for name in names if os.environ.get(name)]
    told += [word for name, word in (("TMUX", "tmux"), ("STY", "screen")) if name in os.environ]
    told += ["SSH"] if "SSH_CONNECTION" in os.environ else []
    yield f"terminal: {', '.join(told) or 'none'}; encoding {sys.getfilesystemencoding()}"


def _settings() -> Iterator[str]:
    now, default = settings.load().values, Settings()
    for field in fields(Settings):
        value = getattr(now, field.name)
        if value != getattr(default, field.name):
            yield f"setting {field.name}: {one_line(str(value), 200)}"


def _servers() -> Iterator[str]:
    for server in registry.list_servers()[:_SERVERS]:
        problem = f": {one_line(server.problem, 400)}" if server.problem else ""
        yield f"server with {one_line(server.engine, 30)}: {server.state}{problem}"


def _finding(finding: Finding) -> Iterator[str]:
    version = f" [{one_line(finding.version, 60)}]" if finding.version else ""
    path = f" ({one_line(finding.path, 200)})" if finding.path else ""
    said = one_line(finding.sentence, 500)
    yield f"  {finding.verdict:10} {one_line(finding.name, 40)}: {said}{version}{path}"
    for word, text in (("why", finding.cause), ("fix", finding.fix)):
        if text:
            yield f"  {'':10}   {word}: {one_line(text, 500)}"
