"""What is downloaded with a quantization of the hub and loaded beside it."""

from typing import TYPE_CHECKING

from termai.errors import TermaiError
from termai.gguf.header import Header

if TYPE_CHECKING:
    from termai.models.hub import Repository, Variant


def projector_of(repository: "Repository", variant: "Variant") -> Header | None:
    """Return the header of a quantization's usual projector, read from afar.

    None where there is none, or it cannot be read: the fit then goes without it.
    """
    from termai.models.hub import header_of

    try:
        return header_of(repository, variant.projectors[:1]) if variant.projectors else None
    except TermaiError:
        return None
