"""Options of a profile that clash: with each other, the model, the machine or the engine.

What llama-server does with them is said as its source says it (llama.cpp as llama-cpp-python
0.3.36 ships it); where that differs between versions, the newest counts.
"""

from collections.abc import Mapping

from termai.hardware.limits import MachineLimits
from termai.profiles.clashes import (
    beside,
    cache,
    context,
    devices,
    drafting,
    engine,
    overrides,
    positions,
    remote,
    sampling,
    serving,
)
from termai.profiles.clashes.base import (
    A_PROJECTOR,
    AN_ADAPTER,
    ENGINE,
    Case,
    Clash,
    EngineFacts,
    ModelFacts,
    PortFacts,
    Rule,
    Severity,
)
from termai.profiles.option import KOBOLDCPP, REMOTE, VLLM
from termai.profiles.profile import Profile

__all__ = [
    "AN_ADAPTER",
    "A_PROJECTOR",
    "ENGINE",
    "RULES",
    "Clash",
    "EngineFacts",
    "MachineLimits",
    "ModelFacts",
    "PortFacts",
    "Severity",
    "find",
]

_MODULES = (
    engine,
    overrides,
    beside,
    context,
    positions,
    cache,
    devices,
    drafting,
    serving,
    sampling,
    remote,
)
_OF_REMOTE = (engine, remote)
_OF_SERVERS = (engine, serving, remote)

RULES: tuple[Rule, ...] = tuple(rule for module in _MODULES for rule in module.RULES)
_OTHERS: Mapping[str, tuple[Rule, ...]] = {
    REMOTE: tuple(rule for module in _OF_REMOTE for rule in module.RULES),
    KOBOLDCPP: tuple(rule for module in _OF_SERVERS for rule in module.RULES),
    VLLM: tuple(rule for module in _OF_SERVERS for rule in module.RULES),
}


def find(
    profile: Profile,
    model: ModelFacts | None = None,
    limits: MachineLimits | None = None,
    engine: EngineFacts | None = None,
    port: PortFacts | None = None,
    files: Mapping[str, str] | None = None,
) -> tuple[Clash, ...]:
    """Return the clashes of a profile, problems first; of what is None nothing is said.

    files: as in ``base.Case``.
    """
    case = Case(profile, model, limits, engine, port, files or {})
    rules = _OTHERS.get(case.engine_name, RULES)
    found = [clash for rule in rules for clash in rule(case)]
    return tuple(sorted(found, key=lambda clash: clash.severity is not Severity.PROBLEM))
