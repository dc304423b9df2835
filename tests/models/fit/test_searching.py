"""Searches begin where the last one ended, and find the same as those that do not."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from termai.models.fit import Fit, wanted
from termai.models.fit.placement import STEP, largest_context, last_that
from termai.models.fit.subject import of_header
from termai.models.fit.verdict import Search, fit_subject
from tests.models.fit.headers import dense, machine, mixture

LIMITS = st.integers(0, 3000)


@given(limit=LIMITS, most=st.integers(0, 4000), near=st.integers(-5, 4000))
def test_the_last_that_holds_is_found_from_anywhere(limit: int, most: int, near: int) -> None:
    asked: list[int] = []

    def holds(number: int) -> bool:
        assert 1 <= number <= limit
        asked.append(number)
        return number <= most

    assert last_that(holds, limit, near=near) == min(limit, most)
    if near == min(limit, most) > 0:
        assert len(asked) <= 2


@given(limit=st.integers(0, 200_000), most=LIMITS.map(lambda n: n * 77), near=LIMITS)
def test_the_largest_context_is_the_same_from_anywhere(limit: int, most: int, near: int) -> None:
    found = largest_context(lambda tokens: tokens <= most, limit, near=near * 64)
    assert found == largest_context(lambda tokens: tokens <= most, limit)
    assert found == (limit if limit <= most else most // STEP * STEP)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 2048, 8192, 40_000]),
            st.sampled_from(["f16", "q8_0"]),
            st.sampled_from([(), (4,), (7,), (24,), (5, 9)]),
        ),
        min_size=2,
        max_size=4,
    ),
    st.booleans(),
)
def test_what_was_asked_before_does_not_matter(
    asked: list[tuple[int, str, tuple[float, ...]]], experts: bool
) -> None:
    subject = of_header(mixture() if experts else dense())
    for ctx_size, cache, cards in asked:
        options = wanted(ctx_size, cache_type_k=cache, cache_type_v=cache)
        again = fit_subject(subject, options, machine(*cards))
        assert again == fit_subject(replace(subject, ended={}), options, machine(*cards))


def test_what_is_not_looked_for_is_left_out() -> None:
    def found(search: Search) -> Fit:
        return fit_subject(of_header(dense()), wanted(8192), machine(4), search=search)

    every = found(Search.ALL)
    assert every.max_ctx_size
    assert every.max_full_ctx_size == found(Search.WHOLE).max_full_ctx_size
    assert found(Search.WHOLE) == replace(every, max_ctx_size=0)
    assert found(Search.NONE) == replace(every, max_ctx_size=0, max_full_ctx_size=0)
