"""What is known of a server that failed, as the explanations of it need it."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from termai.engines import remedies
from termai.jobs.records import Exit, JobSpec
from termai.servers.facts import Facts
from termai.text import one_line

_FILE_NAMED = (
    r"failed to load (?:draft |multimodal )?model, '(?P<file>[^']+)'",
    r"[Ff]ailed to load (?:CLIP )?model from (?:file: )?(?P<file>.+?)\.?(?: Does this.*)?$",
    r"failed to load lora adapter '(?P<file>[^']+)'",
)


class Case(NamedTuple):
    """A failure: the facts, the last lines of the log, how it ended, what was started.

    found: the values in the line by which the cause was recognised.
    """

    facts: Facts
    lines: tuple[str, ...]
    exit: Exit | None
    spec: JobSpec
    found: dict[str, str] = {}  # noqa: RUF012

    @property
    def file(self) -> str:
        """The file that could not be loaded: the model, unless the log names another."""
        for line in reversed(self.lines):
            for pattern in _FILE_NAMED:
                named = re.search(pattern, line)
                if named:
                    return one_line(named["file"])
        return self.meta("model")

    def meta(self, key: str) -> str:
        """Return what the job's record says under ``key``, as text for one line."""
        return one_line(str(self.spec.meta.get(key, "")))

    def value(self, key: str) -> Any:
        """Return what the profile set ``key`` to, None when it did not."""
        values = self.spec.meta.get("values")
        return values.get(key) if isinstance(values, dict) else None

    def words(self) -> dict[str, str]:
        """Return the names that a sentence may use, all fit to show."""
        found = {key: one_line(value) for key, value in self.found.items()}
        return {
            "name": one_line(self.spec.name),
            "file": self.file,
            "file_name": Path(self.file).name,
            "engine": self.meta("engine") or "the engine",
            "program": self._program(),
            "host": self.meta("host"),
            "port": self.meta("port"),
            "url": self.meta("url"),
            "profile": self.meta("profile"),
            **_remedies(self.meta("engine"), self._program()),
            **found,
        }

    def _program(self) -> str:
        """Return what was run, with the script where that is read by an interpreter."""
        argv = self.spec.argv
        is_script = len(argv) > 1 and argv[1].endswith(".py")
        return one_line(" ".join(argv[: 2 if is_script else 1]))

    def search(self, pattern: str) -> dict[str, str] | None:
        """Return the named values of the last line that holds ``pattern``, None without one."""
        for line in reversed(self.lines):
            match = re.search(pattern, line)
            if match:
                return {key: value or "" for key, value in match.groupdict().items()}
        return None

    def says(self, pattern: str) -> bool:
        """Return whether a line of the log holds ``pattern``."""
        return self.search(pattern) is not None


def _remedies(engine: str, program: str) -> dict[str, str]:
    known = remedies.of(engine)
    return {
        "rebuild": known.rebuild,
        "newer": known.newer,
        "older_driver": known.older_driver,
        "module_fix": known.module,
        "devices": known.devices.format(program=program),
        "upgraded": known.upgraded,
    }
