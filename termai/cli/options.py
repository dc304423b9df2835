"""Click options that several commands share, those of the samplers made from their declaration."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from termai.profiles.option import Kind, Option
from termai.profiles.schema import OPTIONS, option
from termai.profiles.values import RefusedValueError, expectation, parse_assignment, parse_value

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
force = click.option(
    "--force", is_flag=True, help="Start also where the memory guardrails refuse it."
)
no_wait = click.option("--no-wait", is_flag=True, help="Return as soon as its process runs.")

SAMPLERS = tuple(found for found in OPTIONS if found.section == "sampling")


class OptionType(click.ParamType[Any]):
    """A value of a declared option, checked as in a profile."""

    name = "value"

    def __init__(self, declared: Option) -> None:
        self.declared = declared

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the checked value; a text of a list stands for itself, commas and all."""
        if not isinstance(value, str) or self.declared.kind is Kind.LIST:
            return value
        try:
            return parse_value(self.declared, value)
        except RefusedValueError as error:
            self.fail(error.expected, param, ctx)


def of(key: str) -> OptionType:
    """Return the type of the values that a launch option takes."""
    return OptionType(option(key))


class Assignment(click.ParamType[Any]):
    """``KEY=VALUE`` of any launch option."""

    name = "KEY=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Return the key and the checked value."""
        pair: tuple[str, Any] = parse_assignment(value)
        return pair


def samplers(command: F) -> F:
    """Give a command an option for each sampler, and ``--system`` and ``--reasoning``."""
    for declared in reversed((*SAMPLERS, option("reasoning"))):
        command = _as_option(declared)(command)
    return click.option(
        "--system", metavar="TEXT", help="The system prompt, in place of the profile's."
    )(command)


def launch(*keys: str) -> Callable[[F], F]:
    """Return what gives a command an option for each of these launch options."""

    def decorate(command: F) -> F:
        for key in reversed(keys):
            command = _as_option(option(key))(command)
        return command

    return decorate


def sets(command: F) -> F:
    """Give a command ``--set KEY=VALUE``, which may be repeated."""
    return click.option(
        "--set",
        "changes",
        type=Assignment(),
        multiple=True,
        help="Set a launch option for this start only; may be repeated.",
    )(command)


def sets_of_profile(command: F) -> F:
    """Give a command ``--set KEY=VALUE`` as ``profiles set`` takes it, which may be repeated."""
    return click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set an option, description, engine, args.ENGINE or env.NAME; may be repeated.",
    )(command)


def _as_option(declared: Option) -> Callable[[F], F]:
    listed = declared.kind is Kind.LIST
    words = declared.help.replace(": ", ". ").split(". ")[0].rstrip(".")
    expected = "may be repeated" if listed else expectation(declared).removeprefix("a ")
    return click.option(
        f"--{declared.key.replace('_', '-')}",
        declared.key,
        type=OptionType(declared),
        metavar="TEXT" if listed else declared.kind.upper().replace(" ", "_"),
        multiple=listed,
        help=f"{words} ({expected}).",
    )
