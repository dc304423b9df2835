"""The header of a model on the hub, read from afar: only its own bytes, once, and shared ones less.

Several quantizations can be read at the same time. The first of a repository is read whole; of
the others only what differs, see ``shared``.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

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


class Counts(NamedTuple):
    """What reading headers took: requests, and bytes of headers."""

    requests: int = 0
    fetched: int = 0


class _Shelf:
    """The arrays of the repository that was read last, and who is reading them now."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.key: tuple[str, str] | None = None
        self.donor: Donor | None = None
        self.reading = threading.Lock()

    def of(self, repository: Repository) -> Donor | None:
        """Return what is known of a repository's arrays."""
        with self.lock:
            return self.donor if self.key == (repository.id, repository.commit) else None

    def put(self, repository: Repository, found: Donor | None) -> None:
        """Keep a repository's arrays in place of those of another."""
        with self.lock:
            if found is not None:
                self.key, self.donor = (repository.id, repository.commit), found


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
    if (found := _shelf.of(repository)) and (header := _shared(repository, file, found, tell)):
        return header
    with _shelf.reading:  # who comes second waits for what the first one finds
        found = _shelf.of(repository)
        if found is None:
            return _whole(repository, file, tell)
    return _shared(repository, file, found, tell) or _whole(repository, file, tell)


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


def _whole(repository: Repository, file: RepoFile, tell: Callable[[Counts], None]) -> Header:
    ranges = _ranges(repository, file, keep=True)
    try:
        source = RangedSource(ranges.fetch, file.size, first=_FIRST)
        header = read_from(source, name=file.path)
    finally:
        tell(Counts(ranges.requests, ranges.fetched))
    _shelf.put(repository, donor(header, ranges.pieces))
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
