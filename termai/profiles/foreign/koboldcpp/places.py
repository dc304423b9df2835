"""Files that a KoboldCPP file names: paths of any system, and addresses it would download."""

import re

from termai.profiles.foreign.base import Source

_HUB_FILE = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/"
    r"(?P<repo>[\w.-]+/[\w.-]+)/(?:resolve|blob)/[^/?#]+/(?P<file>[^?#]+\.gguf)(?:[?#].*)?",
    re.IGNORECASE,
)
_QUANT = re.compile(
    r"(?:^|[-._/])(?P<quant>(?:UD-)?I?Q\d\w*|T?Q\d_\d|B?F16|F32|MXFP4\w*)"
    r"(?:-\d{5}-of-\d{5})?\.gguf$",
    re.IGNORECASE,
)


def is_address(text: str) -> bool:
    """Tell whether KoboldCPP would download this instead of opening it."""
    return text.lower().startswith(("http://", "https://"))


def hub_reference(address: str) -> str:
    """Return ``hub:OWNER/REPO:QUANT`` for the address of a GGUF file on Hugging Face, or ``""``."""
    found = _HUB_FILE.fullmatch(address)
    if not found:
        return ""
    quant = _QUANT.search(found["file"])
    return f"hub:{found['repo']}" + (f":{quant['quant']}" if quant else "")


def reference(text: str, source: Source) -> str:
    """Return a path as a profile takes it: beside the imported file, when it is there.

    Nothing is opened; a path of Windows, or one that is not here, stays as it is written.
    """
    if source.path is None or text.startswith(("/", "~")):
        return text
    try:
        beside = source.path.absolute().parent / text
        return str(beside) if beside.is_file() else text
    except (OSError, ValueError):
        return text
