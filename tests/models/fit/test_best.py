"""Which quantization to take: the most precise that fits wholly, and how the sizes alone tell."""

import pytest

from termai.models.fit import Candidate, Verdict, best, fit, wanted
from termai.models.fit.candidates import of_size, smaller, subjects
from termai.models.fit.verdict import fit_subject
from tests.models.fit.headers import dense, machine, vision

KINDS = {"F32": "F32", "F16": "F16", "Q8_0": "Q8_0", "Q6_K": "Q6_K", "Q4_K_M": "Q4_K"}


def candidate(name: str, *, read: bool = False) -> Candidate:
    header = dense(KINDS[name])
    size = sum(tensor.size for tensor in header.tensors)
    return Candidate(name, size, header if read else None)


def repository(*read: str) -> list[Candidate]:
    return [candidate(name, read=name in read) for name in KINDS]


@pytest.mark.parametrize("read", [("Q6_K",), tuple(KINDS), ()])
@pytest.mark.parametrize(("vram", "name"), [(13, "Q8_0"), (9.5, "Q6_K"), (7.5, "Q4_K_M")])
def test_the_most_precise_that_fits(vram: float, name: str, read: tuple[str, ...]) -> None:
    found = best(repository(*read), wanted(8192), machine(vram))
    assert found.chosen
    assert found.chosen.candidate.name == name
    assert found.chosen.fit.verdict is Verdict.FULL
    assert [one.candidate.name for one in found.ranked if one.best] == [name]
    assert found.reason.startswith(f"{name} is the most precise that fits wholly with 8k context")


def test_the_next_larger_is_named_in_the_reason() -> None:
    found = best(repository("Q6_K"), wanted(8192), machine(9.5))
    assert "; Q8_0 does not." in found.reason


def test_unquantized_weights_are_passed_over_where_fewer_bits_fit() -> None:
    found = best(repository("F16"), wanted(8192), machine(80))
    assert found.chosen
    assert found.chosen.candidate.name == "Q8_0"
    assert found.reason.startswith(
        "Q8_0 is the best that fits wholly with 8k context: F16 takes more memory and time for "
        "nothing measurable (Q8_0: perplexity +0.04 % on Llama 3 8B). "
    )


@pytest.mark.parametrize(("names", "name"), [(("F32", "F16"), "F16"), (("F32",), "F32")])
def test_unquantized_weights_alone_are_taken(names: tuple[str, ...], name: str) -> None:
    only = [candidate(each, read=True) for each in names]
    found = best(only, wanted(8192), machine(80))
    assert found.chosen
    assert found.chosen.candidate.name == name


def test_where_none_fits_wholly_the_usual_one_is_taken() -> None:
    found = best(repository("Q6_K"), wanted(8192), machine(4))
    assert found.chosen
    assert found.chosen.candidate.name == "Q4_K_M"
    assert found.chosen.fit.verdict is Verdict.PARTIAL
    layers = found.chosen.fit.n_gpu_layers
    assert found.reason == (
        f"None fits wholly with 8k context; of Q4_K_M {layers} of 33 layers are on the GPU."
    )


def test_where_nothing_fits() -> None:
    found = best(repository("Q6_K"), wanted(8192), machine(1, ram=2))
    assert found.chosen is None
    assert found.reason.startswith("None fits: even Q4_K_M (")
    empty = best([], wanted(8192), machine(1))
    assert (empty.chosen, empty.ranked) == (None, ())


def test_without_a_context_a_usual_one_is_wanted() -> None:
    assert best(repository("Q6_K"), wanted(), machine(9.5)) == best(
        repository("Q6_K"), wanted(8192), machine(9.5)
    )


def test_ranked_from_the_most_precise() -> None:
    found = best(reversed_(repository()), wanted(8192), machine(24))
    assert [one.candidate.name for one in found.ranked] == list(KINDS)


def reversed_(candidates: list[Candidate]) -> list[Candidate]:
    return candidates[::-1]


@pytest.mark.parametrize("name", ["F16", "Q8_0", "Q4_K_M"])
def test_scaled_from_another_quantization_is_close(name: str) -> None:
    known, other = candidate("Q6_K", read=True), candidate(name)
    scaled = fit_subject(subjects([known, other])[1], wanted(8192), machine(40))
    exact = fit(dense(KINDS[name]), wanted(8192), machine(40))
    assert scaled.source == "size"
    assert scaled.estimate.total == pytest.approx(exact.estimate.total, rel=0.02)


@pytest.mark.parametrize("name", ["F16", "Q8_0", "Q4_K_M"])
def test_the_size_alone_is_a_fair_guess(name: str) -> None:
    guess = fit_subject(of_size(name, candidate(name).size), wanted(8192), machine(40))
    exact = fit(dense(KINDS[name]), wanted(8192), machine(40))
    assert guess.estimate.total == pytest.approx(exact.estimate.total, rel=0.15)


def test_a_projector_is_beside_every_quantization() -> None:
    plain = best(repository("Q6_K"), wanted(8192), machine(40))
    seeing = best(repository("Q6_K"), wanted(8192), machine(40), projector=vision())
    whole = fit(dense("Q6_K"), wanted(8192), machine(40), projector=vision())
    more = whole.estimate.total - fit(dense("Q6_K"), wanted(8192), machine(40)).estimate.total
    assert more > 200 << 20
    for one, other in zip(plain.ranked, seeing.ranked, strict=True):
        assert other.fit.estimate.total - one.fit.estimate.total == more


def test_a_publishers_mix_counts_as_its_base() -> None:
    assert of_size("UD-Q4_K_XL", 1).bits == of_size("Q4_K_M", 1).bits
    assert of_size("something", 1).bits == pytest.approx(4.9)


def test_the_ladder_goes_down() -> None:
    bits = [each for _, each in smaller(100)]
    assert bits == sorted(bits, reverse=True)
    assert [name for name, _ in smaller(4.9)][:2] == ["IQ4_XS", "Q3_K_M"]
    assert smaller(1) == []
