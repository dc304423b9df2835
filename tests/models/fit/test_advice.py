"""The advice in words: what fits, what stays free, and the one change that makes it fit."""

import re
from collections.abc import Sequence

import pytest

from termai.gguf.memory import LoadOptions, estimate
from termai.models.fit import Candidate, Fit, Machine, Verdict, fit, wanted
from termai.models.fit.words import layers, size, tokens
from tests.models.fit.headers import GIB, MIB, dense, machine, mixture


def bytes_of(kind: str) -> int:
    return sum(tensor.size for tensor in dense(kind).tensors)


def candidates(*names: str) -> list[Candidate]:
    kinds = {"Q4_K_M": "Q4_K", "Q3_K_M": "Q3_K"}
    return [Candidate(name, bytes_of(kinds.get(name, name))) for name in names]


def advised(
    where: Machine,
    options: LoadOptions | None = None,
    kind: str = "Q4_K",
    others: Sequence[Candidate] = (),
) -> Fit:
    return fit(dense(kind), options or wanted(8192), where, alternatives=others)


def test_all_fits() -> None:
    found = advised(machine(24), wanted(32_768))
    spare = size(found.rooms[1].spare)
    assert found.advice == (
        f"All 33 layers fit with 32k context; {spare} stay free. Up to 128k context would fit."
    )


def test_all_fits_in_ram() -> None:
    found = advised(machine(ram=64), wanted(131_072))
    spare = size(found.rooms[0].spare)
    assert found.advice == f"It fits in RAM with 128k context; {spare} stay free."


def test_several_cards_name_the_fullest() -> None:
    found = advised(machine(24, 12))
    least = size(min(room.spare for room in found.rooms[1:]))
    assert f"{least} stay free on the fullest GPU" in found.advice


@pytest.mark.parametrize(("missing", "left"), [(1, 2), (2, 3)])
def test_the_last_layers_are_left_on_the_cpu(missing: int, left: int) -> None:
    options = wanted(8192, parallel=1, n_gpu_layers=33 - missing, n_cpu_moe=0)
    part = estimate(dense(), options).devices[1]
    where = machine((part.total + 1032 * MIB) / GIB)
    found = advised(where, wanted(8192, parallel=1))
    assert found.advice.startswith(
        f"{33 - left} of 33 layers fit with 8k context: leave {left} on the CPU rather than "
        "overfill the GPU."
    )


def test_a_quantized_cache_that_makes_it_fit_is_named() -> None:
    found = advised(machine(8), wanted(32_768))
    assert found.verdict is Verdict.PARTIAL
    assert found.advice.endswith("With cache_type_k and cache_type_v q8_0 all layers would fit.")
    small = wanted(32_768, cache_type_k="q8_0", cache_type_v="q8_0")
    assert advised(machine(8), small).verdict is Verdict.FULL


def test_a_smaller_context_that_makes_it_fit_is_named() -> None:
    options = wanted(131_072, cache_type_k="q8_0", cache_type_v="q8_0")
    found = advised(machine(11), options)
    named = re.search(r"With ([\d.]+k) context all layers would fit\.$", found.advice)
    assert named
    assert named[1] == tokens(found.max_full_ctx_size)


def test_where_most_does_not_fit_a_smaller_quantization_is_named() -> None:
    found = advised(machine(7), kind="F16")
    assert found.advice.startswith("Only ")
    named = re.search(r"In (\S+) \([\d.]+ bits per weight\) all layers would fit\.$", found.advice)
    assert named


def test_the_quantization_named_is_one_of_the_repository() -> None:
    others = candidates("Q8_0", "Q6_K", "Q4_K_M", "Q3_K_M")
    found = advised(machine(7.5), kind="F16", others=others)
    assert found.advice.endswith(f"In Q4_K_M ({size(others[2].size)}) all layers would fit.")


def test_where_none_fits_wholly_the_next_smaller_is_named() -> None:
    others = candidates("F16", "Q8_0", "Q6_K")
    found = advised(machine(4), kind="F16", others=others)
    assert re.search(
        r"No quantization fits wholly; in Q8_0 \([\d.]+ GiB\) \d+ of 33 layers would be on the GPU",
        found.advice,
    )


