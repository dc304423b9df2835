"""llama-swap's macros: ``${name}`` in a text, defined at the top and for each model."""

import re
from collections.abc import Mapping
from dataclasses import replace

from termai.errors import InvalidFileError
from termai.profiles.foreign import yaml_tree
from termai.profiles.foreign.yaml_tree import Node, Scalar

_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}")
_USE = re.compile(r"\$\{([A-Za-z0-9_-]+)\}")
_RESERVED = frozenset({"PID", "PORT", "MODEL_ID"})
_TEXT_LIMIT = 1 << 16  # characters of a text with its macros filled in
_ROUNDS = 32  # macros inside of macros


def macros_of(node: Node, where: str, name: str) -> dict[str, str]:
    """Return the macros that a table defines; raises InvalidFileError for a bad name or value."""
    if node is None:
        return {}
    found: dict[str, str] = {}
    for key, value in yaml_tree.table(node, where, name).items():
        if not _NAME.fullmatch(key) or key in _RESERVED:
            raise InvalidFileError(
                f"{name}: {where}.{key[:64]}: expected a name of letters, digits, _ and -, at most "
                "63 of them, and none of PID, PORT and MODEL_ID."
            )
        found[key] = yaml_tree.text_of(value, f"{where}.{key}", name)
    return found


def filled(text: str, macros: Mapping[str, str]) -> str:
    """Return a text with its macros filled in, those in macros too; unknown ones stay.

    It stops growing at a bound, so that macros that multiply are left as they are.
    """
    for _ in range(_ROUNDS):
        again = _USE.sub(lambda use: macros.get(use[1], use[0]), text)
        if again == text or len(again) > _TEXT_LIMIT:
            return text
        text = again
    return text


def filled_in(node: Node, macros: Mapping[str, str]) -> Node:
    """Return a node with the macros in its texts filled in, those in keys left."""
    if isinstance(node, Scalar):
        return replace(node, text=filled(node.text, macros))
    if isinstance(node, list):
        return [filled_in(item, macros) for item in node]
    if isinstance(node, dict):
        return {key: filled_in(value, macros) for key, value in node.items()}
    return node
