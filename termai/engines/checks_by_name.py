"""The engines that profiles take by name: those that are here, and those that do not work."""

from collections.abc import Iterator

from termai.engines.base import AbsentError
from termai.engines.choose import others
from termai.environment.finding import Finding, Verdict
from termai.errors import TermaiError
from termai.text import one_line

_WIDTH = 300


def by_name() -> Iterator[Finding]:
    """Yield a finding for each of which something is here; none is nothing to mend."""
    for name, found in others().items():
        if isinstance(found, AbsentError):
            continue
        if isinstance(found, TermaiError):
            sentence, fix = one_line(found.message, _WIDTH), one_line(found.fix, _WIDTH)
            yield Finding(name, Verdict.WARNING, sentence, fix)
            continue
        yield Finding(
            name,
            Verdict.OK,
            f'The engine {found.source}; profiles take it with engine = "{name}", auto does not.',
            path=str(found.program),
            version=one_line(found.version, 60),
        )
