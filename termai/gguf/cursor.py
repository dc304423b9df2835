"""A place in a GGUF file from which numbers and strings are read, in bounded memory."""

import struct

from termai.errors import InvalidFileError
from termai.gguf.source import Source
from termai.text import one_line

CHUNK = 256 << 10
MAX_HEADER = 256 << 20
MAX_TEXT = 64 << 20
MAX_ITEMS = 1 << 22

GET_AGAIN = "Download the file again."


class Cursor:
    """The bytes of ``source`` around one position, which only moves forward.

    ``data[pos]`` is the next byte and lies at ``base + pos`` in the file; callers that walk many
    small items do so on ``data`` themselves and put ``pos`` back. ``where`` names for messages
    what is being read. Raises InvalidFileError for a file that ends too early and when more than
    MAX_HEADER bytes, MAX_TEXT bytes of strings or MAX_ITEMS items of arrays are asked for, which
    is several times what the largest known header holds.
    """

    def __init__(self, source: Source, name: str) -> None:
        self.source, self.name, self.where = source, name, "its beginning"
        self.data, self.pos, self.base = b"", 0, 0
        self._text = self._items = 0
        self.set_order("<")

    def set_order(self, order: str) -> None:
        """Read numbers as little (``<``) or big endian (``>``) from here on."""
        self.order = order
        self._u32, self.u64 = struct.Struct(order + "I"), struct.Struct(order + "Q")

    @property
    def offset(self) -> int:
        """Return the offset of the next byte in the file."""
        return self.base + self.pos

    def bad(self, problem: str, *, fix: str = GET_AGAIN) -> InvalidFileError:
        """Return the error that says which file, what is wrong and where."""
        where = f"at byte {self.offset:,} ({one_line(self.where, 80)})"
        return InvalidFileError(f"{one_line(self.name)} {problem}, {where}.", fix=fix)

    def cut_short(self) -> InvalidFileError:
        """Return the error for a file that ends inside its header."""
        return self.bad("is cut short: it ends inside its header", fix="Finish the download.")

    def need(self, count: int) -> None:
        """Have at least ``count`` bytes in ``data`` from ``pos`` on."""
        if self.pos + count <= len(self.data):
            return
        self.check_room(count)
        data = self.data[self.pos :]
        while len(data) < count:
            missing = max(count - len(data), CHUNK)
            more = self.source.read(self.offset + len(data), missing)
            if not more:
                raise self.cut_short()
            data += more
        self.base, self.pos, self.data = self.offset, 0, data

    def check_room(self, count: int) -> None:
        """Refuse ``count`` more bytes where the file or a sane header ends before them."""
        if self.offset + count > MAX_HEADER:
            limit = f"expected a header of at most {MAX_HEADER >> 20} MiB"
            raise self.bad(f"claims {count:,} bytes here, {limit}")
        size = self.source.size
        if size is not None and self.offset + count > size:
            raise self.cut_short()

    def skip(self, count: int) -> None:
        """Move on by ``count`` bytes without reading those that are not at hand."""
        if self.pos + count > len(self.data):
            self.check_room(count)
            self.base, self.pos, self.data = self.offset + count, 0, b""
        else:
            self.pos += count

    def read_u32(self) -> int:
        """Return the next four bytes as a number."""
        self.need(4)
        number: int = self._u32.unpack_from(self.data, self.pos)[0]
        self.pos += 4
        return number

    def read_u64(self) -> int:
        """Return the next eight bytes as a number."""
        self.need(8)
        number: int = self.u64.unpack_from(self.data, self.pos)[0]
        self.pos += 8
        return number

    def read_bytes(self, most: int) -> bytes:
        """Return the next string as it is stored; refuses one longer than ``most`` bytes."""
        return self.take(self.read_u64(), most)

    def take(self, length: int, most: int) -> bytes:
        """Return the next ``length`` bytes, which are text; refuses more than ``most``."""
        if length > most:
            raise self.bad(f"has a string of {length:,} bytes, expected at most {most:,}")
        self._text += length
        if self._text > MAX_TEXT:
            raise self.bad(f"has more than {MAX_TEXT >> 20} MiB of text in its header")
        self.need(length)
        raw = self.data[self.pos : self.pos + length]
        self.pos += length
        return raw

    def take_items(self, count: int) -> None:
        """Count the items of arrays that are walked or built and refuse an absurd number."""
        self._items += count
        if self._items > MAX_ITEMS:
            raise self.bad(f"has arrays of {self._items:,} items, expected at most {MAX_ITEMS:,}")
