"""The header of a model on the hub, read from afar: only its own bytes, once, and shared ones less.

Several quantizations can be read at the same time. The first of a repository is read whole; of
the others only what differs, see ``shared``.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeAlias

from termai.errors import InvalidFileError, TermaiError
from termai.gguf.header import Header, read_from
from termai.gguf.source import RangedSource
from termai.gguf.splits import merge
from termai.models.hub import kept
from termai.models.hub.files import RepoFile
from termai.models.hub.ranges import Ranges
from termai.models.hub.repositories import Repository
from termai.models.hub.shared import Donor, donor, read_shared
from termai.models.hub.variants import Variant

AT_ONCE = 4

_FIRST = 256 << 10  # bytes of the first request where nothing is known of the header
_FIRST_OF_PART = 64 << 10
_MOST_PARTS = 200


_REMEMBERED = 8

_Key: TypeAlias = tuple[str, str, str]


class Counts(NamedTuple):
    """What reading headers took: requests, and bytes of headers."""

    requests: int = 0
    fetched: int = 0


class _Shelf:
    """The arrays of the repositories that were read last, and who is reading them now.

    Of a repository whose arrays are short, None is kept.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[_Key, Donor | None] = {}
        self._reading: dict[_Key, threading.Lock] = {}

    def knows(self, key: _Key) -> bool:
        """Whether a header of the repository was read whole."""
        with self._lock:
            return key in self._found

    def of(self, key: _Key) -> Donor | None:
        """Return what is known of a repository's arrays."""
        with self._lock:
            return self._found.get(key)

    def put(self, key: _Key, found: Donor | None) -> None:
        """Keep a repository's arrays, those that are there longest give way."""
        with self._lock:
            if found or key not in self._found:
                self._found[key] = found
            for old in list(self._found)[:-_REMEMBERED]:
                del self._found[old]
                self._reading.pop(old, None)

    def reading(self, key: _Key) -> threading.Lock:
        """Return what to hold while a repository is read for the first time."""
        with self._lock:
            return self._reading.setdefault(key, threading.Lock())


_shelf = _Shelf()


def remote_header(
    repository: Repository, variant: Variant, *, counted: Callable[[Counts], None] | None = None
) -> Header:
    """Return the header of a quantization, of a split set with the tensors of all parts.

    What was read is kept on disk. Raises InvalidFileError for what is no GGUF file or has a
    header of more than 64 MiB, AccessError for a gated repository, UnreachableError.
    """
    return header_of(repository, variant.files, counted=counted)


def header_of(
    repository: Repository,
    files: Sequence[RepoFile],
    *,
    counted: Callable[[Counts], None] | None = None,
) -> Header:
    """Return the header of the files of a model or projector; see ``remote_header``."""
    if not 0 < len(files) <= _MOST_PARTS:
        raise InvalidFileError(f"A model of {len(files)} files is not read from afar.")
    tell = counted or (lambda counts: None)
    if len(files) == 1:
        return _read(repository, files[0], tell, first=True)
    with ThreadPoolExecutor(min(AT_ONCE, len(files))) as pool:
        read = pool.map(lambda file: _read(repository, file, tell, first=file is files[0]), files)
        return merge([(file.path, header) for file, header in zip(files, read, strict=True)])


def remote_headers(
    repository: Repository,
    variants: Iterable[Variant],
    on_header: Callable[[Variant, Header | TermaiError], None],
) -> None:
    """Read the headers of several quantizations, a few at a time, and tell each when it is there.

    ``on_header`` is called in threads of its own, one call at a time; a failure is told in place
    of the header and does not keep the others.
    """
    telling = threading.Lock()

    def read(variant: Variant) -> None:
        found: Header | TermaiError
        try:
            found = remote_header(repository, variant)
        except TermaiError as error:
            found = error
        with telling:
            on_header(variant, found)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(read, variants))


def _read(
    repository: Repository, file: RepoFile, tell: Callable[[Counts], None], *, first: bool
) -> Header:
    if known := kept.load(repository.id, repository.commit, file):
        return known
    header = _shared_or_whole(repository, file, tell) if first else _part(repository, file, tell)
    kept.keep(repository.id, repository.commit, file, header)
    return header


def _shared_or_whole(
    repository: Repository, file: RepoFile, tell: Callable[[Counts], None]
) -> Header:
    key = (repository.endpoint, repository.id, repository.commit)
    if not _shelf.knows(key):
        with _shelf.reading(key):  # who comes second waits for what the first one finds
            if not _shelf.knows(key):
                return _whole(repository, file, tell, key)
    found = _shelf.of(key)
    header = _shared(repository, file, found, tell) if found else None
    return header or _whole(repository, file, tell, key)


def _shared(
    repository: Repository, file: RepoFile, found: Donor, tell: Callable[[Counts], None]
) -> Header | None:
    """Return the header where its arrays are the donor's, None where they are not."""
    ranges = _ranges(repository, file)
    try:
        return read_shared(found, ranges.fetch, file.size, name=file.path)
    except InvalidFileError:
        return None
    finally:
        tell(Counts(ranges.requests, ranges.fetched))


def _whole(
    repository: Repository, file: RepoFile, tell: Callable[[Counts], None], key: _Key
) -> Header:
    ranges = _ranges(repository, file, keep=True)
    try:
        source = RangedSource(ranges.fetch, file.size, first=_FIRST)
        header = read_from(source, name=file.path)
    finally:
        tell(Counts(ranges.requests, ranges.fetched))
    _shelf.put(key, donor(header, ranges.pieces))
    return header


def _part(repository: Repository, file: RepoFile, tell: Callable[[Counts], None]) -> Header:
    """Read the header of a later part of a split set, which is little but a tensor table."""
    ranges = _ranges(repository, file)
    try:
        return read_from(
            RangedSource(ranges.fetch, file.size, first=_FIRST_OF_PART), name=file.path
        )
    finally:
        tell(Counts(ranges.requests, ranges.fetched))


def _ranges(repository: Repository, file: RepoFile, *, keep: bool = False) -> Ranges:
    return Ranges(repository.id, repository.commit, file.path, file.size, keep=keep)
