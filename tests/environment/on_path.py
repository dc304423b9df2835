"""Real little programs to put on PATH."""

import shlex
from pathlib import Path


def program(directory: Path, name: str, prints: str, status: int = 0) -> Path:
    """Write a program that prints a text and ends with a status."""
    return script(directory, name, f"printf '%s\\n' {shlex.quote(prints)}\nexit {status}")


def script(directory: Path, name: str, body: str) -> Path:
    """Write a program of the shell."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path
