"""The lines of the proof in Environment."""

from pathlib import Path

from termai.doctor.proving import Proof
from termai.tui.screens.environment_proof import told


def test_an_engine_that_is_not_proved_is_told_with_what_to_do_instead() -> None:
    proof = Proof("vllm", "1", Path("/x"), "", None, "It takes no GGUF.", fix="Start a profile.")
    head, sentence, advice = (line.plain for line in told(proof.name, proof))
    assert head.endswith("unproved vllm")
    assert sentence.strip() == "It takes no GGUF."
    assert advice.strip() == "do: Start a profile."
