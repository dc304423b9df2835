"""The fit in one or two sentences: what to do, with the numbers it follows from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from termai.gguf.memory import LoadOptions
from termai.models.fit.candidates import Candidate, smaller, subjects
from termai.models.fit.machine import Machine
from termai.models.fit.placement import AUTO, MARGIN, budget, place
from termai.models.fit.subject import Subject
from termai.models.fit.verdict import Fit, Search, Verdict, fit_subject
from termai.models.fit.words import layers, size, tokens

_CLOSE = 3  # layers on the CPU that are called the last few
_WORTH = 4096  # tokens below which a smaller context is no advice
_QUANTIZED = "q8_0"
_SMALLER = 0.99  # of the size, from which on another quantization counts as smaller


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, which the advice varies.

    alternatives: other quantizations of the same model, empty where none are known.
    """

    subject: Subject
    options: LoadOptions
    machine: Machine
    margin: int = MARGIN
    alternatives: Sequence[Candidate] = ()

    def fit(self, subject: Subject | None = None, **changes: object) -> Fit:
        """Return the fit with other options, or of another model; no contexts are looked for."""
        options = replace(self.options, **changes)  # type: ignore[arg-type]
        return fit_subject(
            subject or self.subject,
            options,
            self.machine,
            margin=self.margin,
            search=Search.NONE,
        )

    def is_whole(self, subject: Subject | None = None, **changes: object) -> bool:
        """Return whether everything fits with other options, all layers on GPUs."""
        model = subject or self.subject
        whole = {"n_gpu_layers": model.n_layers, "n_cpu_moe": 0}
        options = replace(self.options, **whole, **changes)  # type: ignore[arg-type]
        room = budget(self.machine, self.margin)
        return place(model, options, self.machine, room).fits


def advise(found: Fit, asked: Asked) -> str:
    """Return what to do about a fit, as a person would say it."""
    if found.verdict is Verdict.FULL:
        told: Iterator[str] = iter((_full(found, asked),))
    else:
        told = _none(found, asked) if found.verdict is Verdict.NONE else _partial(found, asked)
    return " ".join((*told, *_beyond(asked)))


def _beyond(asked: Asked) -> Iterator[str]:
    """Yield that each slot has more context than the model was trained for, if it has."""
    options, trained = asked.options, asked.subject.trained
    slots = 1 if options.kv_unified else max(1, options.parallel)
    if 0 < trained < options.ctx_size // slots:
        each = " for each slot" if slots > 1 else ""
        yield (
            f"{tokens(options.ctx_size // slots)} context{each} is more than the "
            f"{tokens(trained)} the model was trained for."
        )


def _full(found: Fit, asked: Asked) -> str:
    spare = min(room.spare for room in found.rooms[1:]) if _on_gpu(found) else found.rooms[0].spare
    context = tokens(found.ctx_size)
    if not _on_gpu(found):
        first = f"It fits in RAM with {context} context; {size(spare)} stay free."
    else:
        where = "" if len(found.rooms) == 2 else " on the fullest GPU"
        first = (
            f"All {layers(found.n_layers)} fit with {context} context; "
            f"{size(spare)} stay free{where}."
        )
    if found.max_ctx_size >= found.ctx_size * 1.25:
        return f"{first} Up to {tokens(found.max_ctx_size)} context would fit."
    return first


def _partial(found: Fit, asked: Asked) -> Iterator[str]:
    context, on_cpu = tokens(found.ctx_size), found.n_layers - found.n_gpu_layers
    if asked.options.n_gpu_layers != AUTO and on_cpu:
        yield from _as_asked(found, asked)
        return
    if found.n_cpu_moe and not on_cpu:
        yield (
            f"All {layers(found.n_layers)} fit with {context} context when the experts of the "
            f"first {min(found.n_cpu_moe, found.n_layers - 1)} stay in RAM "
            f"(n_cpu_moe = {found.n_cpu_moe})."
        )
        yield from _whole_in_smaller(found, asked)
        return
    if not found.n_gpu_layers:
        yield f"No layer fits on the GPU with {context} context; all of it runs on the CPU."
    elif on_cpu <= _CLOSE:
        yield (
            f"{found.n_gpu_layers} of {layers(found.n_layers)} fit with {context} context: leave "
            f"{on_cpu} on the CPU rather than overfill the GPU."
        )
    else:
        only = "Only " if found.n_gpu_layers * 2 < found.n_layers else ""
        yield (
            f"{only}{found.n_gpu_layers} of {layers(found.n_layers)} fit on the GPU with "
            f"{context} context; the rest runs on the CPU, which is slower."
        )
    yield from _better(found, asked)


