"""What this machine has and lacks: each check returns a finding, its cause and its fix."""

from termai.environment import program_checks, system_checks
from termai.environment.finding import Finding, Verdict
from termai.environment.running import Check

__all__ = ["Check", "Finding", "Verdict", "checks"]


def checks() -> tuple[Check, ...]:
    """Return the checks of the machine; each starts programs, or reads what the kernel tells."""
    return (*system_checks.CHECKS, *program_checks.CHECKS)
