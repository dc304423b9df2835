"""What the name of a GGUF file says: part of a split set, quantization, model or something else."""

import re
from dataclasses import dataclass

_SPLIT = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$", re.IGNORECASE)
_QUANT = re.compile(
    r"(?:^|[-._])((?:UD-)?(?:I?Q\d(?:_[0-9A-Z]+)*|TQ\d_\d|MXFP4(?:_MOE)?|BF16|F16|F32))(?=$|[-._])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a split set: the name they share, the number of this part from 1, how many."""

    stem: str
    number: int
    count: int


def split_of(name: str) -> Split | None:
    """Read ``stem-00001-of-00003.gguf`` (llama.cpp's ``llama_split_path``), None for others."""
    found = _SPLIT.match(name)
    return Split(found["stem"], int(found["number"]), int(found["count"])) if found else None


def quantization(name: str) -> str:
    """Return the quantization a file name states in upper case, empty when it states none."""
    stem = name.rpartition("/")[2].removesuffix(".gguf")
    split = split_of(name.rpartition("/")[2])
    found = _QUANT.findall(split.stem if split else stem)
    return str(found[-1]).upper() if found else ""


def is_projector(name: str) -> bool:
    """Tell whether a file is a multimodal projector, which accompanies a model."""
    return "mmproj" in name.rpartition("/")[2].lower()
