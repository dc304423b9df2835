"""KoboldCPP's settings and templates: ``*.kcpps`` and ``*.kcppt``, both ways."""

from termai.profiles.foreign.base import Format
from termai.profiles.foreign.koboldcpp.reading import read
from termai.profiles.foreign.koboldcpp.writing import write

_TELLING = (
    '"model_param"',
    '"gpulayers"',
    '"contextsize"',
    '"usecublas"',
    '"usecuda"',
    '"noshift"',
    '"blasbatchsize"',
    '"istemplate"',
)
_LOOK_AT = 65_536  # characters


def _claims(text: str) -> bool:
    head = text[:_LOOK_AT].lstrip("\ufeff \t\r\n")
    return head.startswith("{") and sum(key in head for key in _TELLING) > 1


FORMAT = Format(
    name="koboldcpp",
    title="KoboldCPP settings",
    suffix=".kcpps",
    suffixes=(".kcpps", ".kcppt"),
    claims=_claims,
    read=read,
    write=write,
)
