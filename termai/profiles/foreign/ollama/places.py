"""What ``FROM`` names, as a reference to a model, and back."""

import re

from termai.profiles.foreign.base import Source

_HUB = re.compile(r"(?:https?://)?(?:huggingface\.co|hf\.co)/(?P<named>[^/:\s]+/[^:\s]+(?::\S+)?)")
_BLOB = re.compile(r"(?:^|[/\\])sha256[-:][0-9a-f]{12,64}$")
_SHOWN_AS = re.compile(r"FROM[ \t]+(?P<name>\S+)", re.IGNORECASE)
_MINE = "hub:"


def reference(named: str, source: Source) -> str:
    """Return a model reference for what an instruction names; nothing is opened.

    A repository of Hugging Face becomes ``hub:ORG/REPO:QUANT``, a path beside the imported file
    an absolute one, and any other name or path stays as it is written.
    """
    if hub := _HUB.fullmatch(named):
        return f"{_MINE}{hub['named']}"
    if source.path is None or named.startswith(("/", "~")):
        return named
    try:
        beside = source.path.absolute().parent / named
        if not beside.exists():
            return named
        return str(beside.resolve() if named.startswith(".") else beside)
    except (OSError, ValueError, RuntimeError):
        return named


def written(named: str) -> str:
    """Return what ``FROM`` calls a model: its path or name, one of the hub as ``hf.co/…``."""
    return f"hf.co/{named.removeprefix(_MINE)}" if named.startswith(_MINE) else named


def is_blob(named: str) -> bool:
    """Return whether a path is that of a file in Ollama's store, which has no telling name."""
    return _BLOB.search(named) is not None


def shown_as(comments: tuple[str, ...]) -> str:
    """Return the name that ``ollama show --modelfile`` gives in a comment, empty where none is."""
    found = (_SHOWN_AS.fullmatch(comment) for comment in comments)
    return next((one["name"] for one in found if one), "")


def is_projector(named: str) -> bool:
    """Return whether a file is called as a projector for images or sound."""
    return "mmproj" in re.split(r"[/\\]", named)[-1].lower()


def title(named: str) -> str:
    """Return a short name for what ``FROM`` names."""
    last = re.split(r"[/\\]", named.rstrip("/\\"))[-1]
    return "" if is_blob(named) or last in (".", "..") else last.removesuffix(".gguf")
