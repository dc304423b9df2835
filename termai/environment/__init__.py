"""What this machine has and lacks: each check returns a finding, its cause and its fix."""

from collections.abc import Callable

from termai.environment import logout, program_checks
from termai.environment.finding import Finding, Verdict
from termai.environment.running import Check

__all__ = ["Check", "Finding", "Verdict", "checks"]


def checks() -> tuple[Check, ...]:
    """Return the checks of the machine; each starts programs, or reads what the kernel tells."""
    return (
        _one("After logout", "Terminal", logout.survival),
        *program_checks.CHECKS,
    )


def _one(name: str, group: str, look: Callable[[], Finding]) -> Check:
    return Check(name, group, lambda: (look(),))
