"""A server's failure in one sentence with the cause, one with the fix, and the lines beside."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from termai.jobs.records import Exit, JobSpec
from termai.profiles.option import KOBOLDCPP, REMOTE, VLLM
from termai.servers import causes_koboldcpp, causes_remote, causes_vllm
from termai.servers.case import Case
from termai.servers.causes import CAUSES, Cause, Text
from termai.servers.endings import OOM_KILLED, SILENT, ending
from termai.servers.events import LINE_LIMIT, Kind, is_error, parse, without_prefix
from termai.servers.facts import Facts
from termai.text import one_line, printable

LINES_SHOWN = 8
_OF_ENGINES: Mapping[str, tuple[Cause, ...]] = {
    REMOTE: (*causes_remote.CAUSES, *CAUSES),
    KOBOLDCPP: (*causes_koboldcpp.CAUSES, *CAUSES, *causes_koboldcpp.LAST),
    VLLM: (*causes_vllm.CAUSES, *CAUSES),
}
"""The causes of engines that are not llama.cpp's, the more telling rows first."""
_WIDTH = 400  # characters of a quoted line


class Diagnosis(NamedTuple):
    """Why a server failed: ``cause`` is a short name of it, ``lines`` the end of the log."""

    cause: str
    sentence: str
    fix: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Cause and fix in one line."""
        return f"{self.sentence} {self.fix}"


def explain(
    facts: Facts,
    log_tail: list[str],
    ended: Exit | None,
    spec: JobSpec,
) -> Diagnosis:
    """Explain a server that ended; ``log_tail`` holds the last lines of its log, oldest first.

    Nothing in the answer can drive a terminal, whatever the log holds.
    """
    case = Case(facts, tuple(_since_start(_plain(log_tail))), ended, spec)
    cause, sentence, fix = _explained(case)
    return Diagnosis(cause, one_line(sentence), one_line(fix), _shown(case.lines))


def timed_out(facts: Facts, log_tail: list[str], seconds: float, spec: JobSpec) -> Diagnosis:
    """Explain a server that lives and is not ready after ``seconds``."""
    case = Case(facts, tuple(_plain(log_tail)), None, spec)
    words = case.words()
    return Diagnosis(
        "timed out",
        f"{words['name']} was not ready after {seconds:.0f} s ({facts.stage}), and is going on.",
        f"Follow it with `termai logs {words['name']} -f`, or stop it; start_timeout_s in "
        "config.toml says how long is waited.",
        _shown(case.lines),
    )


def _explained(case: Case) -> tuple[str, str, str]:
    words = case.words()
    if case.exit and case.exit.reason == "oom-killed":
        return "oom-killed", OOM_KILLED.sentence.format(**words), OOM_KILLED.fix.format(**words)
    for cause in _OF_ENGINES.get(case.meta("engine"), CAUSES):
        found = case.search(cause.pattern)
        if found is not None:
            return cause.key, *_filled(cause, case._replace(found=found))
    how = ending(case)
    if how:
        signal = (case.exit.signal if case.exit else None) or ""
        sentence = how.sentence.format(**words, signal=signal)
        return signal or "unknown", sentence, how.fix.format(**words)
    return _quoted(case)


def _filled(cause: Cause, case: Case) -> tuple[str, str]:
    return _text(cause.sentence, case), _text(cause.fix, case)


def _text(text: Text, case: Case) -> str:
    return text.format(**case.words()) if isinstance(text, str) else text(case)


def _quoted(case: Case) -> tuple[str, str, str]:
    """Quote the last line that tells of an error, where no row of the table knows it."""
    code = case.exit.code if case.exit else None
    line = next((line for line in reversed(case.lines) if is_error(line.strip())), None)
    if line is None:
        return "unknown", SILENT.sentence.format(**case.words(), code=code), SILENT.fix
    quoted = one_line(without_prefix(line), _WIDTH).rstrip(".")
    return (
        "unknown",
        f"{case.words()['name']} ended with code {code}: {quoted}.",
        "Look at the log for what came before.",
    )


def _plain(lines: list[str]) -> list[str]:
    return [printable(line[:LINE_LIMIT]).rstrip() for line in lines]


def _since_start(lines: list[str]) -> list[str]:
    """Return the lines of the program's last start."""
    for index in range(len(lines) - 1, -1, -1):
        event = parse(lines[index]) if "termai: started" in lines[index] else None
        if event and event.kind is Kind.STARTED:
            return lines[index + 1 :]
    return lines


def _shown(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the last lines that say something, without the runner's own."""
    telling = [line for line in lines if line.strip() and not re.match(r"termai: ended", line)]
    return tuple(one_line(line, _WIDTH) for line in telling[-LINES_SHOWN:])
