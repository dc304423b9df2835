"""Whether ``config.toml`` says what termai understands."""

import os
from collections.abc import Iterator

from termai import settings
from termai.environment.finding import Finding, Verdict
from termai.paths import config_dir
from termai.text import one_line


def look() -> Iterator[Finding]:
    """Yield a warning for each key that is wrong, and one finding when all is well."""
    path = str(config_dir() / "config.toml")
    problems = settings.load().problems
    for number, problem in enumerate(problems):
        yield Finding(
            "settings" if not number else f"settings {number + 1}",
            Verdict.WARNING,
            _sentence(problem),
            f"Mend {'that line' if _is_open() else 'its permissions'}; until then the default is "
            "used.",
            path=path,
        )
    if not problems:
        yield Finding("settings", Verdict.OK, "They can be read.", path=path)


def _is_open() -> bool:
    return os.access(config_dir() / "config.toml", os.R_OK)


def _sentence(problem: str) -> str:
    return f"{one_line(problem, 300).rstrip('.')}."
