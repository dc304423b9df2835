"""The first eight bytes of a model file: whether it is a GGUF file at all, before any start."""

import struct
from pathlib import Path

from termai.errors import InvalidFileError, NotFoundError

MAGIC = b"GGUF"
VERSIONS = (2, 3)

_LOOKALIKES = {
    b"tjgg": ("a GGML file from before August 2023", "Download the model again, as GGUF."),
    b"lmgg": ("a GGML file from before August 2023", "Download the model again, as GGUF."),
    b"fmgg": ("a GGML file from before August 2023", "Download the model again, as GGUF."),
    b"vers": ("a Git LFS pointer, not the model", "Run `git lfs pull`, or download the file."),
    b"pk\x03\x04": ("a ZIP archive, perhaps PyTorch weights", "Download the model as GGUF."),
    b"<!do": ("a web page that was saved as a model", "Download the file itself again."),
    b"<htm": ("a web page that was saved as a model", "Download the file itself again."),
    b"<?xm": ("an error message that was saved as a model", "Download the file itself again."),
    b'{"er': ("an error message that was saved as a model", "Download the file itself again."),
    b"\0\0\0\0": ("only room that a download has reserved", "Finish the download."),
}


def check_magic(path: Path) -> None:
    """Refuse a file that does not begin as a GGUF file that llama.cpp can read.

    Raises NotFoundError when there is no such file, InvalidFileError when it is empty, cannot be
    read, is something else, or has a GGUF version outside VERSIONS. Source of the layout:
    ggml/docs/gguf.md, "File Structure" (magic, then uint32 version in the file's byte order).
    """
    head = _head(path)
    check_begins(head, str(path))
    (version,) = struct.unpack("<I", head[4:8])
    if version not in VERSIONS:
        raise InvalidFileError(f"{path} {_wrong_version(version)}", fix="Download it again.")


def check_begins(head: bytes, name: str) -> None:
    """Refuse the first eight bytes of a file that is not GGUF, whatever its version.

    Raises InvalidFileError that says what the file, called ``name``, is instead.
    """
    if not head:
        raise InvalidFileError(
            f"{name} is empty.", fix="The download never began or was cut; get the file again."
        )
    if head[:4] != MAGIC:
        what, fix = _LOOKALIKES.get(
            head[:4].lower(), ("not a GGUF file", "Choose a .gguf file, or download it again.")
        )
        raise InvalidFileError(f"{name} is {what}: expected it to begin with GGUF.", fix=fix)
    if len(head) < 8:
        raise InvalidFileError(f"{name} is cut short after {len(head)} bytes.", fix="Get it again.")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(8)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path} does not exist.") from error
    except IsADirectoryError as error:
        raise InvalidFileError(f"{path} is a directory, expected a GGUF file.") from error
    except OSError as error:
        raise InvalidFileError(
            f"{path} cannot be read: {error.strerror}.", fix="Mend its permissions."
        ) from error


def _wrong_version(version: int) -> str:
    (swapped,) = struct.unpack(">I", struct.pack("<I", version))
    if swapped in VERSIONS:
        return "was written for a big-endian machine."
    expected = " or ".join(str(v) for v in VERSIONS)
    return f"has GGUF version {version}, expected {expected}."
