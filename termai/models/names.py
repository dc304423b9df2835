"""What the name of a file says: part of a split set, quantization, projector, half a download."""

import re

from termai.gguf.splits import Split, split_of

__all__ = ["Split", "is_gguf", "is_projector", "quantization", "split_of", "whole_name"]

_QUANT = re.compile(
    r"(?:^|[-._])((?:UD-)?(?:I?Q\d(?:_[0-9A-Z]+)*|TQ\d_\d|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32))"
    r"(?=$|[-._])",
    re.IGNORECASE,
)
# Endings that download programs give to a file until it is whole: browsers, aria2, wget2, LM
# Studio, llama.cpp, huggingface_hub, Transmission and qBittorrent among them.
_PARTIAL = re.compile(
    r"^(?P<name>.+\.gguf)(?:\.[^./]{1,80})?\.(?:part|partial|incomplete|download|downloading|"
    r"crdownload|opdownload|downloadInProgress|tmp|temp|filepart|!qB|!ut|bc!)$",
    re.IGNORECASE,
)


def quantization(name: str) -> str:
    """Return the quantization a file name states in upper case, empty when it states none."""
    stem = name.rpartition("/")[2].removesuffix(".gguf")
    split = split_of(name.rpartition("/")[2])
    found = _QUANT.findall(split.stem if split else stem)
    return str(found[-1]).upper() if found else ""


def is_projector(name: str) -> bool:
    """Tell whether a file is a multimodal projector, which accompanies a model."""
    return "mmproj" in name.rpartition("/")[2].lower()


def is_gguf(name: str) -> bool:
    """Tell whether a file name ends as that of a model."""
    return name.lower().endswith(".gguf")


def whole_name(name: str) -> str:
    """Return the name that half a download will have once it is whole, empty for other files.

    A dot that hides half a download is not part of it.
    """
    found = _PARTIAL.match(name)
    return found["name"].removeprefix(".") if found else ""
