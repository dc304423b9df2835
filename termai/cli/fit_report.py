"""The answer of ``fit`` in words and tables that fit 80 columns, and as JSON."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from termai.cli.style import Look, paint, table
from termai.models.fit import Best, Curve, Fit, Machine, Ranked, Verdict
from termai.models.fit.guardrails import holders_text
from termai.models.fit.words import size, tokens
from termai.text import one_line

_WORDS: dict[Verdict, tuple[str, Look]] = {
    Verdict.FULL: ("fits wholly", "good"),
    Verdict.PARTIAL: ("fits partly", "busy"),
    Verdict.NONE: ("does not fit", "bad"),
}
_HEADS = ("", "WEIGHTS", "KV", "COMPUTE", "OUTPUT", "TOTAL", "FREE")
_SOURCES = {
    "llama.cpp": "Exact, as llama.cpp itself plans it.",
    "formula": "Estimated from the header.",
    "size": "Estimated from the size of the file.",
}


@dataclass(frozen=True, slots=True)
class Report:
    """The answer about one model; ``notes`` are sentences about what a start would do otherwise."""

    label: str
    found: Fit
    machine: Machine
    notes: tuple[str, ...] = ()

    def lines(self, columns: int) -> Iterator[str]:
        """Yield what a person reads."""
        found = self.found
        words, look = _WORDS[found.verdict]
        yield f"{one_line(self.label)}: {paint(words, look, sys.stdout)}"
        yield from _wrapped(found.advice, columns)
        yield ""
        rows = [_row(found, place) for place in range(len(found.rooms))]
        yield from table(_HEADS, rows, columns, flexible=(0,))
        yield ""
        yield from _wrapped(_details(found), columns)
        for sentence in (*self._holders(), *self.notes):
            yield from _wrapped(sentence, columns)

    def as_json(self) -> dict[str, Any]:
        """Return everything; bytes and tokens."""
        found = self.found
        return {
            "target": self.label,
            **_numbers(found),
            "ctx_size": found.ctx_size,
            "cache_type_k": found.options.cache_type_k,
            "cache_type_v": found.options.cache_type_v,
            "parallel": found.options.parallel,
            "devices": [_device(found, place) for place in range(len(found.rooms))],
            "advice": found.advice,
            "source": found.source,
            "notes": list(self.notes),
            "machine": _machine(self.machine),
        }

    def _holders(self) -> Iterator[str]:
        """Yield who has the rest of each GPU, and which GPUs were left out."""
        for room in self.found.rooms[1:]:
            held = holders_text(self.machine, room, self.found.rooms)
            if held:
                yield f"{room.name} is also used by {held}."
        if self.machine.unmeasured:
            yield f"Left out, as its memory cannot be read: {', '.join(self.machine.unmeasured)}."


def comparison(label: str, found: Best, columns: int) -> Iterator[str]:
    """Yield the quantizations of a repository, the smallest first, and which is best, and why."""
    ranked = found.ranked[::-1]
    rows = [_ranked_row(one) for one in ranked]
    looks: list[dict[int, Look]] = [{3: _WORDS[one.fit.verdict][1]} for one in ranked]
    heads = ("", "QUANTIZATION", "SIZE", "FITS", "LAYERS", "CONTEXT", "MOST")
    yield one_line(label)
    yield from table(heads, rows, columns, flexible=(1,), looks=looks)
    yield ""
    yield from _wrapped(found.reason, columns)


def comparison_json(label: str, found: Best, machine: Machine) -> dict[str, Any]:
    """Return the quantizations of a repository, the smallest first, with how each fits."""
    return {
        "target": label,
        "best": found.chosen.candidate.name if found.chosen else None,
        "reason": found.reason,
        "quantizations": [
            {
                "name": one.candidate.name,
                "size": one.candidate.size,
                "best": one.best,
                **_numbers(one.fit),
                "ctx_size": one.fit.ctx_size,
                "source": one.fit.source,
            }
            for one in found.ranked[::-1]
        ],
        "machine": _machine(machine),
    }


def curve_json(found: Curve) -> dict[str, Any]:
    """Return the points of a curve; bytes and tokens."""
    return {
        "where": found.where,
        "free": found.free,
        "usable": found.usable,
        "lines": [
            {
                "cache_type": line.cache_type,
                "points": [{"ctx_size": p.ctx_size, "bytes": p.bytes} for p in line.points],
            }
            for line in found.lines
        ],
    }


def _numbers(found: Fit) -> dict[str, Any]:
    estimate = found.estimate
    return {
        "verdict": str(found.verdict),
        "n_gpu_layers": found.n_gpu_layers,
        "n_layers": found.n_layers,
        "n_cpu_moe": found.n_cpu_moe,
        "max_ctx_size": found.max_ctx_size,
        "max_full_ctx_size": found.max_full_ctx_size,
        "weights": estimate.weights,
        "kv": estimate.kv,
        "compute": estimate.compute,
        "output": estimate.output,
        "total": estimate.total,
        "missing": found.missing,
    }


def _device(found: Fit, place: int) -> dict[str, Any]:
    room, part = found.rooms[place], found.estimate.devices[place]
    return {
        "device": room.device,
        "name": room.name,
        "weights": part.weights,
        "kv": part.kv,
        "compute": part.compute,
        "output": part.output,
        "total": part.total,
        "free": room.free,
        "margin": room.margin,
        "missing": room.missing,
    }


def _machine(machine: Machine) -> dict[str, Any]:
    return {
        "ram_free": machine.ram_free,
        "ram_total": machine.ram_total,
        "gpus": [
            {"index": gpu.index, "name": gpu.name, "free": gpu.free, "total": gpu.total}
            for gpu in machine.gpus
        ],
        "holders": [
            {
                "gpu": one.gpu,
                "pid": one.pid,
                "bytes": one.bytes,
                "user": one.user,
                "command": one.command,
                "server": one.server,
            }
            for one in machine.holders
        ],
        "unmeasured": list(machine.unmeasured),
    }


def _row(found: Fit, place: int) -> tuple[str, ...]:
    room, part = found.rooms[place], found.estimate.devices[place]
    parts = (part.weights, part.kv, part.compute, part.output, part.total, room.free)
    return (room.name, *(size(count) if count else "-" for count in parts))


def _details(found: Fit) -> str:
    options = found.options
    cache = options.cache_type_k
    if options.cache_type_v != cache:
        cache = f"{cache} and {options.cache_type_v}"
    layers = f"{found.n_gpu_layers} of {found.n_layers} layers on the GPU"
    slots = f"{options.parallel} slot{'s' * (options.parallel != 1)}"
    where = f"{layers}, " if len(found.rooms) > 1 else ""
    most = f" (at most {tokens(found.max_ctx_size)})" if found.max_ctx_size else ""
    return (
        f"For {where}{tokens(found.ctx_size)} context{most}, "
        f"KV cache {cache}, {slots}. {_SOURCES.get(found.source, '')}"
    )


def _ranked_row(one: Ranked) -> tuple[str, ...]:
    found = one.fit
    layers = f"{found.n_gpu_layers}/{found.n_layers}" if len(found.rooms) > 1 else "-"
    moe = f" (moe {found.n_cpu_moe})" if found.n_cpu_moe else ""
    return (
        "*" if one.best else "",
        one.candidate.name,
        size(one.candidate.size),
        _WORDS[found.verdict][0].removeprefix("fits "),
        f"{layers}{moe}",
        tokens(found.ctx_size),
        tokens(found.max_ctx_size) if found.max_ctx_size else "-",
    )


def _wrapped(text: str, columns: int) -> list[str]:
    import textwrap

    return textwrap.wrap(one_line(text), columns)
