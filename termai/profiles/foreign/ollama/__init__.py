"""Ollama's Modelfiles, both ways."""

import re

from termai.profiles.foreign.base import Format
from termai.profiles.foreign.ollama.modelfile import INSTRUCTIONS
from termai.profiles.foreign.ollama.reading import read
from termai.profiles.foreign.ollama.writing import write

_LOOK_AT = 65_536  # characters
_FROM = re.compile(r"^[ \t]*FROM[ \t]+\S", re.IGNORECASE | re.MULTILINE)
_FIRST = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n])*[ \t]*([A-Za-z]+)[ \t]")
_DOCKER = re.compile(r"^[ \t]*(?:RUN|CMD|COPY|ENTRYPOINT|WORKDIR|EXPOSE)[ \t]", re.MULTILINE)


def _claims(text: str) -> bool:
    head = text[:_LOOK_AT].removeprefix("\ufeff")
    first = _FIRST.match(head)
    begins = first is not None and first[1].upper() in INSTRUCTIONS
    return begins and bool(_FROM.search(head)) and not _DOCKER.search(head)


FORMAT = Format(
    name="ollama",
    title="Ollama Modelfile",
    suffix=".modelfile",
    suffixes=("modelfile",),
    claims=_claims,
    read=read,
    write=write,
)