def _as_asked(found: Fit, asked: Asked) -> Iterator[str]:
    """Yield what the layers that were asked for leave, and whether there is room for more."""
    context, spare = tokens(found.ctx_size), size(min(room.spare for room in found.rooms[1:]))
    yield (
        f"{found.n_gpu_layers} of {layers(found.n_layers)} are on the GPU with {context} context, "
        f"as asked; {spare} stay free there."
    )
    most = asked.fit(n_gpu_layers=AUTO).n_gpu_layers
    if most > found.n_gpu_layers:
        yield f"There is room for {'all' if most == found.n_layers else most} of them."


def _none(found: Fit, asked: Asked) -> Iterator[str]:
    short = found.tightest
    needs = f"{size(short.needed)} {'of' if short.name == 'RAM' else 'on'} {short.name}"
    room = size(max(0, short.free - short.margin))
    yield (
        f"It does not fit with {tokens(found.ctx_size)} context: it needs {needs}, which has room "
        f"for {room}, so {size(short.missing)} are missing."
    )
    if asked.options.n_gpu_layers > 0:
        automatic = asked.fit(n_gpu_layers=AUTO)
        if automatic.verdict is not Verdict.NONE:
            layers_fitting = f"{automatic.n_gpu_layers} of {automatic.n_layers}"
            yield f"With n_gpu_layers = {layers_fitting} it would fit."
            return
    yield from _better(found, asked)


def _better(found: Fit, asked: Asked) -> Iterator[str]:
    """Yield the one change that makes it fit wholly: the cache, the context, or smaller weights."""
    whole = _whole(asked)
    for cache in _caches(asked):
        if asked.is_whole(ctx_size=found.ctx_size, cache_type_k=cache, cache_type_v=cache):
            yield f"With cache_type_k and cache_type_v {cache} {whole} would fit."
            return
    most = found.max_full_ctx_size
    if min(_WORTH, found.ctx_size // 2) <= most < found.ctx_size:
        yield f"With {tokens(most)} context {whole} would fit."
        return
    told = list(_whole_in_smaller(found, asked))
    yield from told or [_partly_in_smaller(found, asked)]


def _caches(asked: Asked) -> Sequence[str]:
    """Return the cache types to try, none where they are refused or the cache is small already."""
    now = {asked.options.cache_type_k, asked.options.cache_type_v}
    usable = asked.subject.quantizable and asked.options.flash_attn
    return (_QUANTIZED,) if usable and now & {"f16", "bf16", "f32"} else ()


def _whole_in_smaller(found: Fit, asked: Asked) -> Iterator[str]:
    """Yield the next smaller quantization that fits wholly, if one does."""
    for name, subject in _smaller(asked):
        if asked.is_whole(subject, ctx_size=found.ctx_size):
            yield f"In {name} {_whole(asked)} would fit."
            return


def _partly_in_smaller(found: Fit, asked: Asked) -> str:
    """Return what the next smaller quantization brings where none fits wholly."""
    below = list(_smaller(asked))
    if not below:
        return "There is no smaller quantization; a smaller model would fit."
    name, subject = below[0] if found.verdict is Verdict.PARTIAL else below[-1]
    other = asked.fit(subject, ctx_size=found.ctx_size, n_gpu_layers=AUTO, n_cpu_moe=AUTO)
    if other.verdict is Verdict.NONE:
        return f"Not even {name} fits; a smaller model would."
    if not other.n_gpu_layers:
        return "No quantization of it fits the GPU; a smaller model would."
    part = f"{other.n_gpu_layers} of {layers(other.n_layers)}"
    return f"No quantization fits wholly; in {name} {part} would be on the GPU."


def _whole(asked: Asked) -> str:
    return "all layers" if asked.machine.gpus else "everything"


def _smaller(asked: Asked) -> Iterator[tuple[str, Subject]]:
    """Yield the smaller quantizations, the largest first: of this repository where it is known."""
    return _of_repository(asked) if asked.alternatives else _of_any(asked)


def _of_any(asked: Asked) -> Iterator[tuple[str, Subject]]:
    for name, bits in smaller(asked.subject.bits):
        factor = bits / asked.subject.bits
        yield f"{name} ({bits:.1f} bits per weight)", asked.subject.scaled(factor)


def _of_repository(asked: Asked) -> Iterator[tuple[str, Subject]]:
    """Yield the smaller quantizations there are, the largest first."""
    most = asked.subject.size * _SMALLER
    below = sorted((c for c in asked.alternatives if c.size < most), key=lambda c: -c.size)
    for candidate, subject in zip(below, subjects(below, asked.subject), strict=True):
        yield f"{candidate.name} ({size(candidate.size)})", subject


def _on_gpu(found: Fit) -> bool:
    return len(found.rooms) > 1 and found.n_gpu_layers > 0
