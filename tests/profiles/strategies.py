"""Values for every option, as hypothesis strategies."""

from typing import Any

from hypothesis import strategies as st

from termai.profiles.schema import OPTIONS, Adapter, Kind, Option

_CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"))

LINES = st.text(_CHARACTERS, min_size=1, max_size=30)
PROSE = st.text(st.one_of(_CHARACTERS, st.sampled_from("\n\t\"'\\#=[]")), min_size=1, max_size=60)


def of_option(option: Option) -> st.SearchStrategy[Any]:
    """Return a strategy of the values, in checked form, that an option takes."""
    number = st.floats(option.low, option.high, allow_nan=False)
    by_kind: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.TEXT: LINES,
        Kind.PATH: LINES,
        Kind.PROSE: PROSE,
        Kind.SWITCH: st.booleans(),
        Kind.NUMBER: number,
        Kind.LIST: st.lists(PROSE, min_size=1, max_size=4).map(tuple),
        Kind.NUMBERS: st.lists(number, min_size=1, max_size=4).map(tuple),
        Kind.ADAPTERS: st.lists(
            st.builds(Adapter, LINES, st.floats(-1000, 1000)), min_size=1, max_size=3
        ).map(tuple),
    }
    if option.kind is Kind.CHOICE:
        return st.sampled_from(option.choices)
    if option.kind is Kind.WHOLE:
        assert option.low is not None
        assert option.high is not None
        whole = st.integers(int(option.low), int(option.high))
        return st.one_of(whole, st.sampled_from(option.words)) if option.words else whole
    return by_kind[option.kind]


SETTABLE = st.sampled_from(OPTIONS).flatmap(
    lambda option: st.tuples(st.just(option), of_option(option))
)
VALUES = st.lists(SETTABLE, max_size=12).map(
    lambda pairs: {option.key: value for option, value in pairs}
)
ENVIRONMENT = st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), PROSE)

_CONTROL = [chr(code) for code in range(32) if chr(code) not in "\t\n\r"]
_RAW = st.characters(codec="utf-8", exclude_characters=_CONTROL)
RAW = st.text(st.one_of(_RAW, st.sampled_from("\r\n\t\"'\\#=[]{}")), max_size=60)
"""What other programs' files may hold of a value, in their own spelling."""
KEPT = st.dictionaries(
    st.sampled_from(("koboldcpp", "lm-studio", "other format")),
    st.dictionaries(st.text(_CHARACTERS, max_size=12), RAW, min_size=1, max_size=4),
    max_size=2,
)
