"""What llama-server refuses in overrides of metadata and of tensors' places (common/arg.cpp)."""

import csv
import re
from collections.abc import Iterator

CPU = "CPU"

_LONGEST = 127  # bytes of a key, and of a text (string_parse_kv_override in common/common.cpp)
_TYPES = ("int:", "float:", "bool:", "str:")
_GROUP = re.compile(r"(?<!\\)\(\?[^:=!]")
_LOOKS_AHEAD = re.compile(r"\(\?[=!]")
_SET = re.compile(r"\[[^\]]*\]")
_EMPTY_SET = re.compile(r"\[\^?\]")
_ALSO_REFUSED = (
    "missing )",
    "unbalanced parenthesis",
    "unterminated character set",
    "nothing to repeat",
    "bad character range",
    "bad escape (end of pattern)",
)
"""What Python says of patterns that the C++ library refuses too, which takes others."""


def wrong_kv(item: str) -> str:
    """Return what is wrong with an override of metadata, KEY=TYPE:VALUE; empty where nothing is."""
    key, equals, value = item.partition("=")
    if not equals:
        return "is not KEY=TYPE:VALUE"
    if len(key.encode()) > _LONGEST:
        return f"has a key of more than {_LONGEST} bytes"
    if not value.startswith(_TYPES):
        return "has a type other than int, float, bool and str"
    kind, _, text = value.partition(":")
    if kind == "bool" and text not in ("true", "false"):
        return "takes true or false"
    if kind == "str" and len(text.encode()) > _LONGEST:
        return f"has a text of more than {_LONGEST} bytes"
    return ""


def wrong_tensor(item: str, buffers: frozenset[str] | None) -> str:
    """Return what is wrong with an override of tensors, PATTERN=BUFFER; empty where nothing is.

    buffers: the names of those that there are, None where that is unknown.
    """
    pattern, equals, buffer = item.partition("=")
    if not equals:
        return "is not PATTERN=BUFFER"
    if (buffers is not None and buffer not in buffers) or not buffer:
        known = ", ".join(sorted(buffers or {CPU}))
        return f"names a buffer that is none of those here ({known})"
    if buffer.upper() == CPU and buffer != CPU:
        return f"names {buffer} where {CPU} is meant"
    return "has a pattern that is no regular expression" if _no_pattern(pattern) else ""


def csv_fields(value: str) -> list[str]:
    """Return the fields of a flag's value that llama.cpp reads as a row of CSV."""
    try:
        return next(csv.reader([value]), [value])
    except csv.Error:  # a line break between fields
        return [value]


def wrong_overrides(key: str, value: str, buffers: frozenset[str] | None) -> Iterator[str]:
    """Yield a sentence's end for each override of a flag's value that is refused.

    key: ``override_kv`` or ``override_tensor``.
    """
    for item in csv_fields(value) if key == "override_kv" else value.split(","):
        if why := wrong_kv(item) if key == "override_kv" else wrong_tensor(item, buffers):
            yield why


def _no_pattern(pattern: str) -> bool:
    """Tell whether std::regex refuses a pattern for certain."""
    if _GROUP.search(_SET.sub("", pattern)):
        return True
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        unsure = _EMPTY_SET.search(pattern) or _LOOKS_AHEAD.search(pattern)
        return not unsure and str(error).startswith(_ALSO_REFUSED)
    return False
