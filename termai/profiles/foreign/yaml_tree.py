"""YAML as plain texts, lists and tables, bounded however its anchors multiply.

Read from the parser's events, without recursion and without any tag being acted upon.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from termai.errors import InvalidFileError
from termai.text import one_line

NODES_LIMIT = 20_000
DEPTH_LIMIT = 32
TEXT_LIMIT = 1 << 19
_SAFE_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+|~")
_MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text of a YAML file. plain: whether it stands there without quotes. line: from 1."""

    text: str
    plain: bool = False
    line: int = 0


Node = Any
"""A Scalar, a list of nodes, or a dict of nodes by the text of their key."""


@dataclass(slots=True)
class _Open:
    """A list or table that is being filled. nodes: how many it holds, those of anchors counted."""

    node: Node
    anchor: str | None
    nodes: int = 1
    key: str | None = None
    merged: dict[str, Node] = field(default_factory=dict)

    def whole(self) -> Node:
        """Return the node with what ``<<`` brought and it does not say itself."""
        for key, value in self.merged.items():
            self.node.setdefault(key, value)
        return self.node


@dataclass(slots=True)
class _Builder:
    name: str
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    root: Node = None
    nodes: int = 0

    def wrong(self, expected: str, line: int) -> InvalidFileError:
        return InvalidFileError(f"{self.name}, line {line}: {expected}.")

    def add(self, node: Node, size: int, line: int) -> None:
        """Put a whole node where it belongs; its size counts every time an anchor is used."""
        if not self.open:
            self.root = node
            return
        top = self.open[-1]
        top.nodes += size
        if isinstance(top.node, list):
            top.node.append(node)
        elif top.key is None:
            if not isinstance(node, Scalar):
                raise self.wrong("expected a text for a key, found a list or a table", line)
            top.key = node.text
        else:
            self.put(top, top.key, node, line)
            top.key = None

    def put(self, top: _Open, key: str, node: Node, line: int) -> None:
        if key == _MERGE:
            for table in node if isinstance(node, list) else [node]:
                if not isinstance(table, dict):
                    raise self.wrong("expected a table behind <<", line)
                top.merged = {**table, **top.merged}
        elif key in top.node:
            raise self.wrong(f"expected each key once, found {one_line(key, 60)} again", line)
        else:
            top.node[key] = node

    def count(self, line: int, size: int = 1) -> None:
        self.nodes += size
        if self.nodes > NODES_LIMIT:
            raise self.wrong(f"expected at most {NODES_LIMIT} values, anchors counted", line)


def parse(text: str, name: str) -> Node:
    """Return the first document of a YAML text, None for an empty one.

    Raises InvalidFileError with the line: for what is no YAML, a key that is no text or stands
    there twice, more than ``NODES_LIMIT`` values or ``DEPTH_LIMIT`` levels.
    """
    import yaml

    if len(text) > TEXT_LIMIT:
        raise InvalidFileError(f"{name} is longer than {TEXT_LIMIT} characters of YAML.")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(name)
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.DocumentEndEvent):
                break
            _take(builder, event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = one_line(str(error.problem or error.context or "it does not read"), 100)
        raise InvalidFileError(f"{name}, line {line}: expected YAML: {problem}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidFileError(f"{name}: expected YAML: {one_line(str(error), 100)}.") from error
    return builder.root


def flow(node: Node) -> str:
    """Return a node as YAML on one line, plain texts as they stand, others in quotes."""
    if isinstance(node, Scalar):
        return node.text if node.plain and _SAFE_PLAIN.fullmatch(node.text) else quoted(node.text)
    if isinstance(node, list):
        return "[" + ", ".join(map(flow, node)) + "]"
    return "{" + ", ".join(f"{quoted(key)}: {flow(value)}" for key, value in node.items()) + "}"


def quoted(text: str) -> str:
    """Return a text in double quotes, with what does not print escaped (YAML 1.2, 5.7)."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '\\"':
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def texts(node: Node, where: str, name: str) -> Iterator[Scalar]:
    """Yield the texts of a list of texts; raises InvalidFileError naming the key."""
    if not isinstance(node, list):
        raise InvalidFileError(f"{name}: {where}: expected a list of texts, found {kind(node)}.")
    for item in node:
        if not isinstance(item, Scalar):
            expected = f"expected a list of texts, found {kind(item)} in it"
            raise InvalidFileError(f"{name}: {where}: {expected}.")
        yield item


def table(node: Node, where: str, name: str) -> Mapping[str, Node]:
    """Return a table; raises InvalidFileError naming the key where it is something else."""
    if isinstance(node, dict):
        return node
    raise InvalidFileError(f"{name}: {where}: expected a table, found {kind(node)}.")


def text_of(node: Node, where: str, name: str) -> str:
    """Return a text; raises InvalidFileError naming the key where it is something else."""
    if isinstance(node, Scalar):
        return node.text
    raise InvalidFileError(f"{name}: {where}: expected a text, found {kind(node)}.")


def kind(node: Node) -> str:
    """Return what a node is, for messages."""
    if isinstance(node, Scalar):
        return repr(one_line(node.text, 40)) if node.text else "nothing"
    return "nothing" if node is None else f"a {'list' if isinstance(node, list) else 'table'}"


def _take(builder: _Builder, event: Any) -> None:
    import yaml

    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in builder.anchors:
            raise builder.wrong(f"expected an anchor that is whole, found *{event.anchor}", line)
        node, size = builder.anchors[event.anchor]
        builder.count(line, size)
        builder.add(node, size, line)
    elif isinstance(event, yaml.ScalarEvent):
        builder.count(line)
        node = Scalar(event.value, bool(event.implicit[0]), line)
        if event.anchor:
            builder.anchors[event.anchor] = (node, 1)
        builder.add(node, 1, line)
    elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
        builder.count(line)
        if len(builder.open) == DEPTH_LIMIT:
            raise builder.wrong(f"expected at most {DEPTH_LIMIT} levels", line)
        empty: Node = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        builder.open.append(_Open(empty, event.anchor))
    elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
        done = builder.open.pop()
        if done.anchor:
            builder.anchors[done.anchor] = (done.whole(), done.nodes)
        builder.add(done.whole(), done.nodes, line)
