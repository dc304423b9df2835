"""Whether there is an engine: the native llama-server, or the embedded fallback."""

import importlib.util
import re
from pathlib import Path

from termai import settings
from termai.environment import programs
from termai.environment.finding import Finding, Verdict
from termai.paths import expanded

NAME = "llama-server"
BUILD_IT = "run `make run` in termai's checkout, or set llama_server in config.toml"

_VERSION = re.compile(r"version: (\S+ \([0-9a-f]+\)|\S+)")


def llama_server() -> Finding:
    """Look for llama-server where engines look: configured, beside termai, on PATH."""
    package = importlib.util.find_spec("llama_cpp")
    for place, path in _places(Path(package.origin) if package and package.origin else None):
        if not path:
            continue
        said = _VERSION.search(programs.said(path, "--version"))
        if said:
            sentence = f"The native engine {place}."
            return Finding(NAME, Verdict.OK, sentence, path=path, version=said[1])
        return Finding(
            NAME, Verdict.WARNING, f"The one {place} cannot be run or is not one.", BUILD_IT, path
        )
    if package:
        return Finding(
            NAME,
            Verdict.WARNING,
            "Not found: models run in the embedded engine, which is slower for several users.",
            BUILD_IT,
        )
    return Finding(NAME, Verdict.PROBLEM, "Not found: no model can be run.", BUILD_IT)


def _places(package: Path | None) -> tuple[tuple[str, str], ...]:
    configured = settings.load().values.llama_server
    chosen = str(expanded(configured)) if configured else ""
    beside = package.parent.parent / "bin" / NAME if package else None
    return (
        ("that is configured in config.toml", chosen),
        ("that was built with termai", str(beside) if beside and beside.is_file() else ""),
        ("on PATH", programs.find(NAME)),
    )
