"""How a flag that a program knows is used in a way that the program does not take."""

from termai.engines.base import Detection
from termai.engines.drift.found import named
from termai.engines.drift.taken import NUMBERS, is_number, taken
from termai.engines.drift.words import Item
from termai.profiles.schema import NATIVE
from termai.text import one_line


def mistake(item: Item, binary: Detection) -> str:
    """Return what is wrong with the number of its values, empty where nothing is."""
    takes, name = binary.help[item.flag].takes, named(binary)
    if item.glued:
        return f"{NATIVE} takes no `=` behind {item.flag}: the value is a word of its own."
    if item.surplus and not takes:
        return f"{item.flag} takes no value in {name}."
    if item.surplus:
        return f"{item.flag} takes FILE:SCALE in one word in {name}."
    if item.missing:
        return f"{item.flag} needs a value in {name}."
    return ""


def no_number(item: Item, binary: Detection) -> str:
    """Return what is wrong with a value that is read as a number and is none.

    Words that the help names in quotes, such as 'auto', are taken beside numbers.
    """
    about = binary.help[item.flag]
    for kind, value in zip(about.takes.split(), item.values, strict=False):
        if kind in NUMBERS and not is_number(value) and f"'{value}'" not in about.text:
            return f"{item.flag} needs a number, not {one_line(value, 60)!r}."
    return ""


def ends(item: Item, binary: Detection, *, last: bool) -> bool:
    """Tell whether a mistake ends the program; as a text, it takes even the next flag.

    last: whether the item is the last of the command line.
    """
    about = binary.help[item.flag]
    if not item.missing or last:
        return True
    pair = item.missing + len(item.values) > 1
    return pair or about.takes in NUMBERS or taken(about) is not None
