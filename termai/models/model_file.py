"""A model on this machine, as lists, details and profiles see it."""

from dataclasses import dataclass
from pathlib import Path

from termai.gguf.facts import Kind
from termai.gguf.quantization import Precision

__all__ = ["Kind", "ModelFile", "OtherName"]

_JOINTS = ("-", ".", "_")
_SERVED = (Kind.MODEL, Kind.EMBEDDING, Kind.RERANKER)


@dataclass(frozen=True, slots=True)
class OtherName:
    """A further name of a model's file, in a store or through a link, and what lies there.

    name, files, where, program, manifest and incomplete are as in ModelFile.
    """

    name: str
    files: tuple[Path, ...]
    where: str
    program: str = ""
    manifest: Path | None = None
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model on disk; of a split set, ``path`` is the first part and ``size`` that of all.

    name: path inside its store, without the part's number, or the store's own name for it. label:
    the shortest of it that no other has. size: bytes on disk. where: the store's word. program:
    whose file it is, empty for the user's own. parts: how many files it has; missing: how many of
    them are not there; files: those that are. quantization: as its tensors tell, or its name
    while they are not read; empty when nothing tells. aliases: other names of the same file;
    others: where each of its further names lies. modified: seconds since the epoch. incomplete:
    half a download. problem: one sentence why it cannot be used, empty when it can. read: whether
    its header was read; until then what follows is unknown. title: the name in its header.
    parameters: weights in its tensors. precision: class of its quantization, such as ``medium``.
    context_length: tokens it was trained for. projector: the file for images or sound that goes
    with it; adapters: those that its store keeps with it.
    """

    path: Path
    name: str
    size: int
    where: str
    parts: int = 1
    missing: int = 0
    quantization: str = ""
    label: str = ""
    program: str = ""
    kind: Kind = Kind.MODEL
    files: tuple[Path, ...] = ()
    aliases: tuple[str, ...] = ()
    others: tuple[OtherName, ...] = ()
    manifest: Path | None = None
    modified: float = 0.0
    incomplete: bool = False
    problem: str = ""
    read: bool = False
    title: str = ""
    architecture: str = ""
    size_label: str = ""
    parameters: int = 0
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
    licence: str = ""
    base_model: str = ""
    projector: Path | None = None
    adapters: tuple[Path, ...] = ()

    def as_other(self) -> OtherName:
        """Return the name that the model is listed under, as one of its names."""
        return OtherName(
            self.name, self.files, self.where, self.program, self.manifest, self.incomplete
        )

    @property
    def short(self) -> str:
        """Return the label without the quantization that it ends with."""
        end = len(self.label) - len(self.quantization)
        stated = self.label[end:].upper() == self.quantization.upper() != ""
        return (
            self.label[: end - 1] if stated and self.label[:end].endswith(_JOINTS) else self.label
        )

    @property
    def usable(self) -> bool:
        """Whether the file is whole and could be read, as far as is known."""
        return not (self.missing or self.incomplete or self.problem)

    @property
    def startable(self) -> bool:
        """Whether a server can be started with it."""
        return self.usable and self.kind in _SERVED

    @property
    def trouble(self) -> str:
        """Return one sentence why it cannot be used, empty when it can."""
        if self.incomplete:
            return "The download is not complete."
        if self.missing:
            return f"{self.missing} of its {self.parts} parts are missing."
        return self.problem
