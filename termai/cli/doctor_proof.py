"""The proof of every engine and device, shown as it goes on."""

import dataclasses
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from termai.cli.doctor_findings import print_lines
from termai.cli.drawn import DrawnLine
from termai.cli.style import Look, out, out_json, paint, width
from termai.doctor import proving
from termai.doctor.proving import Proof, Target
from termai.engines.llama_server import HOW_TO_GET_IT
from termai.errors import NotFoundError, StartFailedError
from termai.text import one_line

FAILED = StartFailedError.exit_code
_WORDS: dict[bool | None, tuple[str, Look]] = {
    True: ("works", "good"),
    False: ("fails", "bad"),
    None: ("-    ", "dim"),
}


def prove(*, as_json: bool) -> int:
    """Run the smoke model everywhere, print what happened, and return the exit code.

    Raises NotFoundError where there is no engine at all.
    """
    wanted = proving.targets()
    if not wanted:
        raise NotFoundError("No engine was found.", fix=HOW_TO_GET_IT)
    proofs = []
    with _ending_in_order(), DrawnLine() as drawn:

        def begins(target: Target) -> None:
            drawn.draw(one_line(f"{target.name}: loading and asking…", width(sys.stderr) - 1))

        for proof in proving.prove(wanted, begins=begins):
            proofs.append(proof)
            drawn.draw("")
            if not as_json:
                print_lines(_lines(proof))
                sys.stdout.flush()
    if as_json:
        out_json([_object(proof) for proof in proofs])
    else:
        out(proving.summed_up(proofs))
    return FAILED if any(proof.works is False for proof in proofs) else 0


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let a lost connection and SIGTERM end the command only after its server was stopped."""

    def end(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _lines(proof: Proof) -> Iterator[str]:
    word, style = _WORDS[proof.works]
    version = f" ({one_line(proof.version, 60)})" if proof.version else ""
    yield f"{paint(word, style, sys.stdout)}  {one_line(proof.name, 60)}{version}"
    yield f"       {one_line(proof.sentence, 600)}"
    if proof.measured:
        yield f"       {proof.measured}"
    if proof.fix and not proof.works:
        yield f"       {'fix' if proof.works is False else 'do'}: {one_line(proof.fix, 600)}"


def _object(proof: Proof) -> dict[str, Any]:
    return {**dataclasses.asdict(proof), "program": str(proof.program)}