def test_alternatives_have_the_layers_of_the_model() -> None:
    others = [Candidate("Q6_K", sum(t.size for t in mixture("Q6_K").tensors))]
    found = fit(mixture("Q8_0"), wanted(8192, n_cpu_moe=0), machine(8), alternatives=others)
    assert re.search(r"in Q6_K \([\d.]+ GiB\) \d+ of 49 layers would be", found.advice)


def test_the_smallest_of_a_repository_has_no_smaller_one() -> None:
    found = advised(machine(3), wanted(32_768), others=candidates("Q8_0", "Q4_K_M"))
    assert found.advice.endswith("There is no smaller quantization; a smaller model would fit.")


def test_experts_in_ram() -> None:
    found = fit(mixture(), wanted(8192), machine(5))
    assert found.advice == (
        "All 49 layers fit with 8k context when the experts of the first "
        f"{found.n_cpu_moe} stay in RAM (n_cpu_moe = {found.n_cpu_moe})."
    )


def test_a_smaller_quantization_that_keeps_the_experts_on_the_card_is_named() -> None:
    found = fit(mixture(), wanted(8192), machine(16))
    assert found.n_cpu_moe
    assert re.search(r"\. In \S+ \([\d.]+ bits per weight\) all layers would fit\.$", found.advice)


def test_a_long_context_is_shortened_before_the_weights_are() -> None:
    found = advised(machine(8), wanted(131_072))
    assert found.advice.startswith("Only ")
    assert found.advice.endswith(
        f"With {tokens(found.max_full_ctx_size)} context all layers would fit."
    )


def test_layers_asked_for_that_leave_room() -> None:
    found = advised(machine(24), wanted(8192, n_gpu_layers=10))
    assert found.advice.startswith("10 of 33 layers are on the GPU with 8k context, as asked; ")
    assert found.advice.endswith("There is room for all of them.")


def test_layers_asked_for_that_do_not_fit() -> None:
    found = advised(machine(4), wanted(8192, n_gpu_layers=33))
    automatic = advised(machine(4))
    assert found.advice.endswith(
        f"With n_gpu_layers = {automatic.n_gpu_layers} of 33 it would fit."
    )
    assert "on GPU 0, which has room for 3.0 GiB, so " in found.advice


def test_too_little_ram_says_how_much_is_missing() -> None:
    found = advised(machine(ram=4), kind="F16")
    assert f"so {size(found.missing)} are missing." in found.advice
    assert "of RAM, which has room for 3.8 GiB" in found.advice


def test_where_nothing_fits() -> None:
    found = advised(machine(ram=1), wanted(131_072))
    assert found.verdict is Verdict.NONE
    assert re.search(r"Not even IQ2_XXS \(2\.\d bits per weight\) fits; a smaller", found.advice)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "256k context is more than the 128k the model was trained for."),
        (
            {"parallel": 2, "kv_unified": False, "ctx_size": 524_288},
            "256k context for each slot is more than the 128k the model was trained for.",
        ),
    ],
)
@pytest.mark.parametrize("vram", [200, 12, 0.1])
def test_more_context_than_the_model_was_trained_for(
    changes: dict[str, object], words: str, vram: float
) -> None:
    found = advised(machine(vram), wanted(**{"ctx_size": 262_144, **changes}))  # type: ignore[arg-type]
    assert found.advice.endswith(words)


def test_slots_within_the_trained_context_are_not_told_so() -> None:
    options = wanted(262_144, parallel=2, kv_unified=False)
    assert "trained" not in advised(machine(200), options).advice


def test_no_layer_fits() -> None:
    found = advised(machine(1))
    assert found.n_gpu_layers == 0
    assert found.advice.startswith("No layer fits on the GPU with 8k context")


def test_numbers_in_words() -> None:
    assert [size(n) for n in (0, 300 * MIB, GIB // 2, 21 * GIB // 10)] == [
        *("0 MiB", "300 MiB", "0.5 GiB", "2.1 GiB")
    ]
    assert [tokens(n) for n in (512, 1000, 8960, 32_768, 131_072)] == [
        *("512", "1000", "8.75k", "32k", "128k")
    ]
    assert [layers(1), layers(33)] == ["1 layer", "33 layers"]
