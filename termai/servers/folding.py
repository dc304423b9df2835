"""Folding the lines of a log into what is known of a server: pure, no files."""

from collections.abc import Callable, Mapping
from typing import Any

from termai.servers.events import Event, Kind, parse, without_prefix
from termai.servers.facts import Buffer, Facts, Stage, Timing, device_of

ERRORS_KEPT = 8


def fold_line(facts: Facts, line: str) -> Facts:
    """Return the facts with what one line of the log adds to them."""
    event = parse(line)
    return fold(facts, event) if event else facts


def fold(facts: Facts, event: Event) -> Facts:
    """Return the facts with what ``event`` adds to them."""
    if event.kind is Kind.STARTED:
        return Facts(starts=facts.starts + 1)
    if facts.measuring and event.kind not in (Kind.MODEL, Kind.REDUCED, Kind.ERROR):
        return facts
    return _FOLDS[event.kind](facts, event)


def _model(facts: Facts, event: Event) -> Facts:
    return facts._replace(measuring=event.whole("no_alloc") == 1)


def _loading(facts: Facts, event: Event) -> Facts:
    return facts._replace(stage=_later(facts, Stage.LOADING), models=facts.models + 1)


def _busy(facts: Facts, event: Event) -> Facts:
    return facts._replace(stage=_later(facts, Stage.LOADING))


def _of_first_model(**names: str) -> Callable[[Facts, Event], Facts]:
    """Return a fold that takes whole numbers of the served model only, each the first time."""

    def take(facts: Facts, event: Event) -> Facts:
        if facts.models > 1:
            return facts
        known = facts._asdict()
        new: dict[str, Any] = {k: event.whole(n) for k, n in names.items() if not known[k]}
        return facts._replace(**new)

    return take


def _architecture(facts: Facts, event: Event) -> Facts:
    return facts._replace(architecture=facts.architecture or event.values["name"])


def _progress(facts: Facts, event: Event) -> Facts:
    if facts.stage is not Stage.LOADING:
        return facts
    percent = event.number("percent") or len(event.values.get("dots", ""))
    return facts._replace(progress=min(1.0, percent / 100))


def _gpu(facts: Facts, event: Event) -> Facts:
    free = {**dict(facts.gpus), event.values["name"]: event.whole("free")}
    return facts._replace(gpus=tuple(free.items()))


def _assigned(facts: Facts, event: Event) -> Facts:
    if facts.models > 1:
        return facts
    counts = dict(facts.assigned)
    device = device_of(event.values["device"])
    return facts._replace(assigned=tuple({**counts, device: counts.get(device, 0) + 1}.items()))


def _buffer(facts: Facts, event: Event) -> Facts:
    """Add up what a model keeps in several buffers; scratch memory is what it was last."""
    device, what = event.values["device"], event.values["what"]
    key = (device, what, max(1, facts.models))
    held = {(b.device, b.what, b.model_index): b.mib for b in facts.buffers}
    before = 0.0 if what in ("compute", "output") else held.get(key, 0.0)
    held[key] = round(before + event.number("mib"), 2)
    return facts._replace(buffers=tuple(Buffer(k[0], k[1], mib, k[2]) for k, mib in held.items()))


def _slots(facts: Facts, event: Event) -> Facts:
    size = event.whole("size") or facts.slot_context
    return facts._replace(slots=event.whole("count"), slot_context=size)


def _granted(facts: Facts, event: Event) -> Facts:
    return facts._replace(slot_context=event.whole("size"))


def _reduced(facts: Facts, event: Event) -> Facts:
    return facts._replace(reduced_from=event.whole("asked"))


def _warmup(facts: Facts, event: Event) -> Facts:
    return facts._replace(stage=_later(facts, Stage.WARMUP), progress=None)


def _listening(facts: Facts, event: Event) -> Facts:
    return facts._replace(url=facts.url or event.values["url"])


def _ready(facts: Facts, event: Event) -> Facts:
    return facts._replace(stage=Stage.READY, progress=None)


def _prompt(facts: Facts, event: Event) -> Facts:
    return facts._replace(prompt=(event.whole("tokens"), event.number("rate")))


def _generation(facts: Facts, event: Event) -> Facts:
    """Finish a request; one that was served shows that the server is ready, too."""
    last = Timing(*facts.prompt, event.whole("tokens"), event.number("rate"))
    return _ready(facts, event)._replace(last=last, prompt=(0, 0.0), requests=facts.requests + 1)


def _error(facts: Facts, event: Event) -> Facts:
    text = without_prefix(event.values["text"])[:500]
    kept = [known for known in facts.errors if known != text]
    return facts._replace(errors=(*kept, text)[-ERRORS_KEPT:])


def _away(facts: Facts, event: Event) -> Facts:
    return _error(facts, event)._replace(stage=Stage.STARTING, progress=None)


def _later(facts: Facts, stage: Stage) -> Stage:
    return facts.stage if facts.ready else stage


_FOLDS: Mapping[Kind, Callable[[Facts, Event], Facts]] = {
    Kind.MODEL: _model,
    Kind.ARCHITECTURE: _architecture,
    Kind.LAYERS: _of_first_model(layers="count"),
    Kind.TRAINED: _of_first_model(trained_context="context"),
    Kind.LOADING: _loading,
    Kind.BUSY: _busy,
    Kind.PROGRESS: _progress,
    Kind.DEVICE: _gpu,
    Kind.ASSIGNED: _assigned,
    Kind.OFFLOADED: _of_first_model(offloaded="layers", total="total"),
    Kind.BUFFER: _buffer,
    Kind.CONTEXT: _of_first_model(context="size"),
    Kind.SLOT_CONTEXT: _of_first_model(slot_context="size"),
    Kind.GRANTED: _granted,
    Kind.CACHE: _of_first_model(cache="size"),
    Kind.SLOTS: _slots,
    Kind.REDUCED: _reduced,
    Kind.WARMUP: _warmup,
    Kind.LISTENING: _listening,
    Kind.READY: _ready,
    Kind.PROMPT: _prompt,
    Kind.GENERATION: _generation,
    Kind.ERROR: _error,
    Kind.AWAY: _away,
}
