"""Which engine runs a model: by name, or the best one that is here."""

from dataclasses import dataclass

from termai.engines.base import Detection, Engine
from termai.engines.embedded import LlamaCppPython
from termai.engines.koboldcpp import KoboldCpp
from termai.engines.llama_server import HOW_TO_GET_IT, LlamaServer, search
from termai.engines.remote import Remote
from termai.engines.vllm import Vllm
from termai.errors import NotFoundError, TermaiError, UsageError
from termai.profiles.schema import AUTO, EMBEDDED, KOBOLDCPP, LLAMA_CPP, NATIVE, REMOTE, VLLM

ENGINES: dict[str, Engine] = {
    NATIVE: LlamaServer(),
    EMBEDDED: LlamaCppPython(),
    KOBOLDCPP: KoboldCpp(),
    VLLM: Vllm(),
    REMOTE: Remote(),
}


@dataclass(frozen=True, slots=True)
class Survey:
    """Every program found, in order of preference, and why each of the others was not."""

    found: tuple[Detection, ...]
    skipped: tuple[TermaiError, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine to use, and one sentence for each program that comes first and was not."""

    engine: Engine
    detection: Detection
    skipped: tuple[str, ...]


def available() -> list[Detection]:
    """Return every program that can run models, the one that ``auto`` takes first."""
    return list(survey().found)


def choose(name: str) -> tuple[Engine, Detection]:
    """Return the engine called ``name`` and its program; see ``consider``."""
    choice = consider(name)
    return choice.engine, choice.detection


def consider(name: str) -> Choice:
    """Choose the engine called ``name``; ``auto`` takes the first of ``survey``.

    Engines that are not llama.cpp's are taken by name only.

    Raises UsageError for a name that is none, and NotFoundError with what to do when there is no
    such program.
    """
    if name not in (AUTO, *ENGINES):
        known = ", ".join((AUTO, *ENGINES))
        raise UsageError(f"There is no engine {name}.", fix=f"Use one of {known}.")
    if name not in (AUTO, *LLAMA_CPP):
        return Choice(ENGINES[name], ENGINES[name].detect(), ())
    seen = survey()
    skipped = tuple(map(str, seen.skipped))
    found = [d for d in seen.found if name in (AUTO, d.engine)]
    if not found:
        raise NotFoundError(
            "No engine was found." if name == AUTO else f"The engine {name} was not found.",
            fix=HOW_TO_GET_IT,
            detail=skipped,
        )
    return Choice(ENGINES[found[0].engine], found[0], skipped)


def survey() -> Survey:
    """Look for programs: llama-server configured, beside termai, on PATH, then the embedded one.

    One that can use a GPU of this machine comes before one that cannot.
    """
    native, problems = search()
    found, skipped = list(native), list(problems)
    try:
        found.append(ENGINES[EMBEDDED].detect())
    except TermaiError as error:
        skipped.append(error)
    ordered = sorted(found, key=lambda detection: not detection.uses_gpu)
    passed = [d for d in found if not d.uses_gpu and ordered[0].uses_gpu]
    skipped += [
        TermaiError(f"{d.program} ({d.source}) cannot use the GPU that {ordered[0].program} can.")
        for d in passed
    ]
    return Survey(tuple(ordered), tuple(skipped))


def others() -> dict[str, Detection | TermaiError]:
    """Return the engines that profiles take by name only, each its program or why it has none.

    The error is an AbsentError where nothing of it is here. A server that runs already is no
    program of this machine, and left out.
    """
    found: dict[str, Detection | TermaiError] = {}
    for name in ENGINES:
        if name in (*LLAMA_CPP, REMOTE):
            continue
        try:
            found[name] = ENGINES[name].detect()
        except TermaiError as error:
            found[name] = error
    return found


def advice() -> str | None:
    """Return one sentence for a person who has only the embedded engine, else None."""
    seen = survey()
    if any(detection.engine == NATIVE for detection in seen.found):
        return None
    if not seen.found:
        return f"No engine is installed. {HOW_TO_GET_IT}"
    return "Only the embedded engine is here, which answers one request at a time. " + HOW_TO_GET_IT
