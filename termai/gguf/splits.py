"""Split sets: a model in several files, ``stem-00001-of-00003.gguf`` and so on.

Names: ``llama_split_path`` in llama.cpp; keys: tools/gguf-split. The first part holds the
metadata, every part the table of its own tensors.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from termai.errors import InvalidFileError
from termai.gguf.header import MAX_TENSORS, Header, check_complete, read_header
from termai.gguf.tensors import Tensor
from termai.text import one_line

_NAME = re.compile(
    r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf)", re.IGNORECASE
)
_NAMED_IN_MESSAGES = 5


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a split set: the name they share, the number of this part from 1, how many."""

    stem: str
    number: int
    count: int


def split_of(name: str) -> Split | None:
    """Read ``stem-00001-of-00003.gguf``; None for other names and for a number outside the set."""
    found = _NAME.fullmatch(name)
    if found is None or not 1 <= int(found["number"]) <= int(found["count"]):
        return None
    return Split(found["stem"], int(found["number"]), int(found["count"]))


def part_names(name: str) -> tuple[str, ...]:
    """Return the names of all parts of the set that a file belongs to, of itself when to none."""
    split, found = split_of(name), _NAME.fullmatch(name)
    if split is None or found is None:
        return (name,)
    tail = f"-of-{split.count:05d}{found['suffix']}"
    return tuple(f"{split.stem}-{number:05d}{tail}" for number in range(1, split.count + 1))


def parts(path: Path) -> tuple[Path, ...]:
    """Return where the parts of a file's set belong, whether they are there or not."""
    return tuple(path.with_name(name) for name in part_names(path.name))


def missing_parts(path: Path) -> tuple[Path, ...]:
    """Return the parts of a file's set that are not there."""
    return tuple(part for part in parts(path) if not part.is_file())


def read_model(path: Path, *, arrays: Collection[str] = (), complete: bool = False) -> Header:
    """Read the header of a whole model, from any part of it: see ``merge``.

    With ``complete`` every file must also be as long as its tensors say. Raises NotFoundError when
    there is no such file, InvalidFileError that names the parts that are missing or wrong.
    """
    if not path.is_file():
        return read_header(path)
    files = parts(path)
    _refuse_missing(path, missing_parts(path))
    headers = []
    for number, file in enumerate(files):
        header = read_header(file, arrays=arrays if not number else ())
        if complete:
            check_complete(header, file.stat().st_size, name=str(file))
        headers.append((str(file), header))
    return merge(headers)


def merge(headers: Sequence[tuple[str, Header]]) -> Header:
    """Join the headers of a set's parts, each with the name of its file, in their order.

    The result has the first part's metadata and all tensors, whose offsets run on from part to
    part as if they were one file. Raises InvalidFileError where split.no, split.count or
    split.tensors.count contradict, or a tensor is there twice.
    """
    name, first = headers[0]
    count = max(1, first.number("split.count", 1))
    if len(headers) > 1 or count > 1:
        _check_set(headers, count)
    if len(headers) == 1:
        return first
    tensors: dict[str, Tensor] = {}
    start = 0
    for file, header in headers:
        for tensor in header.tensors:
            if tensor.name in tensors:
                twice = one_line(tensor.name, 80)
                raise _bad(file, f"holds tensor {twice}, which an earlier part holds too")
            tensors[tensor.name] = tensor._replace(offset=start + tensor.offset)
        start += _data_size(header)
    expected = first.number("split.tensors.count", len(tensors))
    if len(tensors) != expected:
        raise _bad(name, f"says that its set has {expected} tensors, but it has {len(tensors)}")
    return replace(first, tensors=tuple(tensors.values()))


def _check_set(headers: Sequence[tuple[str, Header]], count: int) -> None:
    name, _ = headers[0]
    if count != len(headers):
        fix = f"Name its parts NAME-00001-of-{count:05d}.gguf and so on, in one directory."
        raise _bad(name, f"is a part of a set of {count}, expected {len(headers)}", fix)
    for number, (file, header) in enumerate(headers):
        found = header.number("split.no", -1)
        if found != number:
            said = f"part {found + 1}" if found >= 0 else "no part of a set"
            raise _bad(file, f"is {said} by its metadata, expected part {number + 1} of {count}")
    if sum(len(header.tensors) for _, header in headers) > MAX_TENSORS:
        raise _bad(name, f"belongs to a set of more than {MAX_TENSORS:,} tensors")


def _data_size(header: Header) -> int:
    """Return the bytes of a part's data, filled up to its alignment."""
    size = header.file_size - header.data_offset if header.tensors else 0
    return -(-size // header.alignment) * header.alignment


def _refuse_missing(path: Path, missing: Sequence[Path]) -> None:
    if not missing:
        return
    named = ", ".join(one_line(part.name) for part in missing[:_NAMED_IN_MESSAGES])
    more = len(missing) - _NAMED_IN_MESSAGES
    named += f" and {more} more" if more > 0 else ""
    are = "is" if len(missing) == 1 else "are"
    raise _bad(str(path), f"belongs to a set of which {named} {are} missing", "Download the rest.")


def _bad(name: str, problem: str, fix: str = "Download the set again.") -> InvalidFileError:
    return InvalidFileError(f"{one_line(name)} {problem}.", fix=fix)
