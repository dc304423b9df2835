"""What this machine has and lacks: each check returns a finding, its cause and its fix."""

from termai.environment import engine, logout, toolchain
from termai.environment.finding import Finding, Verdict

__all__ = ["Finding", "Verdict", "checks"]


def checks() -> tuple[Finding, ...]:
    """Look at everything and return one finding each, in the order of what matters first.

    Starts the programs it finds to ask for their versions: takes up to a second, blocks.
    """
    return (
        engine.llama_server(),
        logout.survival(),
        toolchain.python(),
        toolchain.compiler(),
        toolchain.git(),
        toolchain.node(),
        toolchain.npm(),
    )
