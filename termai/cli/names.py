"""Completing the names of servers and profiles in the shell; failing quietly, as it must."""

from typing import TYPE_CHECKING

from termai.errors import TermaiError

if TYPE_CHECKING:
    import click


def running_servers(_: "click.Context", __: "click.Parameter", begun: str) -> list[str]:
    """Return the running servers whose names begin so."""
    return _beginning(begun, _servers(past=False))


def servers(_: "click.Context", __: "click.Parameter", begun: str) -> list[str]:
    """Return the running and past servers whose names begin so."""
    return _beginning(begun, _servers(past=True))


def profiles(_: "click.Context", __: "click.Parameter", begun: str) -> list[str]:
    """Return the profiles whose names begin so."""
    return _beginning(begun, _profiles())


def models(_: "click.Context", __: "click.Parameter", begun: str) -> list[str]:
    """Return the models whose names begin so, as the index knows them; odd names are left out."""
    from termai.models.library import known

    try:
        labels = (model.label for model in known().models)
        return _beginning(begun, [label for label in labels if label.isprintable()])
    except TermaiError:
        return []


def check_groups(_: "click.Context", __: "click.Parameter", begun: str) -> list[str]:
    """Return the groups of ``termai doctor`` whose names begin so, in any case."""
    from termai.doctor.checking import GROUPS

    return [group for group in GROUPS if group.casefold().startswith(begun.casefold())]


def _servers(*, past: bool) -> list[str]:
    from termai.servers import registry

    try:
        return [server.name for server in registry.list_servers(past=past)]
    except TermaiError:
        return []


def _profiles() -> list[str]:
    from termai.profiles.store import list_profiles

    try:
        return [profile.name for profile in list_profiles().profiles]
    except TermaiError:
        return []


def _beginning(begun: str, names: list[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(begun))
