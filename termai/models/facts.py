"""What the library keeps of a model's header, and reading it without believing any of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from termai.errors import InvalidFileError, NotFoundError
from termai.gguf.facts import Kind, ModelFacts
from termai.gguf.facts import facts as facts_of
from termai.gguf.header import Header, check_complete, read_header
from termai.gguf.magic import MAGIC
from termai.gguf.quantization import Precision, named
from termai.gguf.splits import merge
from termai.models.listing import beginning
from termai.models.names import quantization
from termai.text import one_line

_SENTENCE = 4000  # characters of a sentence at most
_CUT = " is cut short"  # what the reader says of a file that ends inside its header
_MOST = 1 << 62  # a count that the index can hold
_SHARED = (
    *("kind", "architecture", "size_label", "bits_per_weight", "precision", "context_length"),
    *("block_count", "embedding_length", "expert_count", "expert_used_count", "has_template"),
    *("reasoning", "tools", "vision", "audio", "licence", "base_model"),
)

Text = Annotated[str, msgspec.Meta(max_length=1000)]


class Facts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the header of a model says, that of all parts of a split set together.

    gguf: whether it begins as a GGUF file. cut: shorter than its header says. problem: why it
    could not be read. files: how many parts were read. projection: of a projector, the length of
    the embeddings it makes, 0 when it does not say. The rest as in ``gguf.facts``.
    """

    gguf: bool = True
    cut: bool = False
    problem: Annotated[str, msgspec.Meta(max_length=8000)] = ""
    files: int = 1
    projection: int = 0
    kind: Kind | None = None
    title: Text = ""
    architecture: Text = ""
    size_label: Text = ""
    parameters: int = 0
    quantization: Text = ""
    bits_per_weight: float = 0.0
    precision: Precision | None = None
    context_length: int = 0
    block_count: int = 0
    embedding_length: int = 0
    expert_count: int = 0
    expert_used_count: int = 0
    has_template: bool = False
    reasoning: bool = False
    tools: bool = False
    vision: bool = False
    audio: bool = False
    licence: Text = ""
    base_model: Text = ""


def read(
    files: Sequence[Path], name: str, missing: int = 0, *, doubtful: bool = False
) -> Facts | None:
    """Read the headers of a model's files, in the order of the parts; None where they are gone.

    Never raises: what is wrong with the file is in ``problem``. A file that is ``doubtful`` may
    be something else than GGUF. ``name`` is the model's, which may state its quantization.
    """
    if doubtful and not beginning(files[0], len(MAGIC)).startswith(MAGIC):
        return Facts(gguf=False)
    try:
        headers = [(str(file), read_header(file)) for file in files]
        cut = any(_cut(header, Path(file)) for file, header in headers)
        header = headers[0][1] if missing else merge(headers)
        return _facts(header, name, len(files), cut=cut)
    except NotFoundError:
        return None
    except InvalidFileError as error:
        problem = one_line(error.message, _SENTENCE)
        return Facts(problem=problem, files=len(files), cut=_CUT in problem)
    except OSError as error:
        return Facts(problem=f"It cannot be read: {error.strerror}.", files=len(files))
    except Exception as error:  # noqa: BLE001  one file must not hide the others
        return Facts(problem=f"It could not be read: {type(error).__name__}.", files=len(files))


def _cut(header: Header, path: Path) -> bool:
    try:
        check_complete(header, path.stat().st_size, name=str(path))
    except InvalidFileError:
        return True
    return False


def _facts(header: Header, name: str, files: int, *, cut: bool) -> Facts:
    found = facts_of(header)
    told = {key: getattr(found, key) for key in _SHARED}
    return Facts(
        cut=cut,
        files=files,
        projection=_projection(header),
        title=found.name,
        quantization=_label(found, name),
        parameters=min(found.parameters, _MOST),
        **told,
    )


def _label(found: ModelFacts, name: str) -> str:
    """Return the quantization that the name states, such as UD-Q4_K_XL, where it may be true."""
    stated = quantization(name)
    known = named(stated) if stated else None
    return stated if known and known.precision == found.precision else found.quantization


def _projection(header: Header) -> int:
    length = header.number("clip.vision.projection_dim")
    return length if 0 <= length <= _MOST else 0
